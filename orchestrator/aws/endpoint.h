#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/http/server.h"
#include "orchestrator/aws/operations.h"

namespace orderflow::aws {

struct EndpointOptions {
  // IP:PORT; port 0 takes any (Endpoint::port tells). Empty: no endpoint.
  std::string listen;
  // Without files: plain HTTP.
  http::ServerTls tls;
  // A file with access keys: requests must be signed with one of them. Empty: every signature is
  // accepted, and none, too.
  std::string credentials_file;
  // What signatures must be made for.
  std::string region = "us-east-1";
};

// Step Functions as AWS serves it, over HTTP or HTTPS: AWS JSON 1.0, so that the AWS CLI and SDKs
// work with this orchestrator when they are told its address.
//
// Thread-safe. Owns the operations; borrows what they borrow.
class Endpoint {
 public:
  // INVALID_ARGUMENT: the address or a file. UNAVAILABLE: cannot listen there. The message names
  // the setting.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Start(const EndpointOptions& options,
                                                         Operations operations, const Clock& clock);
  ~Endpoint();  // stops

  int port() const;
  const std::string& address() const;

  // Takes no new connections and ends idle ones.
  void Drain();
  // Waits a little for calls that are under way and ends all connections. No operation is called
  // any more when this returns; callbacks of those that are may still come.
  void Stop();

 private:
  class Impl;
  explicit Endpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace orderflow::aws
