#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/keepalive.h"
#include "common/rpc/tls.h"

namespace orderflow::rpc {

struct ChannelOptions {
  ClientTls tls;
  int max_message_bytes = 16 << 20;  // received; servers limit what is sent
  // Channels with equal target and options share one HTTP/2 connection, unless this is set: under
  // load, several connections are faster than one.
  bool own_connection = false;
  // Waits between attempts to connect grow up to this.
  absl::Duration max_reconnect_backoff = absl::Seconds(2);
  PingTimes pings;
};

// A channel to one of our servers: round_robin over all addresses that a name has
// ("dns:///inventory:50052", "inventory:50052", "dns://NAMESERVER-IP:PORT/inventory:50052"), pings
// that the servers permit, no retries of what a server may have seen (callers own those), no HTTP
// proxy. Connects when it is first used. INVALID_ARGUMENT: the TLS files, as MakeChannelCredentials
// says.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& target,
                                                           const ChannelOptions& options = {});

}  // namespace orderflow::rpc
