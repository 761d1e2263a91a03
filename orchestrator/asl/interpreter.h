#pragma once

// The Amazon States Language, executed purely: a state machine, the state of an execution and one
// input give the next state, the history events and the effects to carry out. No clock, no
// randomness, no I/O, no threads. Language: https://states-language.net/spec.html; where AWS is
// known to differ, AWS is right.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/execution_context.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/asl/task_token.h"

namespace orderflow::asl {

using TimerId = int64_t;

// --- Inputs: all that the interpreter cannot compute by itself. Exactly these are journaled. ---
struct Start {
  json::Value input;
};
struct TaskSucceeded {
  AttemptId attempt;
  json::Value output;
};
struct TaskFailed {
  AttemptId attempt;
  Failure failure;
};
// The service that a task goes to has accepted it and answers later: a task whose resource ends in
// `.waitForTaskToken` or `.sync`.
struct TaskSubmitted {
  AttemptId attempt;
  json::Value output;  // what the service said
};
// A worker has taken the task of an activity.
struct TaskStarted {
  AttemptId attempt;
  std::optional<std::string> worker;
};
struct TimerFired {
  TimerId timer;
};
// A sign of life from a task that has a heartbeat.
struct Heartbeat {
  AttemptId attempt;
};
struct Stop {
  std::optional<std::string> error;
  std::optional<std::string> cause;
};
// Goes on with an execution that has ended without success: from the states that did not succeed,
// with their input, and with the results of those that did. See MayBeRedriven.
struct Redriven {
  std::string token;   // the caller's, so that a repeated call is known; may be empty
  std::string origin;  // the attempt of another execution that it is from now on; may be empty
};
// New settings of a map run that is under way; what is absent stays as it is.
struct MapRunUpdated {
  std::string map_run_arn;
  std::optional<int64_t> max_concurrency;  // 0: no limit of its own
  std::optional<int64_t> tolerated_failure_count;
  std::optional<double> tolerated_failure_percentage;
};
struct Input {
  absl::Time at;  // when it happened; never before the input that precedes it; whole microseconds
  std::variant<Start, TaskSucceeded, TaskFailed, TimerFired, Heartbeat, Stop, TaskSubmitted,
               TaskStarted, Redriven, MapRunUpdated>
      what;
  // Those of StateMachine::activities() that did not exist when it happened. A Task of one of them
  // that is to begin ends the execution; one that has begun goes on waiting. So they matter to a
  // replay only where the execution ended with this input.
  std::vector<std::string> missing_activities = {};
};

// One execution among those of a distributed Map.
struct ChildExecution {
  std::shared_ptr<const StateMachine> machine;
  bool express = false;
  std::string name;  // of the execution; the same after a replay
  std::string map_run_arn;
  std::string label;
  int64_t items = 0;  // how many it is given
};

// --- Effects: what the engine carries out once the input that caused them is durable. ---
struct RunTask {
  AttemptId attempt;
  int64_t task;    // counts state entries that run a task; the same for all attempts of one entry:
                   // with the execution's id it is the idempotency key
  int try_number;  // 1, 2, ...: this attempt among the attempts of its entry; of a child execution:
                   // counts the redrives of its map run
  const State* state;  // owned by the state machine
  std::string resource;
  json::Value input;  // after InputPath and Parameters
  std::optional<absl::Time>
      deadline;  // from TimeoutSeconds; a timer of the interpreter's guards it, too
  // Set where the task is to run an execution of this machine with `input`, and to answer with its
  // end; there is no resource then.
  std::shared_ptr<const ChildExecution> child = nullptr;
};
struct CancelTask {
  AttemptId attempt;
};
struct SetTimer {
  TimerId timer;
  absl::Time due;
};
struct CancelTimer {
  TimerId timer;
};
enum class Status : uint8_t { kRunning, kSucceeded, kFailed, kTimedOut, kAborted };
// The last effect of an execution. What was still open has been cancelled before it.
struct Complete {
  Status status;
  json::Value output;                // if succeeded
  std::optional<std::string> error;  // if not, as DescribeExecution shows it
  std::optional<std::string> cause;
  std::string state;  // the state in which it failed; empty if it succeeded
};
using Effect = std::variant<RunTask, CancelTask, SetTimer, CancelTimer, Complete>;

// --- History: events as GetExecutionHistory shows them. ---
struct HistoryEvent {
  int64_t id;
  int64_t previous_id;
  absl::Time at;
  std::string_view type;  // "TaskStateEntered"
  std::string_view
      details_name;     // "stateEnteredEventDetails"; empty where the event has no details
  json::Value details;  // an object with the member names of the Step Functions API
};

// Takes events as they happen. Where there is none, events are only counted: nothing is built.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnEvent(HistoryEvent event) = 0;
};

