#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "common/json/value.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/resource.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::engine {

// Which events of an execution go to the log, as a LoggingConfiguration says it.
enum class LogLevel : uint8_t { kOff, kFatal, kError, kAll };

// One revision of a state machine, ready to run. Never changes; shared by all executions of the
// revision.
struct Machine {
  store::StateMachineRecord record;
  std::shared_ptr<const asl::StateMachine> definition;  // what record.definition was parsed to
  std::string token_key;  // makes the tokens of its executions' tasks: asl::ExecutionContext
  LogLevel log_level = LogLevel::kOff;
  bool log_execution_data = false;
};
using MachinePtr = std::shared_ptr<const Machine>;

// How an execution ended; durable when it is told.
struct ExecutionResult {
  store::ExecutionStatus status = store::ExecutionStatus::kSucceeded;
  absl::Time start_time;
  absl::Time stop_time;
  std::string output;  // JSON text, if it succeeded
  std::optional<std::string> error;
  std::optional<std::string> cause;
  std::string failed_state;
  int64_t events = 0;  // of its history; 0: not known
  int64_t redrives = 0;
};

// How one attempt at a task ended. Cancelled: nobody waits for the answer any more, because the
// state's time ran out, the execution was stopped, or another orchestrator has it.
enum class AttemptEnd : uint8_t { kSucceeded, kFailed, kTimedOut, kCancelled };

// Told of all executions and of all attempts at tasks, for metrics. Called on the shards' threads,
// by several at a time: must be thread-safe and must not block.
class Meter {
 public:
  virtual ~Meter() = default;
  // An execution is in memory: a new one, or one taken up after a restart.
  virtual void OnAdded(const Machine& machine, absl::Time start_time) = 0;
  // It is no longer; not called for those that a shutdown leaves for the next start.
  virtual void OnRemoved(const Machine& machine, absl::Time start_time) = 0;
  // It has ended, durably. OnRemoved follows; who waits for the result is told after both.
  virtual void OnEnded(const Machine& machine, const ExecutionResult& result) = 0;
  // `try_number` counts the attempts of one entry into the state: above 1 it is a retry.
  virtual void OnAttempt(const asl::Resource& resource, int try_number) = 0;
  virtual void OnAttemptEnded(const asl::Resource& resource, AttemptEnd end,
                              absl::Duration took) = 0;
};

struct Options {
  // Threads that run executions; 0: one for every two cores, at least one.
  int shards = 0;
  // Executions in memory; a start beyond, or a redrive, is refused with RESOURCE_EXHAUSTED. What
  // running executions start is not: they could not end without it.
  size_t max_running = 1'000'000;
  // Of a single execution.
  asl::Limits limits;
  // What the machines have as `token_key`: tokens made with another one are not taken. A secret.
  std::string token_key;
  // Executions read at a time when recovering.
  int recovery_page = 500;
  // Batches that a shard may have on their way to the disk at a time.
  int batches_in_flight = 2;
  // Those of these activities (their ARNs) that do not exist now. Called on the shards' threads and
  // where executions are started, for machines that have activities; must not block. Empty: none is
  // missing.
  std::function<std::vector<std::string>(const std::vector<std::string>& arns)> missing_activities;
  // Takes the execution log, one JSON line an event. Called on shard threads; must not block.
  // Empty: no log.
  std::function<void(std::string line)> execution_log;
  // Takes what an operator must know, such as a journal that cannot be written. As execution_log.
  std::function<void(std::string message)> report;
  // Borrowed, must outlive the engine. Null: nobody counts.
  Meter* meter = nullptr;
};

// Those activities of the machine that do not exist now.
inline std::vector<std::string> MissingActivities(const Options& options, const Machine& machine) {
  const std::vector<std::string>& named = machine.definition->activities();
  if (named.empty() || !options.missing_activities) return {};
  return options.missing_activities(named);
}

// What somebody who holds a task's token says of it. The engine fills the attempt in.
using TaskSignal =
    std::variant<asl::TaskSucceeded, asl::TaskFailed, asl::Heartbeat, asl::TaskStarted>;

