#include "common/metrics/endpoint.h"

#include <prometheus/exposer.h>

#include <exception>

#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/metrics/families.h"
#include "common/net/listen_address.h"

namespace orderflow::metrics {

struct Endpoint::Http {
  Http(const std::string& address, const std::shared_ptr<prometheus::Collectable>& families)
      : exposer(address, 1) {
    exposer.RegisterCollectable(families);
  }
  prometheus::Exposer exposer;
};

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Listen(const std::string& address,
                                                           Registry& registry) {
  ORDERFLOW_ASSIGN_OR_RETURN(const net::ListenAddress parsed, net::ParseListenAddress(address));
  // The HTTP library says only that something went wrong; trying it first tells what.
  ORDERFLOW_RETURN_IF_ERROR(net::CheckCanListen(parsed));
  try {
    return std::unique_ptr<Endpoint>(
        new Endpoint(std::make_unique<Http>(parsed.ToString(), registry.families_)));
  } catch (const std::exception& error) {
    return absl::UnavailableError("cannot listen on " + parsed.ToString() + ": " + error.what());
  }
}

Endpoint::Endpoint(std::unique_ptr<Http> http) : http_(std::move(http)) {}
Endpoint::~Endpoint() = default;

int Endpoint::port() const {
  const std::vector<int> ports = http_->exposer.GetListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

}  // namespace orderflow::metrics
