#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "common/json/value.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::engine {

struct Options {
  int shards = 0;                        // 0: one for every two cores, at least one
  size_t max_running = 1'000'000;        // executions in memory; beyond: RESOURCE_EXHAUSTED
  asl::Limits limits;
  int recovery_page = 500;               // executions read at a time when recovering
};

// How an execution ended; durable when it is told.
struct ExecutionResult {
  store::ExecutionStatus status = store::ExecutionStatus::kSucceeded;
  absl::Time start_time;
  absl::Time stop_time;
  std::string output;  // JSON text, if it succeeded
  std::optional<std::string> error;
  std::optional<std::string> cause;
  std::string failed_state;
};

// Told of an execution's progress, on its shard's thread, after the progress is durable. Must not block.
class ExecutionObserver {
 public:
  virtual ~ExecutionObserver() = default;
  // The input with this sequence number is in the journal and was applied. Sequence 0 is the start.
  virtual void OnAdvanced(const std::string& execution_arn, int64_t sequence) = 0;
  virtual void OnCompleted(const std::string& execution_arn, const ExecutionResult& result) = 0;
};

struct StartRequest {
  std::shared_ptr<const asl::StateMachine> machine;
  store::StateMachineRecord record;      // the revision that `machine` was parsed from
  std::string name;                      // unique per state machine (STANDARD)
  std::string input;                     // JSON text, at most 256 KiB
  json::Value parsed_input;              // the same, parsed
  std::string trace_header;              // W3C traceparent of the caller, may be empty
};

struct StartResult {
  std::string execution_arn;
  absl::Time start_time;
  bool created = false;                         // false: the same name and input was started before
  std::optional<ExecutionResult> result;        // known where the execution has ended already
};

// Runs executions: keeps each on one shard (one thread, chosen by the execution's key), journals every input before it acts
// on it, and finishes after a restart what was accepted before. See docs/architecture.md.
//
// Thread-safe. Borrows store, runner and clock, which must outlive it.
class Engine {
 public:
  // Looks up the parsed machine of a revision when executions are recovered or histories are read.
  using MachineLoader = std::function<void(int64_t revision, Callback<std::shared_ptr<const asl::StateMachine>>)>;

  static std::unique_ptr<Engine> Create(Options options, store::ExecutionStore& store, tasks::TaskRunner& runner,
                                        const Clock& clock, MachineLoader load_machine);
  virtual ~Engine() = default;

  // Takes up all unfinished executions of the store, then calls `done`; starts are refused (UNAVAILABLE) until then.
  virtual void Recover(StatusCallback done) = 0;

  // Starts an execution; `started` is called when it is durable. STANDARD names are idempotent: the same name with the same input
  // while it runs answers the same execution; otherwise ALREADY_EXISTS, reason ExecutionAlreadyExists.
  // UNAVAILABLE: the journal cannot be written; nothing was started. RESOURCE_EXHAUSTED: too many.
  virtual void Start(StartRequest request, Callback<StartResult> started) = 0;

  // Starts and calls `ended` once with the durable result. The way of PlaceOrder and StartSyncExecution: one hand-over less than
  // Start and Wait. Where the name is known, `ended` follows the execution that exists if its input is the same, whatever its
  // status; other input: ALREADY_EXISTS.
  virtual void StartAndWait(StartRequest request, Callback<StartResult> ended) = 0;

  // Stops a running execution; `done` gets the stop time. NOT_FOUND: not running here.
  virtual void Stop(std::string execution_arn, std::optional<std::string> error, std::optional<std::string> cause,
                    Callback<absl::Time> done) = 0;

  // Follows a running execution until it ends or the observer is removed. NOT_FOUND where it is not running (any more).
  virtual absl::Status Observe(const std::string& execution_arn, std::shared_ptr<ExecutionObserver> observer) = 0;
  virtual void Unobserve(const std::string& execution_arn, const ExecutionObserver* observer) = 0;

  // Stops taking inputs and waits until what is in flight towards the journal is durable. Running executions stay as they are:
  // the next start of the process goes on with them. Call once, before destruction.
  virtual void Shutdown() = 0;

  struct Statistics {
    int64_t running = 0;       // executions in memory
    int64_t started = 0, succeeded = 0, failed = 0, timed_out = 0, aborted = 0;
    int64_t queued_inputs = 0; // waiting in the shards' queues
    int64_t open_tasks = 0, open_timers = 0;
    int64_t batches = 0, records = 0;  // records / batches is the mean group commit
  };
  virtual Statistics statistics() const = 0;
};

}  // namespace orderflow::engine
