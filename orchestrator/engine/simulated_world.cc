#include "orchestrator/engine/simulated_world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/history.h"
#include "orchestrator/engine/journal_codec.h"

namespace orderflow::engine {
namespace {

using store::ExecutionStatus;

constexpr std::pair<absl::Duration, absl::Duration> kDisk = {absl::Microseconds(20),
                                                             absl::Milliseconds(4)};
constexpr std::pair<absl::Duration, absl::Duration> kHandOver = {absl::ZeroDuration(),
                                                                 absl::Microseconds(300)};
constexpr std::pair<absl::Duration, absl::Duration> kService = {absl::Microseconds(100),
                                                                absl::Milliseconds(30)};
// Fewer than the retries of any task in the workflow.
constexpr int kMaxTroubles = 2;

struct NoSink final : asl::EventSink {
  void OnEvent(asl::HistoryEvent) override {}
};

}  // namespace

void EventQueue::After(std::pair<absl::Duration, absl::Duration> range,
                       absl::AnyInvocable<void() &&> event) {
  const int64_t wait =
      Pick(absl::ToInt64Nanoseconds(range.first), absl::ToInt64Nanoseconds(range.second));
  events_.emplace(std::make_pair(clock_.Now() + absl::Nanoseconds(wait), random_()),
                  std::move(event));
}

bool EventQueue::RunNext(absl::Time limit) {
  if (events_.empty() || events_.begin()->first.first > limit) {
    if (clock_.Now() < limit) clock_.Advance(limit - clock_.Now());
    return false;
  }
  if (const absl::Time at = events_.begin()->first.first; at > clock_.Now()) {
    clock_.Advance(at - clock_.Now());
  }
  auto event = std::move(events_.begin()->second);
  events_.erase(events_.begin());
  std::move(event)();
  return true;
}

// --- Store ---

const SimulatedStore::Row* SimulatedStore::Find(const std::string& arn) const {
  const auto key = keys_.find(arn);
  return key == keys_.end() ? nullptr : &rows_.at(key->second);
}

template <typename T>
void SimulatedStore::Answer(Callback<T> done, T value) {
  events_.After(kHandOver, [done = std::move(done), value = std::move(value)]() mutable {
    std::move(done)(std::move(value));
  });
}

void SimulatedStore::Start(store::ExecutionRecord execution, Callback<store::StartOutcome> done) {
  events_.After(kDisk, [this, execution = std::move(execution), done = std::move(done)]() mutable {
    if (outage_) return std::move(done)(absl::UnavailableError("disk full"));
    store::StartOutcome outcome;
    if (const Row* row = Find(execution.arn)) {
      outcome.existing = row->record;
    } else {
      outcome.created = true;
      keys_[execution.arn] = execution.key;
      EXPECT_TRUE(rows_.emplace(execution.key, Row{execution, {}}).second) << "key used twice";
    }
    Answer(std::move(done), std::move(outcome));
  });
}

void SimulatedStore::Append(store::Batch batch, StatusCallback done) {
  events_.After(kDisk, [this, batch = std::move(batch), done = std::move(done)]() mutable {
    const absl::Status status = outage_ ? absl::UnavailableError("disk full") : Write(batch);
    events_.After(kHandOver,
                  [done = std::move(done), status]() mutable { std::move(done)(status); });
  });
}

absl::Status SimulatedStore::Write(const store::Batch& batch) {
  ++batches_;
  for (const store::JournalRecord& record : batch.records) {
    if (fenced_.contains(record.execution)) return absl::AbortedError("another writer has it");
  }
  for (const store::JournalRecord& record : batch.records) {
    Row& row = rows_.at(record.execution);
    EXPECT_EQ(record.sequence, static_cast<int64_t>(row.journal.size()) + 1)
        << "a gap or a repetition";
    EXPECT_EQ(record.at, absl::FromUnixMicros(absl::ToUnixMicros(record.at)));
    EXPECT_GE(record.at, row.journal.empty() ? row.record.start_time : row.journal.back().at);
    EXPECT_EQ(row.record.status == ExecutionStatus::kRunning, !IsRedrive(record))
        << "a record after the end";
    row.journal.push_back(record);
  }
  for (const store::ExecutionRedrive& redrive : batch.redrives) {
    Row& row = rows_.at(redrive.execution);
    EXPECT_NE(row.record.status, ExecutionStatus::kRunning) << row.record.arn << " did not end";
    EXPECT_NE(row.record.status, ExecutionStatus::kSucceeded) << row.record.arn;
    EXPECT_EQ(redrive.redrives, row.record.redrives + 1);
    row.record.status = ExecutionStatus::kRunning;
    row.record.stop_time.reset();
    row.record.error.reset();
    row.record.cause.reset();
    row.record.failed_state.clear();
    row.record.redrives = redrive.redrives;
    row.record.redrive_time = redrive.time;
    if (!redrive.origin.empty()) row.record.origin = redrive.origin;
  }
  for (const store::ExecutionEnd& end : batch.ends) {
    Row& row = rows_.at(end.execution);
    EXPECT_EQ(row.record.status, ExecutionStatus::kRunning) << row.record.arn << " ended twice";
    row.record.status = end.status;
    row.record.stop_time = end.stop_time;
    row.record.output = end.output;
    row.record.error = end.error;
    row.record.cause = end.cause;
    row.record.failed_state = end.failed_state;
    row.record.events = end.events;
  }
  return absl::OkStatus();
}

void SimulatedStore::GetExecution(std::string arn, Callback<store::ExecutionRecord> done) {
  const Row* row = Find(arn);
  if (row == nullptr) {
    events_.After(kHandOver, [done = std::move(done)]() mutable {
      std::move(done)(absl::NotFoundError("no such execution"));
    });
    return;
  }
  Answer(std::move(done), row->record);
}

void SimulatedStore::ReadUnfinished(store::ExecutionKey after, int limit,
                                    Callback<std::vector<Unfinished>> done) {
  std::vector<Unfinished> page;
  for (auto row = rows_.upper_bound(after); row != rows_.end(); ++row) {
    if (page.size() == static_cast<size_t>(limit)) break;
    if (row->second.record.status != ExecutionStatus::kRunning) continue;
    page.push_back({row->second.record, row->second.journal});
  }
  Answer(std::move(done), std::move(page));
}

void SimulatedStore::GetLastKey(Callback<store::ExecutionKey> done) {
  Answer(std::move(done), rows_.empty() ? store::ExecutionKey{0} : rows_.rbegin()->first);
}

void SimulatedStore::ReadJournal(store::ExecutionKey execution, int64_t from_sequence,
                                 Callback<std::vector<store::JournalRecord>> done) {
  const auto& journal = rows_.at(execution).journal;
  const size_t from = std::min<size_t>(journal.size(), from_sequence - 1);
  Answer(std::move(done), std::vector<store::JournalRecord>(journal.begin() + from, journal.end()));
}

void SimulatedStore::CreateStateMachine(store::StateMachineRecord,
                                        Callback<store::StateMachineRecord>) {
  FAIL();
}
void SimulatedStore::UpdateStateMachine(store::StateMachineRecord,
                                        Callback<store::StateMachineRecord>) {
  FAIL();
}
void SimulatedStore::DeleteStateMachine(std::string, StatusCallback) { FAIL(); }
void SimulatedStore::GetStateMachine(std::string, Callback<store::StateMachineRecord>) { FAIL(); }
void SimulatedStore::GetRevision(int64_t, Callback<store::StateMachineRecord>) { FAIL(); }
void SimulatedStore::ListStateMachines(int, std::string,
                                       Callback<store::Page<store::StateMachineRecord>>) {
  FAIL();
}
void SimulatedStore::ListExecutions(store::ExecutionFilter, int, std::string,
                                    Callback<store::Page<store::ExecutionRecord>>) {
  FAIL();
}
void SimulatedStore::Check(StatusCallback) { FAIL(); }

// --- Services ---

namespace {

// The answer of a cancelled call may come all the same: the engine must ignore it.
class SimulatedCall final : public tasks::RunningTask {
 public:
  explicit SimulatedCall(std::shared_ptr<bool> cancelled) : cancelled_(std::move(cancelled)) {}
  ~SimulatedCall() override { Cancel(); }
  void Cancel() override { *cancelled_ = true; }

