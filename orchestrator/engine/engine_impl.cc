#include "orchestrator/engine/engine_impl.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "orchestrator/engine/arn.h"
#include "orchestrator/engine/child_machine.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/journal_codec.h"
#include "orchestrator/engine/nested_execution.h"
#include "orchestrator/engine/recovery.h"

namespace orderflow::engine {
namespace {

int ShardCount(const Options& options) {
  if (options.shards > 0) return options.shards;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / 2);
}

// In the same time wherever they differ.
bool IsSameSecret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

// What a child execution has come to, as the outcome of the task that it is.
tasks::TaskOutcome OutcomeOf(const absl::StatusOr<StartResult>& ended) {
  if (!ended.ok())
    return asl::Failure{asl::kErrorTaskFailed, std::string(ended.status().message())};
  ORDERFLOW_CHECK(ended->result.has_value());  // it was waited for
  const ExecutionResult& result = *ended->result;
  if (result.status != store::ExecutionStatus::kSucceeded) {
    asl::Failure failure{result.error.value_or(asl::kErrorTaskFailed), result.cause};
    if (result.status == store::ExecutionStatus::kTimedOut)
      failure.child_end = asl::ChildEnd::kTimedOut;
    if (result.status == store::ExecutionStatus::kAborted)
      failure.child_end = asl::ChildEnd::kAborted;
    return failure;
  }
  json::ParseResult output = json::Parse(result.output);
  ORDERFLOW_CHECK(output.value.has_value());  // the interpreter wrote it
  return *std::move(output.value);
}

absl::Status AlreadyExists(std::string_view arn) {
  return WithErrorInfo(
      absl::AlreadyExistsError(absl::StrCat("Execution Already Exists: '", std::string(arn), "'")),
      ErrorInfo{"ExecutionAlreadyExists", "states.orderflow", {}});
}

}  // namespace

WaitTicket NewWaitTicket() {
  static std::atomic<WaitTicket> last = 0;
  return ++last;
}

std::unique_ptr<Engine> Engine::Create(Options options, store::ExecutionStore& store,
                                       tasks::TaskRunner& runner, const Clock& clock,
                                       MachineLoader load_machine) {
  auto engine = std::make_unique<EngineImpl>(std::move(options), store, runner, clock,
                                             std::move(load_machine));
  engine->StartThreads();
  return engine;
}

// A start on its way through the journal.
class EngineImpl::Starting {
 public:
  Accepted accepted;
  json::Value parsed_input;
  std::string input;   // to compare with that of a known name
  std::string origin;  // the same
  std::vector<std::string> missing_activities;
  bool redrive = false;
  Callback<StartResult> started;
  std::optional<Waiter> waiter;

  void Fail(const absl::Status& status) {
    if (started) std::move(started)(status);
    if (waiter) std::move(waiter->ended)(status);
  }
  const std::string& arn() const { return accepted.context->execution_arn; }
};

EngineImpl::EngineImpl(Options options, store::ExecutionStore& store, tasks::TaskRunner& runner,
                       const Clock& clock, MachineLoader load_machine)
    : options_(std::move(options)),
      store_(store),
      clock_(clock),
      load_machine_(std::move(load_machine)) {
  for (int i = 0; i < ShardCount(options_); ++i) {
    shards_.push_back(std::make_unique<Shard>(options_, store_, runner, *this));
  }
}

EngineImpl::~EngineImpl() {
  threads_.clear();
  for (const auto& shard : shards_) shard->Abandon();
}

void EngineImpl::StartThreads() {
  for (const auto& shard : shards_) {
    threads_.push_back(std::make_unique<ShardThread>(*shard, clock_));
  }
}

Shard& EngineImpl::ShardOf(std::string_view execution_arn) {
  return *shards_[absl::HashOf(execution_arn.size(), execution_arn) % shards_.size()];
}

void EngineImpl::Recover(StatusCallback done) {
  std::vector<Shard*> shards;
  for (const auto& shard : shards_) shards.push_back(shard.get());
  auto shard_of = [this](std::string_view arn) -> Shard& { return ShardOf(arn); };
  RunRecovery(store_, load_machine_, options_.recovery_page, running_, std::move(shards), shard_of,
              [this, done = std::move(done)](absl::StatusOr<store::ExecutionKey> last) mutable {
                if (!last.ok()) return std::move(done)(last.status());
                last_key_ = *last;
                recovered_ = true;
                std::move(done)(absl::OkStatus());
              });
}

// --- Starting ---

void EngineImpl::Start(StartRequest request, Callback<StartResult> started) {
  Launch(std::move(request), std::move(started), std::nullopt);
}