// Told of an execution's progress, on its shard's thread, after the progress is durable. Must not
// block.
class ExecutionObserver {
 public:
  virtual ~ExecutionObserver() = default;
  // The input with this sequence number is in the journal and was applied.
  virtual void OnAdvanced(int64_t sequence) = 0;
  // The last call.
  virtual void OnCompleted(const ExecutionResult& result) = 0;
  // The last call, instead of OnCompleted: the execution goes on, but not here, or not before a
  // restart.
  virtual void OnLost(const absl::Status& status) = 0;
};

// Names a caller that waits, so that it can give up. Unique per process.
using WaitTicket = int64_t;
WaitTicket NewWaitTicket();

// At the end of StartRequest::origin: nobody waits for the end, so the execution is not stopped
// with the one that has started it.
inline constexpr std::string_view kDetachedOrigin = "/detached";

struct StartRequest {
  MachinePtr machine;
  std::string name;          // unique per state machine (STANDARD)
  std::string input;         // JSON text, at most 256 KiB
  json::Value parsed_input;  // the same, parsed
  std::string trace_header;  // W3C traceparent of the caller, may be empty
  int64_t version = 0;       // of the state machine that it is started by; 0: by none
  std::string alias;         // that it is started by; empty: by none
  // Names the attempt at a task that this is, where it is one: the same start, asked for again,
  // finds the execution that it has made, whatever has become of it. The ARN of the execution that
  // it belongs to, "/", the number of the task, "/", the number of the try; see kDetachedOrigin.
  std::string origin;
  // Of a child execution of a redriven map run: where it has ended without success as an earlier
  // try of the same task, it is redriven as this one.
  bool redrive = false;
  // Its caller waits (StartSyncExecution): what it knows of itself is less.
  bool synchronous = false;
  // Of a child execution of a distributed Map, see store::ExecutionRecord.
  std::string map_run_arn;
  std::string map_state;
  int64_t items = 0;
  std::string express_id;  // EXPRESS only: a UUID, makes the execution's ARN unique

  // StartAndWait only: `ended` is called without a result when this time has passed. Not set: waits
  // for ever.
  std::optional<absl::Time> wait_until;
  WaitTicket ticket = 0;  // 0: cannot be given up
};

struct StartResult {
  std::string execution_arn;
  absl::Time start_time;
  bool created = false;                   // false: the same name and input was started before
  std::optional<ExecutionResult> result;  // known where the execution has ended already
};

// Runs executions: keeps each on one shard (one thread, chosen by the execution's ARN), journals
// every input before it acts on it, and finishes after a restart what was accepted before. See
// docs/architecture.md.
//
// Thread-safe. Borrows store, runner and clock, which must outlive it. A callback may run on a
// shard's or the store's thread.
class Engine {
 public:
  // Looks up the machine of a revision when executions are recovered or histories are read.
  using MachineLoader = std::function<void(int64_t revision, Callback<MachinePtr>)>;

  static std::unique_ptr<Engine> Create(Options options, store::ExecutionStore& store,
                                        tasks::TaskRunner& runner, const Clock& clock,
                                        MachineLoader load_machine);
  virtual ~Engine() = default;

  // Takes up all unfinished executions of the store, then calls `done`; starts are refused
  // (UNAVAILABLE) until then. An error means that some could not be taken up: the process should
  // not go on.
  virtual void Recover(StatusCallback done) = 0;

  // Starts an execution; `started` is called when it is durable. STANDARD names are idempotent: the
  // same name with the same input while it runs answers the same execution; otherwise
  // ALREADY_EXISTS, reason ExecutionAlreadyExists. UNAVAILABLE: the journal cannot be written;
  // nothing was started. RESOURCE_EXHAUSTED: too many are running. FAILED_PRECONDITION: the
  // machine's revision is not in the store.
  virtual void Start(StartRequest request, Callback<StartResult> started) = 0;

