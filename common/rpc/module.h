#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/callback.h"

namespace orderflow::rpc {

// A server's content, apart from where it listens: what main.cc of each service wires up, and what
// `orderflow up` runs several of in one process. Owns its database, domain and gRPC service.
class Module {
 public:
  virtual ~Module() = default;
  // "inventory": names logs, metrics and the health entry.
  virtual std::string name() const = 0;
  // The gRPC services to register; owned by the module.
  virtual std::vector<grpc::Service*> services() = 0;
  // OK when requests can be answered now (the database answers): what readiness asks every few
  // seconds.
  virtual void CheckReady(StatusCallback done) = 0;
  // Called when the server begins to go down, while calls are still under way: ends open streams,
  // so that the shutdown need not wait for them. New calls may still come.
  virtual void Drain() {}
  // Called after the last request was answered: finishes background work and closes the database.
  virtual void Stop() = 0;
};

}  // namespace orderflow::rpc