void EngineImpl::StartAndWait(StartRequest request, Callback<StartResult> ended) {
  Waiter waiter{std::move(ended), true, request.wait_until, request.ticket};
  Launch(std::move(request), nullptr, std::move(waiter));
}

absl::StatusOr<RunningSlot> EngineImpl::Admit(Work work) {
  if (!recovered_) return absl::UnavailableError("the orchestrator is still recovering; try again");
  for (const auto& shard : shards_) {
    if (shard->commits().failing.load(std::memory_order_relaxed) > 0) {
      return absl::UnavailableError("the journal cannot be written now; try again");
    }
  }
  MutexLock lock(mutex_);
  if (shut_down_) return absl::UnavailableError("the orchestrator is shutting down; try again");
  if (work == Work::kNew &&
      running_->load(std::memory_order_relaxed) >= static_cast<int64_t>(options_.max_running)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("as many executions are running as may at a time (", options_.max_running,
                     "); try again when some have ended"));
  }
  ++starts_under_way_;
  return RunningSlot(running_);
}

void EngineImpl::StartSettled() {
  MutexLock lock(mutex_);
  if (--starts_under_way_ == 0) no_starts_.NotifyAll();
}

void EngineImpl::Launch(StartRequest request, Callback<StartResult> started,
                        std::optional<Waiter> waiter) {
  auto starting = std::make_unique<Starting>();
  starting->started = std::move(started);
  starting->waiter = std::move(waiter);
  absl::StatusOr<RunningSlot> slot = Admit(request.origin.empty() ? Work::kNew : Work::kOfRunning);
  if (!slot.ok()) return starting->Fail(slot.status());

  store::ExecutionRecord record =
      MakeRecord(request, ++last_key_, ToWholeMicroseconds(clock_.Now()));
  starting->accepted = Accepted{record.key, request.machine,
                                MakeContext(record, *request.machine, request.synchronous),
                                TraceparentOf(record), *std::move(slot)};
  starting->parsed_input = std::move(request.parsed_input);
  if (request.machine->record.type == store::MachineType::kExpress) {
    return OnJournaled(std::move(starting), store::StartOutcome{true, std::nullopt});
  }
  starting->missing_activities = MissingActivities(options_, *request.machine);
  record.missing_activities = EncodeActivities(starting->missing_activities);
  starting->input = record.input;
  starting->origin = record.origin;
  starting->redrive = request.redrive;
  store_.Start(std::move(record), [this, starting = std::move(starting)](
                                      absl::StatusOr<store::StartOutcome> outcome) mutable {
    OnJournaled(std::move(starting), std::move(outcome));
  });
}

void EngineImpl::OnJournaled(std::unique_ptr<Starting> starting,
                             absl::StatusOr<store::StartOutcome> outcome) {
  if (!outcome.ok()) {
    starting->Fail(outcome.status());
  } else if (!outcome->created) {
    Join(std::move(starting), *outcome->existing);
  } else {
    Shard& shard = ShardOf(starting->arn());
    shard.Post(std::make_unique<Begin>(
        Begin{std::move(starting->accepted), std::move(starting->parsed_input),
              std::move(starting->started), std::move(starting->waiter),
              std::move(starting->missing_activities)}));
  }
  StartSettled();
}

// The name is known: answers with the execution that has it.
void EngineImpl::Join(std::unique_ptr<Starting> starting, const store::ExecutionRecord& existing) {
  const bool running = existing.status == store::ExecutionStatus::kRunning;
  const bool own = IsAttempt(existing, starting->origin);
  if (!own && starting->redrive && IsTryOfSameTask(existing, starting->origin))
    return JoinEarlierTry(std::move(starting), existing);
  if (existing.input != starting->input || (starting->started && !running && !own)) {
    return starting->Fail(AlreadyExists(existing.arn));
  }
  if (starting->started) {
    StartResult known{existing.arn, existing.start_time, false, std::nullopt};
    if (!running) known.result = ResultOf(existing);
    return std::move(starting->started)(std::move(known));
  }
  starting->waiter->created = false;
  if (!running) return AnswerFromRecord(*std::move(starting->waiter), existing);
  FollowExisting(existing.arn, *std::move(starting->waiter));
}