  // Starts and calls `ended` once with the durable result. The way of PlaceOrder and
  // StartSyncExecution: one hand-over less than Start and Wait. Where the name is known, `ended`
  // follows the execution that exists if its input is the same, whatever its status; other input:
  // ALREADY_EXISTS. UNAVAILABLE, too, where the result will not be known here (a shutdown).
  virtual void StartAndWait(StartRequest request, Callback<StartResult> ended) = 0;

  // Calls `ended` with the durable result when the execution has ended, which may be long ago.
  // NOT_FOUND: there is no such execution. Otherwise as StartAndWait.
  virtual void Follow(const std::string& execution_arn, WaitTicket ticket,
                      Callback<StartResult> ended) = 0;

  // Lets the StartAndWait or Follow call with this ticket end now, with CANCELLED. The execution
  // goes on.
  virtual void GiveUp(const std::string& execution_arn, WaitTicket ticket) = 0;

  // Stops a running execution; `done` gets the stop time when it is durable. NOT_FOUND: not running
  // here.
  virtual void Stop(std::string execution_arn, std::optional<std::string> error,
                    std::optional<std::string> cause, Callback<absl::Time> done) = 0;

  // Goes on with an execution that has ended without success; `done` gets the time when that is
  // durable. A call with the same token (empty: none) within kTokenLife answers the same.
  // NOT_FOUND: there is no such execution. FAILED_PRECONDITION, reason ExecutionNotRedrivable: the
  // message says why. RESOURCE_EXHAUSTED, UNAVAILABLE: as for Start; it may have been redriven.
  virtual void Redrive(const std::string& execution_arn, std::string token,
                       Callback<absl::Time> done) = 0;

  // Changes the settings of a map run that is under way in a running execution; `done` gets OK when
  // that is durable. NOT_FOUND: the execution is not running here, or there is no such map run
  // under way in it.
  virtual void UpdateMapRun(std::string execution_arn, asl::MapRunUpdated update,
                            StatusCallback done) = 0;

  // Takes what the holder of a task's token says; `done` gets OK when it is durable. The token
  // stays good over restarts, until the task is answered or over. INVALID_ARGUMENT: no token that
  // was made here. FAILED_PRECONDITION: nobody waits for the task any more. NOT_FOUND: there is no
  // such execution. UNAVAILABLE: as for Start; it may have been taken.
  virtual void Signal(const std::string& token, TaskSignal signal, StatusCallback done) = 0;

  // Follows a running execution until it ends or the observer is removed. `done` is called before
  // any call of the observer, with the sequence number of the newest durable input (0: the start).
  // NOT_FOUND where it is not running here (any more).
  virtual void Observe(std::string execution_arn, std::shared_ptr<ExecutionObserver> observer,
                       Callback<int64_t> done) = 0;
  virtual void Unobserve(std::string execution_arn, const ExecutionObserver* observer) = 0;

  // Calls back after the pause, on a shard's thread; not at all where the engine is shut down
  // before. Must not block.
  virtual void After(absl::Duration pause, absl::AnyInvocable<void() &&> call) = 0;

  // Stops taking inputs and waits until what is in flight towards the journal is durable. Running
  // executions stay as they are: the next start of the process goes on with them. Who waits gets
  // UNAVAILABLE. To be called before destruction; a second call does nothing.
  virtual void Shutdown() = 0;

  struct Statistics {
    int64_t running = 0;  // executions in memory
    int64_t started = 0, succeeded = 0, failed = 0, timed_out = 0, aborted = 0;
    int64_t queued_inputs = 0;  // waiting in the shards' queues
    int64_t open_tasks = 0, open_timers = 0;
    int64_t batches = 0, records = 0;  // records / batches is the mean group commit
    int64_t failing_batches = 0;  // refused by the journal and tried again: not 0 means not healthy
    int64_t lost = 0;             // executions let go of, since another writer has them
    bool accepting = false;       // recovered, not shut down, the journal can be written
  };
  virtual Statistics statistics() const = 0;
};

}  // namespace orderflow::engine
