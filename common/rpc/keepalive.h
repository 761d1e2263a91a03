#pragma once

#include <algorithm>
#include <limits>

#include "absl/time/time.h"

namespace orderflow::rpc {

// HTTP/2 pings find peers that vanished without a word. Both sides' numbers stand here together,
// because a server hangs up (GOAWAY, too_many_pings) on a client that pings more often than it
// permits.
constexpr absl::Duration kClientPingInterval = absl::Seconds(30);
constexpr absl::Duration kServerPingInterval = absl::Seconds(60);
constexpr absl::Duration kPermittedPingInterval = absl::Seconds(10);
constexpr absl::Duration kPingTimeout = absl::Seconds(10);

// For gRPC's integer arguments; forever is INT_MAX.
inline int Millis(absl::Duration duration) {
  return static_cast<int>(
      std::min<int64_t>(absl::ToInt64Milliseconds(duration), std::numeric_limits<int>::max()));
}

}  // namespace orderflow::rpc