// A child of a map run that was redriven, as the try before has left it.
void EngineImpl::JoinEarlierTry(std::unique_ptr<Starting> starting,
                                const store::ExecutionRecord& existing) {
  if (existing.status == store::ExecutionStatus::kRunning) {
    return starting->Fail(absl::UnavailableError(
        absl::StrCat("execution ", existing.arn, " is being stopped; try again")));
  }
  StartResult known{existing.arn, existing.start_time, false, std::nullopt};
  if (existing.status == store::ExecutionStatus::kSucceeded) {
    known.result = ResultOf(existing);
    return std::move(starting->started)(std::move(known));
  }
  Redrive(RedriveRequest{.arn = existing.arn, .origin = starting->origin}, Work::kOfRunning,
          [started = std::move(starting->started),
           known = std::move(known)](absl::StatusOr<absl::Time> redriven) mutable {
            if (!redriven.ok()) return std::move(started)(redriven.status());
            std::move(started)(std::move(known));
          });
}

void EngineImpl::Follow(const std::string& execution_arn, WaitTicket ticket,
                        Callback<StartResult> ended) {
  FollowExisting(execution_arn, Waiter{std::move(ended), false, std::nullopt, ticket});
}

void EngineImpl::FollowExisting(const std::string& execution_arn, Waiter waiter) {
  auto missing = [this, execution_arn](Waiter waiter) {
    // It ended in between, or it runs elsewhere. The row knows.
    {
      MutexLock lock(mutex_);
      ++starts_under_way_;
    }
    store_.GetExecution(execution_arn, [this, waiter = std::move(waiter)](
                                           absl::StatusOr<store::ExecutionRecord> record) mutable {
      AnswerFromRecord(std::move(waiter), std::move(record));
      StartSettled();
    });
  };
  ShardOf(execution_arn).Post(WaitAsked{execution_arn, std::move(waiter), std::move(missing)});
}

void EngineImpl::AnswerFromRecord(Waiter waiter, absl::StatusOr<store::ExecutionRecord> record) {
  if (!record.ok()) return std::move(waiter.ended)(record.status());
  if (record->status == store::ExecutionStatus::kRunning) {
    return std::move(waiter.ended)(absl::UnavailableError(
        absl::StrCat("execution ", record->arn, " is not running here now; try again")));
  }
  std::move(waiter.ended)(
      StartResult{record->arn, record->start_time, waiter.created, ResultOf(*record)});
}

// --- Child executions ---

std::unique_ptr<tasks::RunningTask> EngineImpl::RunChild(ChildCall call, tasks::TaskDone done) {
  StartRequest request;
  request.machine = ChildMachine(*call.parent, *call.child);
  request.name = call.child->name;
  request.parsed_input = std::move(call.input);
  request.input = json::Serialize(request.parsed_input);
  request.trace_header = std::move(call.traceparent);
  request.origin = std::move(call.origin);
  request.redrive = call.redrive;
  request.map_run_arn = call.child->map_run_arn;
  request.map_state = std::move(call.map_state);
  request.items = call.child->items;
  request.express_id = call.child->name;
  NestedExecution nested;
  nested.waits = true;
  nested.prepare = [request = std::move(request)](Callback<StartRequest> prepared) {
    std::move(prepared)(request);
  };
  nested.done = [done = std::move(done)](absl::StatusOr<StartResult> ended) mutable {
    std::move(done)(OutcomeOf(ended));
  };
  return RunNested(*this, std::move(nested));
}

// --- Redrives ---

void EngineImpl::Redrive(const std::string& execution_arn, std::string token,
                         Callback<absl::Time> done) {
  Redrive(RedriveRequest{.arn = execution_arn, .token = std::move(token)}, Work::kNew,
          std::move(done));
}

void EngineImpl::Redrive(RedriveRequest request, Work work, Callback<absl::Time> done) {
  absl::StatusOr<RunningSlot> slot = Admit(work);
  if (!slot.ok()) return std::move(done)(slot.status());
  request.slot = *std::move(slot);
  RedriveContext context{store_, load_machine_, clock_, options_.limits,
                         [this](std::unique_ptr<engine::Redrive> message) {
                           Shard& shard = ShardOf(message->ended.execution.arn);
                           shard.Post(std::move(message));
                         }};
  RunRedrive(std::move(context), std::move(request), std::move(done), [this] { StartSettled(); });
}

void EngineImpl::UpdateMapRun(std::string execution_arn, asl::MapRunUpdated update,
                              StatusCallback done) {
  Shard& shard = ShardOf(execution_arn);
  shard.Post(MapRunUpdateAsked{std::move(execution_arn), std::move(update), std::move(done)});
}

// --- Running executions ---

void EngineImpl::GiveUp(const std::string& execution_arn, WaitTicket ticket) {
  ShardOf(execution_arn).Post(GivenUp{execution_arn, ticket});
}

