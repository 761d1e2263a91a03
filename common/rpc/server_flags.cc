#include "common/rpc/server_flags.h"

#include "absl/flags/flag.h"
#include "common/database/database_flags.h"

using orderflow::rpc::ServerOptions;

ABSL_FLAG(std::string, listen, "127.0.0.1:0",
          "The address that gRPC is served at, IP:PORT. Port 0 takes any free port.");
ABSL_FLAG(
    std::string, metrics_listen, "127.0.0.1:9464",
    "The address that Prometheus metrics are served at (/metrics), IP:PORT. Empty: not at all.");
ABSL_FLAG(
    std::string, tls_certificate, "",
    "A PEM file with the server's certificate chain. Empty: no TLS. Read again when it changes.");
ABSL_FLAG(std::string, tls_key, "", "A PEM file with the key of --tls_certificate.");
ABSL_FLAG(std::string, tls_client_ca, "",
          "A PEM file with certificate authorities; with it, clients must show a certificate that "
          "one of them signed.");
ABSL_FLAG(absl::Duration, tls_reload_interval, orderflow::rpc::ServerTls().reload_interval,
          "How often the TLS files are looked at for changes.");
ABSL_FLAG(int, max_message_bytes, ServerOptions().max_message_bytes,
          "The largest request accepted, in bytes.");
ABSL_FLAG(int, max_concurrent_calls, ServerOptions().max_concurrent_calls,
          "Calls under way at a time; further ones are refused with RESOURCE_EXHAUSTED.");
ABSL_FLAG(absl::Duration, max_connection_age, ServerOptions().max_connection_age,
          "Connections are asked to reconnect after this time, so that load spreads over new "
          "replicas. 0: never.");
ABSL_FLAG(absl::Duration, max_connection_age_grace, ServerOptions().max_connection_age_grace,
          "How long calls may go on after --max_connection_age.");
ABSL_FLAG(absl::Duration, drain_delay, ServerOptions().drain_delay,
          "After SIGTERM: how long to go on answering while health says NOT_SERVING, so that load "
          "balancers notice.");
ABSL_FLAG(
    absl::Duration, drain_timeout, ServerOptions().drain_timeout,
    "After --drain_delay: how long calls under way may take to end before they are cancelled.");

namespace orderflow::rpc {

void SetServerFlagDefaults(const ServerFlagDefaults& defaults) {
  absl::SetFlag(&FLAGS_listen, defaults.listen);
  database::SetFlagDefaults(defaults.database);
}

ServerOptions ServerOptionsFromFlags() {
  ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.tls = {.certificate_file = absl::GetFlag(FLAGS_tls_certificate),
                 .key_file = absl::GetFlag(FLAGS_tls_key),
                 .client_ca_file = absl::GetFlag(FLAGS_tls_client_ca),
                 .reload_interval = absl::GetFlag(FLAGS_tls_reload_interval)};
  options.max_message_bytes = absl::GetFlag(FLAGS_max_message_bytes);
  options.max_concurrent_calls = absl::GetFlag(FLAGS_max_concurrent_calls);
  options.max_connection_age = absl::GetFlag(FLAGS_max_connection_age);
  options.max_connection_age_grace = absl::GetFlag(FLAGS_max_connection_age_grace);
  options.drain_delay = absl::GetFlag(FLAGS_drain_delay);
  options.drain_timeout = absl::GetFlag(FLAGS_drain_timeout);
  return options;
}

std::string MetricsListenFromFlags() { return absl::GetFlag(FLAGS_metrics_listen); }

}  // namespace orderflow::rpc
