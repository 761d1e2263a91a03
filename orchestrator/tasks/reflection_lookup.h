#pragma once

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace orderflow::tasks {

// One question to a server's reflection service: which files describe this service, with all that
// they import?
//
// The answer comes once, on a gRPC thread, also after Cancel:
//   NOT_FOUND      the server has no such service
//   UNIMPLEMENTED  the server has no reflection
//   RESOURCE_EXHAUSTED  it sent more than a service can need
//   any other code of the RPC, UNAVAILABLE above all
//
// Thread-safe. The channel must live until the answer has come.
class ReflectionLookup {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<google::protobuf::FileDescriptorSet>) &&>;

  static std::shared_ptr<ReflectionLookup> Start(std::shared_ptr<grpc::Channel> channel,
                                                 std::string service, absl::Time deadline,
                                                 Done done);
  virtual ~ReflectionLookup() = default;
  virtual void Cancel() = 0;
};

}  // namespace orderflow::tasks
