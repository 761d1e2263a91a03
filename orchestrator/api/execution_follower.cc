#include "orchestrator/api/execution_follower.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "orchestrator/engine/execution_log.h"

namespace orderflow::api {

std::shared_ptr<ExecutionFollower> ExecutionFollower::Create(store::ExecutionStore& store,
                                                             MachineRegistry& registry,
                                                             engine::Engine& engine,
                                                             const asl::Limits& limits,
                                                             std::string execution_arn) {
  return std::shared_ptr<ExecutionFollower>(
      new ExecutionFollower(store, registry, engine, limits, std::move(execution_arn)));
}

ExecutionFollower::ExecutionFollower(store::ExecutionStore& store, MachineRegistry& registry,
                                     engine::Engine& engine, const asl::Limits& limits,
                                     std::string execution_arn)
    : store_(store),
      registry_(registry),
      engine_(engine),
      limits_(limits),
      arn_(std::move(execution_arn)) {}

// --- The reader's side ---

void ExecutionFollower::Next(Callback<Step> done) {
  {
    MutexLock lock(mutex_);
    waiting_ = std::move(done);
    if (replayer_ != nullptr && lost_.ok() && !cancelled_ && !HasNews()) {
      idle_ = true;
      return;
    }
  }
  if (replayer_ == nullptr) return Observe();
  ReadNews();
}

void ExecutionFollower::Cancel() {
  bool answer = false;
  {
    MutexLock lock(mutex_);
    cancelled_ = true;
    answer = std::exchange(idle_, false);
  }
  engine_.Unobserve(arn_, this);
  if (answer) Fail(absl::CancelledError("the caller gave up"));
}

// --- The first step: observe, so that nothing is missed, then read what is there ---

void ExecutionFollower::Observe() {
  engine_.Observe(arn_, shared_from_this(),
                  [self = shared_from_this()](absl::StatusOr<int64_t> sequence) {
                    if (!sequence.ok() && !absl::IsNotFound(sequence.status()))
                      return self->Fail(sequence.status());
                    self->observed_ = sequence.ok();
                    self->ReadFirstRecord();
                  });
}

void ExecutionFollower::ReadFirstRecord() {
  store_.GetExecution(arn_,
                      [self = shared_from_this()](absl::StatusOr<store::ExecutionRecord> record) {
                        self->OnFirstRecord(std::move(record));
                      });
}

void ExecutionFollower::OnFirstRecord(absl::StatusOr<store::ExecutionRecord> record) {
  if (!record.ok()) return Fail(record.status());
  if (record->status != store::ExecutionStatus::kRunning) {
    MutexLock lock(mutex_);
    completed_ = true;
  } else if (!observed_) {
    return Fail(absl::UnavailableError(
        absl::StrCat("execution ", arn_, " is not running here now; try again")));
  }
  const int64_t revision = record->revision;
  registry_.Load(revision, [self = shared_from_this(), record = *std::move(record)](
                               absl::StatusOr<engine::MachinePtr> machine) mutable {
    self->OnMachine(std::move(record), std::move(machine));
  });
}

void ExecutionFollower::OnMachine(store::ExecutionRecord record,
                                  absl::StatusOr<engine::MachinePtr> machine) {
  if (!machine.ok()) return Fail(machine.status());
  record_ = record;
  replayer_ =
      std::make_unique<engine::HistoryReplayer>(*std::move(machine), std::move(record), limits_);
  engine::EventBuffer buffer(events_);
  if (absl::Status status = replayer_->Start(buffer); !status.ok()) return Fail(status);
  ReadNews();
}

// --- Each step: what the journal has beyond what was replayed ---

bool ExecutionFollower::HasNews() const { return completed_ || advanced_ > fed_; }

void ExecutionFollower::ReadNews() {
  absl::Status over;
  {
    MutexLock lock(mutex_);
    idle_ = false;
    over = cancelled_ ? absl::CancelledError("the caller gave up") : lost_;
  }
  if (!over.ok()) return Fail(over);
  store_.ReadJournal(
      record_.key, replayer_->sequence() + 1,
      [self = shared_from_this()](absl::StatusOr<std::vector<store::JournalRecord>> journal) {
        self->OnJournal(std::move(journal));
      });
}

void ExecutionFollower::OnJournal(absl::StatusOr<std::vector<store::JournalRecord>> journal) {
  if (!journal.ok()) return Fail(journal.status());
  engine::EventBuffer buffer(events_);
  if (absl::Status status = replayer_->Feed(*journal, buffer); !status.ok()) return Fail(status);
  const bool ended = replayer_->execution().status() != asl::Status::kRunning;
  bool inconsistent = false;
  {
    MutexLock lock(mutex_);
    fed_ = replayer_->sequence();
    inconsistent = completed_ && !ended;
    if (!ended && events_.empty() && !HasNews() && lost_.ok() && !cancelled_) {
      idle_ = true;
      return;
    }
  }
  if (ended) return ReadLastRecord();
  if (inconsistent) {
    return Fail(absl::DataLossError(
        absl::StrCat("execution ", arn_, " has ended, but its journal has no end")));
  }
  if (events_.empty()) return ReadNews();
  Deliver(/*last=*/false);
}

// The end is durable together with the input that led to it, but for an execution that ended at its
// start.
void ExecutionFollower::ReadLastRecord() {
  store_.GetExecution(arn_,
                      [self = shared_from_this()](absl::StatusOr<store::ExecutionRecord> record) {
                        if (!record.ok()) return self->Fail(record.status());
                        const bool last = record->status != store::ExecutionStatus::kRunning;
                        self->record_ = *std::move(record);
                        self->Deliver(last);
                      });
}

void ExecutionFollower::Deliver(bool last) {
  Step step{record_, std::exchange(events_, {}), last};
  Callback<Step> waiting;
  {
    MutexLock lock(mutex_);
    waiting = std::exchange(waiting_, nullptr);
  }
  if (last && observed_) engine_.Unobserve(arn_, this);
  std::move(waiting)(std::move(step));
}

void ExecutionFollower::Fail(const absl::Status& status) {
  Callback<Step> waiting;
  {
    MutexLock lock(mutex_);
    waiting = std::exchange(waiting_, nullptr);
  }
  if (observed_) engine_.Unobserve(arn_, this);
  if (waiting) std::move(waiting)(status);
}

// --- The engine's side ---

void ExecutionFollower::Wake() {
  {
    MutexLock lock(mutex_);
    if (!std::exchange(idle_, false)) return;
  }
  ReadNews();
}

void ExecutionFollower::OnAdvanced(int64_t sequence) {
  {
    MutexLock lock(mutex_);
    advanced_ = std::max(advanced_, sequence);
  }
  Wake();
}

void ExecutionFollower::OnCompleted(const engine::ExecutionResult&) {
  {
    MutexLock lock(mutex_);
    completed_ = true;
  }
  Wake();
}

void ExecutionFollower::OnLost(const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    lost_ = status;
  }
  Wake();
}

}  // namespace orderflow::api
