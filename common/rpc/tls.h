#pragma once

// TLS for servers and channels, from PEM files that are read again when they change. The one place
// that uses gRPC's experimental certificate providers.

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace orderflow::rpc {

struct ServerTls {
  std::string certificate_file;  // the server's chain, its own certificate first; empty: no TLS
  std::string key_file;
  std::string
      client_ca_file;  // with it, clients must show a certificate that one of these signed (mTLS)
  // How often the files are looked at; new connections use what was found. Whole seconds, at least
  // one.
  absl::Duration reload_interval = absl::Seconds(60);

  bool enabled() const {
    return !certificate_file.empty() || !key_file.empty() || !client_ca_file.empty();
  }
};

struct ClientTls {
  bool enabled = false;
  std::string ca_file;           // who signs servers; empty: the system's list
  std::string certificate_file;  // what this client shows, where servers ask (mTLS)
  std::string key_file;
  std::string server_name;  // expected in the server's certificate instead of the target's host
  absl::Duration reload_interval = absl::Seconds(60);
};

// Plain-text credentials unless `tls` is enabled.
// INVALID_ARGUMENT: a file that is missing, cannot be parsed, has expired or is not valid yet, or a
// key that is not the certificate's; the message is one line that names the file.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const ServerTls& tls);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const ClientTls& tls);

}  // namespace orderflow::rpc
