#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/measure.h"
#include "orchestrator/asl/state.h"

namespace orderflow::asl {

// An open timer; id 0: none.
struct Timer {
  TimerId id = 0;
  absl::Time due;
};

// The open try at a task; id 0: none.
struct Attempt {
  AttemptId id = 0;
  json::Value input;
  std::optional<absl::Time> deadline;
  int64_t heartbeat_seconds = 0;  // 0: none is expected
};

// One path of an execution through a graph of states. A Parallel or Map state will own one per
// branch or item; the root is the execution itself.
struct Branch {
  const State* state = nullptr;
  json::Value input;      // the state's raw input
  Extent extent;          // how large `input` is, at most
  bool arriving = false;  // `state` is to be entered next
  absl::Time entered;
  int64_t entered_event = 0;
  int64_t last_event = 0;  // what the branch's next event names as the previous one

  int64_t task = 0;                         // this entry's number among all entries of tasks
  int tries = 0;                            // attempts begun since the state was entered
  absl::InlinedVector<int32_t, 4> retries;  // how often each retrier was used since then
  Attempt attempt;
  Timer resume;     // the end of a Wait, or of the pause before a retry
  Timer timeout;    // of the attempt
  Timer heartbeat;  // of the attempt
};

// All that an execution is between two inputs.
struct ExecutionState {
  std::shared_ptr<const StateMachine> machine;
  std::shared_ptr<const ExecutionContext> context;
  Limits limits;
  uint64_t seed = 0;  // from the execution's ARN
  Status status = Status::kRunning;
  bool started = false;
  json::Value input;   // of the execution
  int64_t events = 0;  // so far; the id of the last one
  AttemptId last_attempt = 0;
  TimerId last_timer = 0;
  int64_t last_task = 0;
  Timer timeout;  // of the whole execution
  Branch root;
};

// The effect that carries out the branch's open attempt.
RunTask OpenTask(const Branch& branch);

}  // namespace orderflow::asl
