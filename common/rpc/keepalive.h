#pragma once

#include <algorithm>
#include <limits>

#include "absl/time/time.h"

namespace orderflow::rpc {

// HTTP/2 pings find peers that vanished without a word. Both sides' numbers stand here together,
// because a server hangs up (GOAWAY, too_many_pings) on a client that pings more often than it
// permits. Only tests use others than these.
struct PingTimes {
  absl::Duration client_interval = absl::Seconds(30);
  absl::Duration server_interval = absl::Seconds(60);
  absl::Duration permitted_interval = absl::Seconds(10);  // of the client
  absl::Duration timeout = absl::Seconds(10);
};

// For gRPC's integer arguments; forever is INT_MAX.
inline int Millis(absl::Duration duration) {
  return static_cast<int>(
      std::min<int64_t>(absl::ToInt64Milliseconds(duration), std::numeric_limits<int>::max()));
}

}  // namespace orderflow::rpc
