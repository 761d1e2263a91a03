#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "orchestrator/api/execution_follower.h"
#include "orderflow/order/v1/order.pb.h"

namespace orderflow::api {

// Turns the steps of an order's execution into the messages that WatchOrder sends. One thread at a
// time.
class OrderProgress {
 public:
  // The events of a step, one message each; the last one of the last step has the order's outcome,
  // and there is at least one.
  std::vector<order::v1::WatchOrderResponse> Messages(ExecutionFollower::Step step);

 private:
  const std::string& StateOf(const asl::HistoryEvent& event);

  // Each event belongs to the state of the event before it in its branch, unless it names one
  // itself.
  absl::flat_hash_map<int64_t, std::string> states_;
};

}  // namespace orderflow::api