 private:
  const std::shared_ptr<bool> cancelled_;
};

}  // namespace

void SimulatedServices::ExpectDue(const tasks::TaskCall& call) const {
  const SimulatedStore::Row* row = store_.Find(call.execution_arn);
  ASSERT_NE(row, nullptr) << "a call for an execution that is not on record";
  ASSERT_EQ(row->record.status, ExecutionStatus::kRunning) << "a call after the end";
  HistoryReplayer replayer(machine_, row->record, {});
  NoSink sink;
  ASSERT_TRUE(replayer.Start(sink).ok());
  ASSERT_TRUE(replayer.Feed(row->journal, sink).ok());
  std::vector<asl::Effect> due;
  replayer.execution().AppendOutstanding(due);
  const bool is_due = std::any_of(due.begin(), due.end(), [&call](const asl::Effect& effect) {
    const auto* task = std::get_if<asl::RunTask>(&effect);
    return task != nullptr && task->resource == call.resource && task->input == call.input &&
           task->try_number == call.try_number && task->deadline == call.deadline &&
           absl::StrCat(call.execution_arn, "/", task->task) == call.idempotency_key;
  });
  EXPECT_TRUE(is_due) << "a call before its record was durable: " << call.idempotency_key << " try "
                      << call.try_number;
}

std::unique_ptr<tasks::RunningTask> SimulatedServices::Run(tasks::TaskCall call,
                                                           tasks::TaskDone done) {
  ExpectDue(call);
  auto [found, first] = keys_.try_emplace(call.idempotency_key);
  Key& key = found->second;
  if (first) {
    key = {call.resource, call.input, behaviour_(call), 0, 0};
  } else if (std::holds_alternative<asl::Failure>(key.answer)) {
    key.answer = behaviour_(call);  // who could not do it may do it now
  } else {
    EXPECT_EQ(key.resource, call.resource) << "one key for two tasks";
    EXPECT_EQ(key.input, call.input) << "one key for two requests";
  }
  ++key.calls;

  auto cancelled = std::make_shared<bool>(false);
  tasks::TaskOutcome outcome = key.answer;
  if (key.troubles < kMaxTroubles && events_.Chance(trouble_)) {
    ++key.troubles;
    if (events_.Chance(0.3)) return std::make_unique<SimulatedCall>(cancelled);  // never answers
    outcome = asl::Failure{"Grpc.UNAVAILABLE", "simulated"};
  }
  const bool answers_when_cancelled = events_.Chance(0.5);
  events_.After(kService, [cancelled, answers_when_cancelled, done = std::move(done),
                           outcome = std::move(outcome)]() mutable {
    if (*cancelled && !answers_when_cancelled) return;
    std::move(done)(std::move(outcome));
  });
  return std::make_unique<SimulatedCall>(std::move(cancelled));
}

}  // namespace orderflow::engine
