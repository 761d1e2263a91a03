#pragma once

// A closed-loop load: so many orders in flight, each followed by the next as soon as it has ended.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/callback.h"

namespace orderflow::bench {

// The way of one order through what is measured. Must not block; calls `done` once, on any thread,
// when the order has ended as it should (OK) or otherwise.
class Workload {
 public:
  virtual ~Workload() = default;
  virtual void RunOrder(const std::string& order_id, StatusCallback done) = 0;
};

struct LoadOptions {
  int in_flight = 1;
  absl::Duration length =
      absl::Seconds(3);              // no order is started after it; the open ones are waited for
  int64_t max_orders = 0;            // 0: as many as fit into `length`
  std::string id_prefix = "bench-";  // makes order ids: unique per run and phase
  // Told of each order that ended OK, on the thread of its callback; may be empty.
  std::function<void(const std::string& order_id)> on_success;
  bool stop_at_failure = false;  // start no more after the first failure
};

struct LoadResult {
  int64_t succeeded = 0;
  int64_t failed = 0;
  absl::Status first_failure;
  absl::Duration wall;
  std::vector<absl::Duration> latencies;  // of the succeeded ones, in no order

  double OrdersPerSecond() const;
  // The latency that the share `quantile` (0 to 1) of the orders does not exceed; zero if there are
  // none.
  absl::Duration Latency(double quantile) const;
  // Adds the orders and the time of another phase with the same settings.
  void Merge(LoadResult other);
};

// Runs a load to its end. Blocks.
LoadResult RunClosedLoop(Workload& workload, const LoadOptions& options);

}  // namespace orderflow::bench
