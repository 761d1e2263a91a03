#pragma once

// What a shard is told from outside. A message is a value that moves from the thread it arises on
// to the shard's.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/json/value.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/running_slot.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::engine {

// One child execution of a distributed Map.
struct ChildCall {
  MachinePtr parent;
  std::shared_ptr<const asl::ChildExecution> child;
  std::string map_state;
  json::Value input;
  std::string origin;    // StartRequest::origin
  bool redrive = false;  // the same
  std::string traceparent;
};

// Runs executions that shards want as tasks of others. Thread-safe.
class ChildRunner {
 public:
  virtual ~ChildRunner() = default;
  // As tasks::TaskRunner::Run. Cancel stops the child.
  virtual std::unique_ptr<tasks::RunningTask> RunChild(ChildCall call, tasks::TaskDone done) = 0;
};

// Somebody who waits for the end of an execution.
struct Waiter {
  Callback<StartResult> ended;
  bool created = true;  // what to say in StartResult
  std::optional<absl::Time> wait_until;
  WaitTicket ticket = 0;
};

// An execution of which the shard is to take care.
struct Accepted {
  store::ExecutionKey key = 0;
  MachinePtr machine;
  std::shared_ptr<const asl::ExecutionContext> context;
  std::string traceparent;
  RunningSlot slot;
};

// A new one; its row is durable (or it is EXPRESS). One of `started` and `waiter` is set.
struct Begin {
  Accepted accepted;
  json::Value input;
  Callback<StartResult> started;
  std::optional<Waiter> waiter;
  std::vector<std::string> missing_activities = {};  // as its row says
};

// One that was accepted before a restart.
struct Resume {
  Accepted accepted;
  store::ExecutionStore::Unfinished unfinished;
  StatusCallback done;
};

// One that has ended without success and is to go on.
struct Redrive {
  Accepted accepted;
  store::ExecutionStore::Unfinished ended;
  asl::Redriven input;
  Callback<absl::Time> done;  // gets the time of the redrive
};

struct TaskAnswered {
  store::ExecutionKey key;
  asl::AttemptId attempt;
  tasks::TaskOutcome outcome;
};

// The task's service has accepted it and answers later.
struct TaskAccepted {
  store::ExecutionKey key;
  asl::AttemptId attempt;
  json::Value output;
};

// `missing` is called with `done` where the execution is not running here.
struct TaskSignalled {
  std::string arn;
  TaskSignal signal;
  StatusCallback done;
  absl::AnyInvocable<void(StatusCallback) &&> missing;
};

struct StopAsked {
  std::string arn;
  asl::Stop stop;
  Callback<absl::Time> done;
};

struct MapRunUpdateAsked {
  std::string arn;  // of the execution
  asl::MapRunUpdated update;
  StatusCallback done;
};

// `missing` is called with the waiter where the execution is not running here.
struct WaitAsked {
  std::string arn;
  Waiter waiter;
  absl::AnyInvocable<void(Waiter) &&> missing;
};

struct GivenUp {
  std::string arn;
  WaitTicket ticket;
};

struct ObserveAsked {
  std::string arn;
  std::shared_ptr<ExecutionObserver> observer;
  Callback<int64_t> done;
};

struct UnobserveAsked {
  std::string arn;
  const ExecutionObserver* observer;  // compared only
};

// The journal's answer to a batch.
struct BatchDone {
  int64_t number;
  absl::Status status;
};

// Children that a restart has taken up, and who has started them. `stop` is called for those that
// nobody waits for any more: their parent's task was over before the process could stop them.
struct ChildrenTakenUp {
  struct Child {
    std::string origin;
    std::string arn;
  };
  std::string parent_arn;
  std::vector<Child> children;
  std::function<void(const std::string& arn)> stop;
};

// `call` is called after the pause; not at all where the shard halts before.
struct Delayed {
  absl::Duration pause;
  absl::AnyInvocable<void() &&> call;
};

// `passed` is called when everything posted before was processed.
struct Barrier {
  absl::AnyInvocable<void() &&> passed;
};

// The shard takes no more inputs; `halted` is called when nothing is under way any more.
struct Halt {
  absl::AnyInvocable<void() &&> halted;
};

using Message = std::variant<std::unique_ptr<Begin>, std::unique_ptr<Resume>,
                             std::unique_ptr<Redrive>, TaskAnswered, TaskAccepted, TaskSignalled,
                             BatchDone, StopAsked, MapRunUpdateAsked, WaitAsked, GivenUp,
                             ObserveAsked, UnobserveAsked, ChildrenTakenUp, Delayed, Barrier, Halt>;

}  // namespace orderflow::engine