void EngineImpl::Stop(std::string execution_arn, std::optional<std::string> error,
                      std::optional<std::string> cause, Callback<absl::Time> done) {
  Shard& shard = ShardOf(execution_arn);
  shard.Post(StopAsked{std::move(execution_arn), asl::Stop{std::move(error), std::move(cause)},
                       std::move(done)});
}

void EngineImpl::Signal(const std::string& token, TaskSignal signal, StatusCallback done) {
  const std::optional<asl::TokenContent> content = asl::ReadTaskToken(token);
  asl::ExecutionContext context;
  if (content) context.execution_arn = content->execution_arn;
  context.token_key = options_.token_key;
  if (!content || !IsSameSecret(asl::TaskToken(context, content->attempt), token)) {
    return std::move(done)(absl::InvalidArgumentError("not a token of a task"));
  }
  std::visit([&content](auto& what) { what.attempt = content->attempt; }, signal);
  const std::string& arn = content->execution_arn;
  ShardOf(arn).Post(
      TaskSignalled{arn, std::move(signal), std::move(done),
                    [this, arn](StatusCallback done) { AnswerSignal(arn, std::move(done)); }});
}

// The execution is not running here: its row knows why.
void EngineImpl::AnswerSignal(const std::string& execution_arn, StatusCallback done) {
  {
    MutexLock lock(mutex_);
    ++starts_under_way_;
  }
  store_.GetExecution(execution_arn, [this, done = std::move(done)](
                                         absl::StatusOr<store::ExecutionRecord> record) mutable {
    if (!record.ok()) {
      std::move(done)(record.status());
    } else if (record->status != store::ExecutionStatus::kRunning) {
      std::move(done)(TaskClosed());
    } else {
      std::move(done)(absl::UnavailableError(
          absl::StrCat("execution ", record->arn, " is not running here now; try again")));
    }
    StartSettled();
  });
}

void EngineImpl::Observe(std::string execution_arn, std::shared_ptr<ExecutionObserver> observer,
                         Callback<int64_t> done) {
  Shard& shard = ShardOf(execution_arn);
  shard.Post(ObserveAsked{std::move(execution_arn), std::move(observer), std::move(done)});
}

void EngineImpl::Unobserve(std::string execution_arn, const ExecutionObserver* observer) {
  Shard& shard = ShardOf(execution_arn);
  shard.Post(UnobserveAsked{std::move(execution_arn), observer});
}

void EngineImpl::After(absl::Duration pause, absl::AnyInvocable<void() &&> call) {
  shards_.front()->Post(Delayed{pause, std::move(call)});
}

// --- The end ---

void EngineImpl::Shutdown() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(shut_down_, true)) return;
    while (starts_under_way_ > 0) no_starts_.Wait(mutex_);
  }
  Mutex mutex;
  CondVar halted;
  size_t still_running = shards_.size();
  for (const auto& shard : shards_) {
    shard->Post(Halt{[&] {
      MutexLock lock(mutex);
      if (--still_running == 0) halted.NotifyAll();
    }});
  }
  {
    MutexLock lock(mutex);
    while (still_running > 0) halted.Wait(mutex);
  }
  // What the shards have asked of the rows until then.
  MutexLock lock(mutex_);
  while (starts_under_way_ > 0) no_starts_.Wait(mutex_);
}

Engine::Statistics EngineImpl::statistics() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const auto ended = [](const Shard::Counters& counters, store::ExecutionStatus status) {
    return counters.ended[static_cast<int>(status)].load(kRelaxed);
  };
  Statistics sum;
  for (const auto& shard : shards_) {
    const Shard::Counters& counters = shard->counters();
    sum.running += counters.running.load(kRelaxed);
    sum.started += counters.started.load(kRelaxed);
    sum.succeeded += ended(counters, store::ExecutionStatus::kSucceeded);
    sum.failed += ended(counters, store::ExecutionStatus::kFailed);
    sum.timed_out += ended(counters, store::ExecutionStatus::kTimedOut);
    sum.aborted += ended(counters, store::ExecutionStatus::kAborted);
    sum.queued_inputs += static_cast<int64_t>(shard->inbox().size());
    sum.open_tasks += counters.open_tasks.load(kRelaxed);
    sum.open_timers += counters.open_timers.load(kRelaxed);
    sum.lost += counters.lost.load(kRelaxed);
    sum.batches += shard->commits().batches.load(kRelaxed);
    sum.records += shard->commits().records.load(kRelaxed);
    sum.failing_batches += shard->commits().failing.load(kRelaxed);
  }
  MutexLock lock(mutex_);
  sum.accepting = recovered_ && !shut_down_ && sum.failing_batches == 0;
  return sum;
}

}  // namespace orderflow::engine
