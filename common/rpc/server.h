#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/keepalive.h"
#include "common/rpc/module.h"
#include "common/rpc/tls.h"

namespace orderflow::rpc {

struct ServerOptions {
  std::string listen = "127.0.0.1:0";  // IP:PORT; port 0 takes any (Server::port tells)
  ServerTls tls;
  // The largest request; a larger one is RESOURCE_EXHAUSTED before it is read whole.
  int max_message_bytes = 1 << 20;
  // Calls of one service under way at a time; one more is RESOURCE_EXHAUSTED with a delay to wait.
  int max_concurrent_calls = 20'000;
  // Memory that gRPC may use for messages in transit; beyond it, connections are read more slowly.
  size_t max_buffer_bytes = 256 << 20;
  // A connection is asked to go after this age (a little more or less, so that not all go at once),
  // which lets load balancers spread clients over new replicas; what is still open after the grace
  // is cut.
  absl::Duration max_connection_age = absl::Minutes(10);
  absl::Duration max_connection_age_grace = absl::Minutes(5);
  // How long a stopping server answers on while it says NOT_SERVING, so that load balancers notice
  // in time.
  absl::Duration drain_delay = absl::ZeroDuration();
  // How long calls under way may take to end after that; then they are cancelled.
  absl::Duration drain_timeout = absl::Seconds(10);
  // How often Module::CheckReady is asked, and how long it may take.
  absl::Duration ready_interval = absl::Seconds(5);
  absl::Duration ready_timeout = absl::Seconds(3);
  PingTimes pings;
};

// A gRPC server around one module: its services, grpc.health.v1, reflection, limits, and an orderly
// end.
//
//   ORDERFLOW_ASSIGN_OR_RETURN(auto server, Server::Start({.listen = "127.0.0.1:50051"}, *module));
//   ... server->Stop();
//
// Thread-safe. Borrows the module, which must outlive it.
class Server {
 public:
  // INVALID_ARGUMENT: the listen address or a TLS file. UNAVAILABLE: cannot listen there (the port
  // is in use). The message is one line that says what to change. A module that is not ready yet is
  // no error: health says NOT_SERVING until it is.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       Module& module);

  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  // Where it listens, with the port it got: "127.0.0.1:50051".
  const std::string& address() const;

  // Says NOT_SERVING, waits for the drain delay, takes no new calls, lets those under way end, and
  // stops the module. Returns when all that is done. Later calls do nothing but wait for the first.
  void Stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace orderflow::rpc
