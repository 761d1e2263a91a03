#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/json/value.h"
#include "lambda/function.h"
#include "lambda/runtime_api.h"

namespace orderflow::lambda {

// The life of a sandbox: opens the functions, then takes one invocation after the other and answers
// each with a result or an error; nothing that a handler does ends it.
//
// One thread only. Borrows `api`.
class InvocationLoop {
 public:
  // `name`: which of the functions this is.
  InvocationLoop(RuntimeApi& api, std::string name, OpenFunctions open)
      : api_(api), name_(std::move(name)), open_(std::move(open)) {}

  // Serves until that is impossible; answers why. A function that cannot start for a reason that
  // will not go away by itself is reported as the initialization's error.
  absl::Status Run();

 private:
  absl::Status Open();
  absl::Status Answer(const Invocation& invocation);
  absl::StatusOr<json::Value> Handle(const Invocation& invocation);
  absl::StatusOr<json::Value> HandleEvent(const Invocation& invocation);

  RuntimeApi& api_;
  const std::string name_;
  const OpenFunctions open_;
  std::unique_ptr<Functions> functions_;  // null until they could be opened
};

// Whether an event is the one that Amazon EventBridge sends on a schedule.
bool IsScheduledEvent(const json::Value& event);

}  // namespace orderflow::lambda
