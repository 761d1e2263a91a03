#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/json/value.h"

namespace orderflow::lambda {

using Instant = std::chrono::steady_clock::time_point;

// What a function does with an event. The error's details (common/base/status.h) become the error
// that the workflow sees. Where it answers by the deadline it has nothing under way any more: the
// sandbox is frozen from then on, perhaps for ever.
using Handler =
    std::function<absl::StatusOr<json::Value>(const json::Value& event, Instant deadline)>;

// The functions of one service, by name ("ChargePayment"), and all that they need, opened.
//
// One thread only.
class Functions {
 public:
  virtual ~Functions() = default;
  virtual const std::map<std::string, Handler>& handlers() const = 0;
  // What a server does in the background, once and now: for scheduled events. Answers what was
  // done. UNIMPLEMENTED: there is nothing to do.
  virtual absl::StatusOr<json::Value> RunBackgroundWork(Instant deadline) = 0;
};

// Opens the functions of a service, as the settings say. Called at the start of the process, and
// after UNAVAILABLE (a database that cannot be reached) with the next invocation again.
using OpenFunctions = std::function<absl::StatusOr<std::unique_ptr<Functions>>()>;

}  // namespace orderflow::lambda
