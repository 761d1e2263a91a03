#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/metrics/metrics.h"

namespace orderflow::metrics {

// Serves a registry over HTTP at /metrics until it is destroyed.
// Borrows the registry, which must outlive it.
class Endpoint {
 public:
  // `address` is IP:PORT ("127.0.0.1:9464", "[::1]:9464") or localhost:PORT; port 0 takes any.
  // INVALID_ARGUMENT: no such address. UNAVAILABLE: cannot listen there; the message says why.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Listen(const std::string& address,
                                                          Registry& registry = Default());

  ~Endpoint();
  int port() const;

 private:
  struct Http;
  explicit Endpoint(std::unique_ptr<Http> http);
  std::unique_ptr<Http> http_;
};

}  // namespace orderflow::metrics
