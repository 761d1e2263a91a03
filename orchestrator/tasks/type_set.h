#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/protojson/message_codec.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// Message types that are known at run time only, from descriptors that a server or a file gave.
// Thread-safe.
class TypeSet {
 public:
  // The files in any order, each with what it imports; files of google.protobuf may be left out.
  // INVALID_ARGUMENT: an import is missing, or the files contradict themselves.
  static absl::StatusOr<std::shared_ptr<const TypeSet>> Create(
      const google::protobuf::FileDescriptorSet& files);

  // Null if there is none.
  const google::protobuf::ServiceDescriptor* FindService(std::string_view full_name) const;

  // An empty message of a type of this set, to be asked for New.
  const google::protobuf::Message& Prototype(const google::protobuf::Descriptor& type) const;

 private:
  TypeSet() = default;

  google::protobuf::DescriptorPool pool_;
  // Behind the pool, as it points into it. It locks for itself.
  mutable google::protobuf::DynamicMessageFactory factory_{&pool_};
};

// A unary method, ready to be called: its types and how JSON becomes them.
// Thread-safe.
struct MethodBinding {
  std::shared_ptr<const TypeSet> types;
  const google::protobuf::MethodDescriptor* method;
  const google::protobuf::Message* request;  // prototypes
  const google::protobuf::Message* response;
  struct Codecs {
    std::shared_ptr<const protojson::MessageCodec> request;
    std::shared_ptr<const protojson::MessageCodec> response;
  };
  Codecs proto, aws;  // by MemberNames

  const Codecs& codecs(MemberNames names) const { return names == MemberNames::kAws ? aws : proto; }
};

// UNIMPLEMENTED: no such method, or it streams. `address` is named in the message.
absl::StatusOr<std::shared_ptr<const MethodBinding>> BindMethod(
    std::shared_ptr<const TypeSet> types, const google::protobuf::ServiceDescriptor& service,
    const std::string& method, std::string_view address);

}  // namespace orderflow::tasks