struct Limits {
  int64_t max_events = 25'000;            // then the execution fails, as on AWS
  size_t max_payload_bytes = 256 * 1024;  // States.DataLimitExceeded
  // How many iterations of an inline Map are under way at most, whatever MaxConcurrency says;
  // the service's own limit. 0: no limit.
  int64_t max_inline_concurrency = 40;
  // How many child executions of a distributed Map; the service's own limit. 0: no limit.
  int64_t max_distributed_concurrency = 10'000;
  // Of all variables of an execution together; those of one Assign are bound as any payload is.
  size_t max_variable_bytes = 10 << 20;
};

// How a map run stands: the child executions of one distributed Map.
struct MapRunSummary {
  // Child executions, or the items that they were given, by how they stand.
  struct Counts {
    int64_t running = 0;
    int64_t succeeded = 0;
    int64_t failed = 0;
    int64_t timed_out = 0;
    int64_t aborted = 0;
    int64_t pending_redrive = 0;  // ended without success, to be redriven
  };

  std::string arn;
  std::string map_state;
  bool express = false;  // the type of the child executions
  Status status = Status::kRunning;
  absl::Time start_time;
  std::optional<absl::Time> stop_time;
  int64_t redrives = 0;
  std::optional<absl::Time> redrive_time;          // of the last one
  int64_t max_concurrency = 0;                     // 0: no limit of its own
  std::optional<int64_t> tolerated_failure_count;  // of items; without either none may fail
  std::optional<double> tolerated_failure_percentage;
  int64_t total_items = 0;
  Counts executions;
  Counts items;
};

// Whether so many events leave room for a redrive: its own event, and one more.
inline bool MayBeRedriven(int64_t events, const Limits& limits) {
  return events < limits.max_events - 1;
}

// The state of one execution: a tree of branches with one leaf running or waiting per path. Build
// it, then apply the inputs in their order: the same inputs give the same state, events and
// effects, today and after a crash.
//
//   Execution execution(machine, std::make_shared<ExecutionContext>(context));
//   execution.Apply(Input{now, Start{input}}, effects, nullptr);
//
// One thread only. Movable. Shares the state machine and the context.
class Execution {
 public:
  Execution(std::shared_ptr<const StateMachine> machine,
            std::shared_ptr<const ExecutionContext> context, const Limits& limits = {});
  ~Execution();
  Execution(Execution&&) noexcept;
  Execution& operator=(Execution&&) noexcept;

  // Advances as far as possible without further input and appends the effects in their order. An
  // input that no longer matters (the answer of a cancelled attempt, a cancelled timer, anything
  // but a redrive after the end) changes nothing. Answers whether the input mattered, so that the
  // engine journals only those: see WouldAccept.
  bool Apply(const Input& input, std::vector<Effect>& effects, EventSink* events);

  // Whether Apply would do anything with this input.
  bool WouldAccept(const Input& input) const;

  // What a recovered execution must have under way: a RunTask for each open attempt and a SetTimer
  // for each open timer, as first emitted.
  void AppendOutstanding(std::vector<Effect>& effects) const;

  Status status() const;
  // Names of the states it is in now; one unless there are branches.
  std::vector<std::string_view> CurrentStates() const;
  // History events so far, built or only counted.
  int64_t event_count() const;
  int64_t redrive_count() const;
  // Those begun so far, in their order.
  const std::vector<MapRunSummary>& map_runs() const;
  // The names of the child executions of a map run that wait to be redriven.
  std::vector<std::string> PendingRedrives(std::string_view map_run_arn) const;
  const StateMachine& machine() const;
  const ExecutionContext& context() const;

 private:
  class Impl;
  bool MayTake(const Input& input) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orderflow::asl
