#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>
#include <string>
#include <vector>

namespace orderflow::rpc {

// gRPC's server reflection over the descriptors that are linked into this process. On callbacks,
// where gRPC's own plugin would keep a thread per stream. Thread-safe.
class ReflectionService {
 public:
  virtual ~ReflectionService() = default;
  static std::unique_ptr<ReflectionService> Create();

  virtual grpc::Service& service() = 0;
  // What list_services answers. Before the server starts.
  virtual void SetServices(const std::vector<std::string>& full_names) = 0;
  // Cancels the streams that are open, and those that begin later, so that a shutdown need not wait
  // for them.
  virtual void Drain() = 0;
};

}  // namespace orderflow::rpc
