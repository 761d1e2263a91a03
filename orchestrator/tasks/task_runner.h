#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/interpreter.h"

namespace orderflow::tasks {

// One attempt at a task, ready to be carried out.
struct TaskCall {
  std::string resource;         // "grpc://inventory:50052/orderflow.inventory.v1.InventoryService/CheckInventory"
  json::Value input;
  std::string idempotency_key;  // the same for every attempt of one state entry, before and after a crash
  std::string execution_arn;
  std::string traceparent;      // W3C Trace Context, empty if there is none
  int try_number = 1;
  std::optional<absl::Time> deadline;
};

// The task's output, or the error as the language sees it.
using TaskOutcome = std::variant<json::Value, asl::Failure>;

// Called exactly once per Run, on any thread, unless the call was cancelled first (then at most once); must not block.
using TaskDone = absl::AnyInvocable<void(TaskOutcome) &&>;

// A call under way; destroying it or calling Cancel gives it up. Cancel may race with the answer.
class RunningTask {
 public:
  virtual ~RunningTask() = default;
  virtual void Cancel() = 0;
};

// Carries tasks out. Thread-safe. Never retries by itself: the engine owns attempts.
class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  // Starts a call and returns at once; `done` is never called from within Run. The handle may be dropped without
  // cancelling if `done` has been called; dropping it earlier cancels.
  virtual std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) = 0;
  // What is wrong with a resource, or nothing: asked when a definition is created.
  virtual std::optional<std::string> CheckResource(std::string_view resource) const = 0;
};

}  // namespace orderflow::tasks
