#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>
#include <string>
#include <vector>

namespace orderflow::rpc {

// gRPC's health service: one state for the server and each of its services, NOT_SERVING until told
// otherwise. Thread-safe.
class HealthService {
 public:
  virtual ~HealthService() = default;
  static std::unique_ptr<HealthService> Create();

  virtual grpc::Service& service() = 0;
  // Which names are known besides "", the server as a whole. Before the server starts.
  virtual void SetServices(const std::vector<std::string>& full_names) = 0;
  // Takes effect at once; watchers are told.
  virtual void SetServing(bool serving) = 0;
  // Ends all Watch streams, with UNAVAILABLE, and those that begin later, so that a shutdown need
  // not wait for them.
  virtual void Drain() = 0;
};

}  // namespace orderflow::rpc
