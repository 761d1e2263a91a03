#pragma once

// Where a server listens, checked before a library is asked to do it, so that a mistake or a taken
// port becomes one clear line.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace orderflow::net {

// A numeric address and a port.
struct ListenAddress {
  std::string ip;  // "127.0.0.1" or "::1"
  uint16_t port = 0;
  bool ipv6 = false;

  // "127.0.0.1:50051", "[::1]:50051".
  std::string ToString() const;
  bool operator==(const ListenAddress&) const = default;
};

// Reads IP:PORT, with an IPv6 address in brackets; "localhost" means 127.0.0.1. A host is required,
// so that nothing listens to the world because somebody left it out. INVALID_ARGUMENT: what is
// wrong, with examples of what is right.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// Binds to the address for a moment. UNAVAILABLE: why that cannot be done ("127.0.0.1:50051 is in
// use by another process"). Port 0 is always good. A race with another process remains; the
// server's own bind has the last word.
absl::Status CheckCanListen(const ListenAddress& address);

}  // namespace orderflow::net
