#include "orchestrator/engine/shard.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "orchestrator/engine/execution_log.h"
#include "orchestrator/engine/journal_codec.h"
#include "orchestrator/engine/redrive.h"
#include "orchestrator/engine/running_execution.h"

namespace orderflow::engine {
namespace {

absl::Status NotRunning(std::string_view arn) {
  return absl::NotFoundError(absl::StrCat("execution ", std::string(arn), " is not running here"));
}

absl::Status GaveUp() { return absl::CancelledError("the caller gave up"); }

constexpr size_t kTicketsKept = 256;

}  // namespace

absl::Status Shard::Halting() {
  return absl::UnavailableError(
      "the orchestrator is shutting down; the execution goes on after its restart");
}

Shard::Shard(const Options& options, store::Journal& journal, tasks::TaskRunner& runner,
             ChildRunner& children)
    : options_(options),
      runner_(runner),
      children_(children),
      inbox_(std::make_shared<Inbox>()),
      committer_(journal, inbox_, options.batches_in_flight, options_.report) {}

Shard::~Shard() { inbox_->Close(); }

void Shard::RunOnce(absl::Time now) {
  now_ = ToWholeMicroseconds(now);
  inbox_->Drain(messages_);
  for (Message& message : messages_) {
    std::visit([this](auto& typed) { On(std::move(typed)); }, message);
  }
  messages_.clear();
  FireTimers();
  committer_.Retry(now_);
  committer_.Flush();
  if (halted_ && committer_.idle()) CompleteHalt();
}

std::optional<absl::Time> Shard::NextDue() const {
  absl::Time due = absl::InfiniteFuture();
  due = std::min(due, timers_.NextDue().value_or(due));
  due = std::min(due, committer_.NextRetry().value_or(due));
  if (!delayed_.empty()) due = std::min(due, delayed_.begin()->first);
  return due == absl::InfiniteFuture() ? std::nullopt : std::make_optional(due);
}

// --- Executions come ---

Shard::Running& Shard::Add(Accepted accepted) {
  const store::ExecutionKey key = accepted.key;
  auto added = std::make_unique<Running>(std::move(accepted), options_.limits);
  Running& running = *added;
  ORDERFLOW_CHECK(executions_.emplace(key, std::move(added)).second);
  ORDERFLOW_CHECK(by_arn_.emplace(running.arn(), &running).second);
  Bump(counters_.running);
  if (options_.meter != nullptr) options_.meter->OnAdded(*running.machine, running.start_time());
  return running;
}

Shard::Running* Shard::Find(store::ExecutionKey key) {
  const auto found = executions_.find(key);
  return found == executions_.end() ? nullptr : found->second.get();
}

Shard::Running* Shard::Find(std::string_view arn) {
  const auto found = by_arn_.find(arn);
  return found == by_arn_.end() ? nullptr : found->second;
}

void Shard::On(std::unique_ptr<Begin> message) {
  if (halted_) {
    // Durable, so the next start of the process takes it up.
    if (message->started) std::move(message->started)(Halting());
    if (message->waiter) std::move(message->waiter->ended)(Halting());
    return;
  }
  Running& running = Add(std::move(message->accepted));
  Bump(counters_.started);
  const absl::Time start_time = running.execution.context().start_time;
  if (message->started) {
    std::move(message->started)(StartResult{running.arn(), start_time, true, std::nullopt});
  }
  if (message->waiter) AddWaiter(running, *std::move(message->waiter));
  Apply(running, asl::Input{start_time, asl::Start{std::move(message->input)},
                            std::move(message->missing_activities)});
}

void Shard::On(std::unique_ptr<Resume> message) {
  if (halted_) return std::move(message->done)(Halting());
  if (Find(message->accepted.key) != nullptr) return std::move(message->done)(absl::OkStatus());
  Running& running = Add(std::move(message->accepted));
  Turn turn;
  if (absl::Status status = Replay(running, message->unfinished, turn.effects); !status.ok()) {
    Remove(running);
    return std::move(message->done)(std::move(status));
  }
  turn.execution = running.key;
  if (running.execution.status() == asl::Status::kRunning) {
    turn.effects.clear();
    running.execution.AppendOutstanding(turn.effects);
    Hand(running, std::move(turn));
  } else {
    // Its last input is durable, its end is not: a start that led to the end at once.
    turn.input.at = running.last_at;
    Hand(running, std::move(turn));
  }
  std::move(message->done)(absl::OkStatus());
}

void Shard::On(std::unique_ptr<Redrive> message) {
  if (halted_) return std::move(message->done)(Halting());
  if (Find(message->accepted.key) != nullptr) {
    return std::move(message->done)(absl::UnavailableError(
        absl::StrCat("execution ", message->ended.execution.arn, " has begun to run; try again")));
  }
  Running& running = Add(std::move(message->accepted));
  std::vector<asl::Effect> last;
  absl::Status status = Replay(running, message->ended, last);
  asl::Input input{std::max(now_, running.last_at), std::move(message->input)};
  // The row may not know how many events there are.
  if (status.ok() && !running.execution.WouldAccept(input))
    status = NotRedrivable(kEventLimitExceeded);
  if (!status.ok()) {
    Remove(running);
    return std::move(message->done)(std::move(status));
  }
  auto done = [done = std::move(message->done), at = input.at](absl::Status status) mutable {
    if (!status.ok()) return std::move(done)(std::move(status));
    std::move(done)(at);
  };
  Apply(running, std::move(input), std::move(done));
}

absl::Status Shard::Replay(Running& running, const store::ExecutionStore::Unfinished& row,
                           std::vector<asl::Effect>& last) {
  ORDERFLOW_ASSIGN_OR_RETURN(const asl::Input start, DecodeStart(row.execution));
  running.execution.Apply(start, last, nullptr);
  for (const store::JournalRecord& record : row.journal) {
    ORDERFLOW_ASSIGN_OR_RETURN(const asl::Input input, DecodeRecord(record));
    last.clear();
    // Only inputs that mattered were journaled: one that does not matter now means that it is not
    // the same machine, or not the same interpreter. To go on would be to guess.
    if (record.sequence != running.sequence + 1 || !running.execution.Apply(input, last, nullptr)) {
      return absl::DataLossError(absl::StrCat("execution ", running.arn(),
                                              " cannot be replayed: record ", record.sequence,
                                              " does not follow from those before"));
    }
    running.sequence = running.durable = record.sequence;
    running.last_at = record.at;
  }
  return absl::OkStatus();
}

// --- Inputs come ---

void Shard::On(StopAsked message) {
  Running* running = halted_ ? nullptr : Find(message.arn);
  if (running == nullptr) {
    return std::move(message.done)(halted_ ? Halting() : NotRunning(message.arn));
  }
  Waiter waiter;
  waiter.ended = [done = std::move(message.done)](absl::StatusOr<StartResult> end) mutable {
    if (!end.ok()) return std::move(done)(end.status());
    std::move(done)(end->result->stop_time);
  };
  AddWaiter(*running, std::move(waiter));
  Take(*running, {now_, std::move(message.stop)});
}

void Shard::On(MapRunUpdateAsked message) {
  Running* running = halted_ ? nullptr : Find(message.arn);
  if (running == nullptr) {
    return std::move(message.done)(halted_ ? Halting() : NotRunning(message.arn));
  }
  Take(*running, {now_, std::move(message.update)}, std::move(message.done));
}

void Shard::On(Delayed message) {
  if (!halted_) delayed_.emplace(now_ + message.pause, std::move(message.call));
}

void Shard::FireTimers() {
  if (halted_) return;
  while (!delayed_.empty() && delayed_.begin()->first <= now_) {
    auto call = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    std::move(call)();
  }
  while (const std::optional<TimerQueue::Entry> entry = timers_.PopDue(now_)) {
    Running* running = Find(entry->execution);
    ORDERFLOW_CHECK(running != nullptr);  // Remove takes its entries along
    if (entry->kind == TimerQueue::Kind::kWaiter) {
      EndWait(*running, entry->number, absl::OkStatus());
      continue;
    }
    std::erase_if(running->timers,
                  [&entry](const auto& open) { return open.timer == entry->number; });
    Bump(counters_.open_timers, -1);
    Take(*running, {now_, asl::TimerFired{entry->number}});
  }
}

// Applies an input now, or after the inputs before it are durable.
void Shard::Take(Running& running, asl::Input input, StatusCallback done) {
  if (running.batch != 0 && running.batch != committer_.open_batch()) {
    running.held.push_back({std::move(input), std::move(done)});
  } else {
    Apply(running, std::move(input), std::move(done));
  }
}

void Shard::Apply(Running& running, asl::Input input, StatusCallback done) {
  Turn turn;
  turn.execution = running.key;
  turn.input = std::move(input);
  // Wall clocks go back at times; an execution's time does not.
  turn.input.at = running.last_at = std::max(turn.input.at, running.last_at);
  const bool is_start = std::holds_alternative<asl::Start>(turn.input.what);
  if (!is_start)  // of a start its row says it
    turn.input.missing_activities = MissingActivities(options_, *running.machine);
  EventBuffer events(turn.events);
  const bool logged = running.machine->log_level != LogLevel::kOff && options_.execution_log;
  effects_.clear();
  if (!running.execution.Apply(turn.input, effects_, logged ? &events : nullptr)) {
    if (done) std::move(done)(Ignored(running, turn.input));
    return;
  }
  turn.effects.assign(std::make_move_iterator(effects_.begin()),
                      std::make_move_iterator(effects_.end()));
  // Had one of them been wanted, the execution would have ended.
  if (running.execution.status() == asl::Status::kRunning) turn.input.missing_activities.clear();
  if (!is_start) turn.sequence = ++running.sequence;
  if (std::holds_alternative<asl::Redriven>(turn.input.what))
    turn.redrives = running.execution.redrive_count();
  if (done) running.told.push_back({turn.sequence, std::move(done)});
  Hand(running, std::move(turn));
}

// A map run of EXPRESS children is written down with its first child.
void Shard::NoteMapRun(const asl::RunTask& task, Turn& turn) {
  if (task.child == nullptr || !task.child->express) return;
  const std::string& arn = task.child->map_run_arn;
  if (turn.map_runs.empty() || turn.map_runs.back() != arn) turn.map_runs.push_back(arn);
}

// Hands a turn to the journal if it has anything to write, and carries it out at once if not.
void Shard::Hand(Running& running, Turn turn) {
  for (const asl::Effect& effect : turn.effects) {
    if (const auto* complete = std::get_if<asl::Complete>(&effect)) {
      turn.result = std::make_unique<ExecutionResult>(ExecutionResult{
          ToStoreStatus(complete->status), running.execution.context().start_time, turn.input.at,
          complete->status == asl::Status::kSucceeded ? json::Serialize(complete->output) : "",
          complete->error, complete->cause, complete->state, running.execution.event_count(),
          running.execution.redrive_count()});
    } else if (const auto* task = std::get_if<asl::RunTask>(&effect)) {
      NoteMapRun(*task, turn);
    }
  }
  const bool on_record = turn.sequence == 0 && turn.result == nullptr && turn.map_runs.empty();
  if (on_record || !running.journaled()) return Perform(running, std::move(turn));
  running.batch = committer_.open_batch();
  committer_.Add(std::move(turn));
}

// --- Inputs are durable ---

void Shard::On(BatchDone message) {
  Committer::Settled settled = committer_.OnDone(message.number, message.status, now_);
  std::vector<store::ExecutionKey> with_held;
  for (Turn& turn : settled.durable) {
    Running* running = Find(turn.execution);
    if (running != nullptr && !running->held.empty()) with_held.push_back(turn.execution);
    Settle(std::move(turn));
  }
  for (Turn& turn : settled.fenced) {
    if (Running* running = Find(turn.execution)) Lose(*running, message.status);
  }
  for (store::ExecutionKey key : with_held) ReleaseHeld(key);
}

void Shard::Settle(Turn turn) {
  Running* running = Find(turn.execution);
  if (running == nullptr) return;
  running->batch = 0;
  running->durable = std::max(running->durable, turn.sequence);
  Perform(*running, std::move(turn));
}

void Shard::ReleaseHeld(store::ExecutionKey key) {
  Running* running = Find(key);
  if (running == nullptr || halted_) return;
  std::vector<Running::Signal> held = std::exchange(running->held, {});
  for (size_t i = 0; i < held.size(); ++i) {
    Take(*running, std::move(held[i].input), std::move(held[i].done));
    // An execution that is not journaled may have ended by that.
    if (Find(key) != running) return;
  }
}

void Shard::Perform(Running& running, Turn turn) {
  for (const asl::HistoryEvent& event : turn.events) {
    if (!IsLogged(running.machine->log_level, event.type)) continue;
    options_.execution_log(ExecutionLogLine(running.arn(), event,
                                            running.machine->log_execution_data,
                                            running.execution.redrive_count()));
  }
  for (asl::Effect& effect : turn.effects) {
    std::visit([this, &running](auto& typed) { Do(running, std::move(typed)); }, effect);
  }
  CloseAnswered(running, turn.input);
  TellUpTo(running, turn.sequence);
  if (turn.sequence > 0) {
    for (const auto& observer : running.observers) observer->OnAdvanced(turn.sequence);
  }
  if (turn.result != nullptr) Finish(running, *turn.result);
}

void Shard::Do(Running& running, const asl::SetTimer& effect) {
  const int64_t due = absl::ToUnixMicros(effect.due);
  running.timers.push_back({effect.timer, due});
  timers_.Add({due, running.key, TimerQueue::Kind::kTimer, effect.timer});
  Bump(counters_.open_timers);
}

void Shard::Do(Running& running, const asl::CancelTimer& effect) {
  const auto timer =
      std::find_if(running.timers.begin(), running.timers.end(),
                   [&effect](const auto& open) { return open.timer == effect.timer; });
  if (timer == running.timers.end()) return;
  timers_.Remove({timer->due_micros, running.key, TimerQueue::Kind::kTimer, timer->timer});
  running.timers.erase(timer);
  Bump(counters_.open_timers, -1);
}

void Shard::Do(Running&, const asl::Complete&) {}  // Turn::result has it

// --- Executions end ---

void Shard::Finish(Running& running, const ExecutionResult& result) {
  Bump(counters_.ended[static_cast<int>(result.status)]);
  if (options_.meter != nullptr) options_.meter->OnEnded(*running.machine, result);
  if (!running.journaled() && options_.execution_log) {
    options_.execution_log(ExpressEndLine(running.arn(), result));
  }
  // Gone from memory, and from the counters, before anybody hears of it.
  const std::string arn = running.arn();
  std::vector<Waiting> waiters = ForgetWaiters(running);
  const auto observers = std::move(running.observers);
  TellAll(running, TaskClosed());
  Remove(running);
  for (Waiting& waiting : waiters) {
    std::move(waiting.waiter.ended)(
        StartResult{arn, result.start_time, waiting.waiter.created, result});
  }
  for (const auto& observer : observers) observer->OnCompleted(result);
}

void Shard::Lose(Running& running, const absl::Status& status) {
  if (options_.report) {
    options_.report(absl::StrCat("let go of execution ", running.arn(), ": ", status.ToString()));
  }
  Bump(counters_.lost);
  const absl::Status lost = absl::UnavailableError(
      absl::StrCat("execution ", running.arn(), " was taken over by another orchestrator"));
  std::vector<Waiting> waiters = ForgetWaiters(running);
  const auto observers = std::move(running.observers);
  TellAll(running, lost);
  Remove(running);
  for (Waiting& waiting : waiters) std::move(waiting.waiter.ended)(lost);
  for (const auto& observer : observers) observer->OnLost(lost);
}

// Takes all who wait off the execution, and their patience off the timers.
std::vector<Shard::Waiting> Shard::ForgetWaiters(Running& running) {
  for (const Waiting& waiting : running.waiters) {
    if (!waiting.waiter.wait_until) continue;
    timers_.Remove({absl::ToUnixMicros(*waiting.waiter.wait_until), running.key,
                    TimerQueue::Kind::kWaiter, waiting.number});
  }
  return std::exchange(running.waiters, {});
}

void Shard::Remove(Running& running) {
  for (const Running::OpenTimer& timer : running.timers) {
    timers_.Remove({timer.due_micros, running.key, TimerQueue::Kind::kTimer, timer.timer});
  }
  for (const Running::OpenTask& task : running.tasks) {
    EndAttempt(task.resource, task.started, AttemptEnd::kCancelled);
  }
  if (options_.meter != nullptr) options_.meter->OnRemoved(*running.machine, running.start_time());
  Bump(counters_.open_timers, -static_cast<int64_t>(running.timers.size()));
  Bump(counters_.open_tasks, -static_cast<int64_t>(running.tasks.size()));
  Bump(counters_.running, -1);
  by_arn_.erase(running.arn());
  executions_.erase(running.key);
}

// --- Those who wait and watch ---

void Shard::AddWaiter(Running& running, Waiter waiter) {
  if (waiter.ticket != 0 && std::erase(given_up_, waiter.ticket) > 0) {
    return std::move(waiter.ended)(GaveUp());
  }
  const int64_t number = next_waiter_++;
  if (waiter.wait_until) {
    timers_.Add(
        {absl::ToUnixMicros(*waiter.wait_until), running.key, TimerQueue::Kind::kWaiter, number});
  }
  running.waiters.push_back({number, std::move(waiter)});
}

// Answers one waiter before the end: with what is known if `status` is OK.
void Shard::EndWait(Running& running, int64_t number, const absl::Status& status) {
  const auto found =
      std::find_if(running.waiters.begin(), running.waiters.end(),
                   [number](const auto& waiting) { return waiting.number == number; });
  if (found == running.waiters.end()) return;
  Waiter waiter = std::move(found->waiter);
  running.waiters.erase(found);
  if (waiter.wait_until) {
    timers_.Remove(
        {absl::ToUnixMicros(*waiter.wait_until), running.key, TimerQueue::Kind::kWaiter, number});
  }
  if (!status.ok()) return std::move(waiter.ended)(status);
  std::move(waiter.ended)(StartResult{running.arn(), running.execution.context().start_time,
                                      waiter.created, std::nullopt});
}

void Shard::On(WaitAsked message) {
  Running* running = Find(message.arn);
  if (running == nullptr) return std::move(message.missing)(std::move(message.waiter));
  AddWaiter(*running, std::move(message.waiter));
}

void Shard::On(GivenUp message) {
  if (Running* running = Find(message.arn)) {
    for (const Waiting& waiting : running->waiters) {
      if (waiting.waiter.ticket == message.ticket)
        return EndWait(*running, waiting.number, GaveUp());
    }
  }
  // Answered already, or still on its way through the journal: remembered for a while for that
  // case.
  if (given_up_.size() == kTicketsKept) given_up_.pop_front();
  given_up_.push_back(message.ticket);
}

void Shard::On(ObserveAsked message) {
  Running* running = halted_ ? nullptr : Find(message.arn);
  if (running == nullptr) return std::move(message.done)(NotRunning(message.arn));
  std::move(message.done)(running->durable);
  running->observers.push_back(std::move(message.observer));
}

void Shard::On(UnobserveAsked message) {
  Running* running = Find(message.arn);
  if (running == nullptr) return;
  std::erase_if(running->observers,
                [&message](const auto& observer) { return observer.get() == message.observer; });
}

// --- The end of the shard ---

void Shard::On(Barrier message) { std::move(message.passed)(); }

void Shard::On(Halt message) {
  halted_ = std::move(message.halted);
  committer_.StopRetrying();
}

void Shard::CompleteHalt() {
  if (std::exchange(halt_complete_, true)) return;
  for (auto& [key, running] : executions_) {
    TellAll(*running, Halting());
    for (Waiting& waiting : running->waiters) std::move(waiting.waiter.ended)(Halting());
    for (const auto& observer : running->observers) observer->OnLost(Halting());
  }
  Abandon();
  std::move (*halted_)();
}

void Shard::Abandon() {
  timers_.Clear();
  delayed_.clear();
  by_arn_.clear();
  executions_.clear();  // cancels the tasks
}

}  // namespace orderflow::engine
