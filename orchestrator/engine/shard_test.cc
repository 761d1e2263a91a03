// A shard by hand: the test is its thread, its journal and its services.

#include "orchestrator/engine/shard.h"

#include <deque>
#include <map>

#include "common/base/test_matchers.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/journal_codec.h"
#include "orchestrator/engine/test_machines.h"

namespace orderflow::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kOneTask[] = R"({"StartAt": "A", "States": {
    "A": {"Type": "Task", "Resource": "${First}", "TimeoutSeconds": 60, "Next": "B"},
    "B": {"Type": "Task", "Resource": "${Second}", "End": true}}})";
constexpr char kOnlyPass[] = R"({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}})";
constexpr char kOnlyWait[] =
    R"({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": true}}})";

// Keeps batches until the test answers them.
class HeldJournal final : public store::Journal {
 public:
  void Start(store::ExecutionRecord, Callback<store::StartOutcome>) override { FAIL(); }
  void Append(store::Batch batch, StatusCallback done) override {
    batches.push_back(std::move(batch));
    answers.push_back(std::move(done));
  }
  void AnswerFirst(absl::Status status = absl::OkStatus()) {
    auto answer = std::move(answers.front());
    answers.pop_front();
    std::move(answer)(std::move(status));
  }

  std::vector<store::Batch> batches;
  std::deque<StatusCallback> answers;
};

// Keeps calls until the test answers them.
class HeldTasks final : public tasks::TaskRunner {
 public:
  struct Call {
    tasks::TaskCall call;
    tasks::TaskDone done;
    std::shared_ptr<bool> cancelled;
  };
  class Handle final : public tasks::RunningTask {
   public:
    explicit Handle(std::shared_ptr<bool> cancelled) : cancelled_(std::move(cancelled)) {}
    ~Handle() override { Cancel(); }
    void Cancel() override { *cancelled_ = true; }

   private:
    std::shared_ptr<bool> cancelled_;
  };

  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall call, tasks::TaskDone done) override {
    auto cancelled = std::make_shared<bool>(false);
    calls.push_back({std::move(call), std::move(done), cancelled});
    return std::make_unique<Handle>(cancelled);
  }
  std::optional<std::string> CheckResource(std::string_view) const override { return std::nullopt; }

  std::vector<Call> calls;
};

// Keeps child executions until the test answers them.
class HeldChildren final : public ChildRunner {
 public:
  std::unique_ptr<tasks::RunningTask> RunChild(ChildCall call, tasks::TaskDone done) override {
    calls.push_back(std::move(call));
    answers.push_back(std::move(done));
    return std::make_unique<HeldTasks::Handle>(std::make_shared<bool>(false));
  }

  std::vector<ChildCall> calls;
  std::vector<tasks::TaskDone> answers;
};

class RecordingObserver final : public ExecutionObserver {
 public:
  void OnAdvanced(int64_t sequence) override { advanced.push_back(sequence); }
  void OnCompleted(const ExecutionResult& result) override { completed = result; }
  void OnLost(const absl::Status& status) override { lost = status; }

  std::vector<int64_t> advanced;
  std::optional<ExecutionResult> completed;
  absl::Status lost;
};

// Writes down what it is told.
class RecordingMeter final : public Meter {
 public:
  void OnAdded(const Machine&, absl::Time) override { told.push_back("added"); }
  void OnRemoved(const Machine&, absl::Time) override { told.push_back("removed"); }
  void OnEnded(const Machine&, const ExecutionResult& result) override {
    told.push_back(result.status == store::ExecutionStatus::kSucceeded ? "succeeded" : "failed");
  }
  void OnAttempt(const asl::Resource& resource, int try_number) override {
    told.push_back(absl::StrCat(resource.text, " try ", try_number));
  }
  void OnAttemptEnded(const asl::Resource& resource, AttemptEnd end, absl::Duration took) override {
    constexpr const char* kEnds[] = {" succeeded", " failed", " timed out", " cancelled"};
    told.push_back(absl::StrCat(resource.text, kEnds[static_cast<int>(end)], " after ",
                                absl::FormatDuration(took)));
  }

  std::vector<std::string> told;
};

class ShardTest : public ::testing::Test {
 protected:
  ShardTest() {
    options_.batches_in_flight = 1;
    options_.execution_log = [this](std::string line) { log_.push_back(std::move(line)); };
    options_.report = [this](std::string text) { reports_.push_back(std::move(text)); };
    shard_ = std::make_unique<Shard>(options_, journal_, tasks_, children_);
  }

  void Run(absl::Duration later = absl::ZeroDuration()) {
    now_ += later;
    shard_->RunOnce(now_);
  }

  // A row as Journal::Start would have written it.
  store::ExecutionRecord Row(const MachinePtr& machine, const std::string& name) {
    StartRequest request;
    request.machine = machine;
    request.name = name;
    request.input = "{}";
    request.express_id = "u";
    return MakeRecord(request, ++last_key_, ToWholeMicroseconds(now_));
  }

  // Begins an execution whose start is durable; the answer to who waits for it goes to
  // ended_[name].
  std::string Begin(const MachinePtr& machine, const std::string& name,
                    std::optional<absl::Time> wait_until = std::nullopt, WaitTicket ticket = 0,
                    std::string_view input = "{}") {
    const store::ExecutionRecord row = Row(machine, name);
    Waiter waiter;
    waiter.ended = [this, name](absl::StatusOr<StartResult> result) {
      ended_.insert_or_assign(name, std::move(result));
    };
    waiter.wait_until = wait_until;
    waiter.ticket = ticket;
    auto message = std::make_unique<engine::Begin>();
    message->accepted = {row.key, machine, MakeContext(row, *machine), ""};
    message->input = *json::Parse(input).value;
    message->waiter = std::move(waiter);
    shard_->Post(std::move(message));
    Run();
    return row.arn;
  }

  void AnswerTask(size_t call, tasks::TaskOutcome outcome = json::Value::Object({})) {
    std::move(tasks_.calls.at(call).done)(std::move(outcome));
    Run();
  }
  void AnswerJournal(absl::Status status = absl::OkStatus()) {
    journal_.AnswerFirst(std::move(status));
    Run();
  }
  // The answer goes to stopped_.
  void Stop(const std::string& arn) {
    shard_->Post(StopAsked{arn, {"Stopped", std::nullopt}, [this](absl::StatusOr<absl::Time> at) {
                             stopped_ = std::move(at);
                           }});
    Run();
  }
  void Halt() {
    shard_->Post(engine::Halt{[this] { halted_ = true; }});
    Run();
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  store::ExecutionKey last_key_ = 0;
  Options options_;
  HeldJournal journal_;
  HeldTasks tasks_;
  HeldChildren children_;
  std::vector<std::string> log_;
  std::vector<std::string> reports_;
  std::unique_ptr<Shard> shard_;
  std::map<std::string, absl::StatusOr<StartResult>> ended_;
  absl::StatusOr<absl::Time> stopped_ = absl::UnknownError("no answer");
  bool halted_ = false;
  const MachinePtr machine_ = TestMachine(kOneTask);
};

TEST_F(ShardTest, TheFirstTaskRunsAtOnceSinceTheStartIsOnRecord) {
  const std::string arn = Begin(machine_, "1");
  ASSERT_THAT(tasks_.calls, SizeIs(1));
  EXPECT_THAT(journal_.batches, IsEmpty());
  const tasks::TaskCall& call = tasks_.calls[0].call;
  EXPECT_EQ(call.execution_arn, arn);
  EXPECT_EQ(call.idempotency_key, arn + "/1");
  EXPECT_EQ(call.try_number, 1);
  EXPECT_EQ(call.deadline, now_ + absl::Seconds(60));
}

TEST_F(ShardTest, TheNextTaskWaitsForTheRecordOfTheOneBefore) {
  Begin(machine_, "1");
  AnswerTask(0);
  ASSERT_THAT(journal_.batches, SizeIs(1));
  EXPECT_THAT(tasks_.calls, SizeIs(1)) << "acted before the record was durable";
  AnswerJournal();
  ASSERT_THAT(tasks_.calls, SizeIs(2));
  EXPECT_THAT(tasks_.calls[1].call.idempotency_key, HasSubstr("/2"));
}

TEST_F(ShardTest, TheResultIsToldWhenTheEndIsDurable) {
  Begin(machine_, "1");
  AnswerTask(0);
  AnswerJournal();
  AnswerTask(1, json::Value::Object({{"done", true}}));
  ASSERT_THAT(journal_.batches, SizeIs(2));
  EXPECT_THAT(journal_.batches[1].records, SizeIs(1));
  EXPECT_THAT(journal_.batches[1].ends, SizeIs(1));
  EXPECT_THAT(ended_, IsEmpty());
  AnswerJournal();
  ASSERT_THAT(ended_.at("1"), IsOk());
  EXPECT_EQ(ended_.at("1")->result->output, R"({"done":true})");
  EXPECT_EQ(shard_->counters().running, 0);
  EXPECT_EQ(shard_->counters().open_tasks, 0);
  EXPECT_EQ(shard_->counters().open_timers, 0);
}

TEST_F(ShardTest, AnExecutionThatEndsAtItsStartHasOnlyAnEnd) {
  Begin(TestMachine(kOnlyPass), "1");
  ASSERT_THAT(journal_.batches, SizeIs(1));
  EXPECT_THAT(journal_.batches[0].records, IsEmpty());
  EXPECT_THAT(journal_.batches[0].ends, SizeIs(1));
  EXPECT_THAT(ended_, IsEmpty());
  AnswerJournal();
  EXPECT_THAT(ended_.at("1"), IsOk());
}

TEST_F(ShardTest, TheMeterIsToldOfExecutionsAndAttempts) {
  RecordingMeter meter;
  options_.meter = &meter;
  Begin(TestMachine(R"({"StartAt": "A", "States": {
      "A": {"Type": "Task", "Resource": "grpc://a/s.S/A", "End": true, "Retry": [
          {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]}}})"),
        "1");
  Run(absl::Seconds(2));
  AnswerTask(0, asl::Failure{"States.Timeout", ""});
  AnswerJournal();
  Run(absl::Seconds(1));
  AnswerJournal();
  AnswerTask(1);
  EXPECT_THAT(meter.told, SizeIs(5)) << "told of the end before it was durable";
  AnswerJournal();
  EXPECT_THAT(meter.told, ElementsAre("added", "grpc://a/s.S/A try 1",
                                      "grpc://a/s.S/A timed out after 2s", "grpc://a/s.S/A try 2",
                                      "grpc://a/s.S/A succeeded after 0", "succeeded", "removed"));
}

TEST_F(ShardTest, TheMeterIsToldOfAttemptsThatNobodyWaitsForAnyMore) {
  RecordingMeter meter;
  options_.meter = &meter;
  const std::string stopped = Begin(TestMachine(kOneTask), "1");
  meter.told.clear();
  Stop(stopped);
  AnswerJournal();
  ASSERT_THAT(meter.told, SizeIs(3));
  EXPECT_THAT(meter.told[0], HasSubstr(" cancelled after 0"));
  EXPECT_EQ(meter.told[1], "failed");
  EXPECT_EQ(meter.told[2], "removed");

  Begin(TestMachine(kOneTask), "2");
  meter.told.clear();
  AnswerTask(1);
  AnswerJournal(absl::AbortedError("another writer"));
  ASSERT_THAT(meter.told, SizeIs(2));
  EXPECT_THAT(meter.told[0], HasSubstr(" succeeded after 0"));
  EXPECT_EQ(meter.told[1], "removed") << "lost";
}

TEST_F(ShardTest, OtherExecutionsGoOnWhileABatchIsUnderWay) {
  Begin(machine_, "1");
  Begin(machine_, "2");
  Begin(machine_, "3");
  AnswerTask(0);
  AnswerTask(1);
  AnswerTask(2);
  ASSERT_THAT(journal_.batches, SizeIs(1));
  AnswerJournal();
  ASSERT_THAT(journal_.batches, SizeIs(2));
  EXPECT_THAT(journal_.batches[1].records, SizeIs(2)) << "they gathered for one batch";
}

TEST_F(ShardTest, AnInputWaitsUntilTheOneBeforeItIsDurable) {
  const std::string arn = Begin(machine_, "1");
  AnswerTask(0);
  Stop(arn);
  ASSERT_THAT(journal_.batches, SizeIs(1));
  EXPECT_THAT(journal_.batches[0].records, SizeIs(1));
  AnswerJournal();
  // The stop is in the journal's hands now; the second task had been called in between, and is
  // still allowed to be.
  ASSERT_THAT(journal_.batches, SizeIs(2));
  EXPECT_EQ(journal_.batches[1].records[0].sequence, 2);
  EXPECT_THAT(stopped_, StatusIs(absl::StatusCode::kUnknown));
  AnswerJournal();
  EXPECT_THAT(stopped_, IsOkAndHolds(now_));
  EXPECT_TRUE(*tasks_.calls.back().cancelled);
  EXPECT_EQ(ended_.at("1")->result->status, store::ExecutionStatus::kAborted);
}

TEST_F(ShardTest, AStopBeforeTheNextCallPreventsIt) {
  Begin(machine_, "other");
  AnswerTask(0);  // takes the one batch that may be under way
  const std::string arn = Begin(machine_, "1");
  AnswerTask(1);
  Stop(arn);
  AnswerJournal();
  const size_t calls = tasks_.calls.size();
  EXPECT_THAT(journal_.batches.at(1).records, SizeIs(2)) << "answer and stop share a batch";
  AnswerJournal();
  EXPECT_EQ(tasks_.calls.size(), calls) << "called a task that was stopped already";
}

TEST_F(ShardTest, ALateAnswerOfACancelledTaskIsIgnored) {
  const std::string arn = Begin(machine_, "1");
  Stop(arn);
  const size_t batches = journal_.batches.size();
  AnswerTask(0);
  AnswerJournal();
  EXPECT_THAT(journal_.batches, SizeIs(batches));
}

TEST_F(ShardTest, ATimeoutEndsATask) {
  Begin(machine_, "1");
  EXPECT_EQ(shard_->NextDue(), now_ + absl::Seconds(60));
  Run(absl::Seconds(60));
  EXPECT_FALSE(*tasks_.calls[0].cancelled) << "acted before the record was durable";
  AnswerJournal();
  EXPECT_TRUE(*tasks_.calls[0].cancelled);
  EXPECT_EQ(ended_.at("1")->result->error, "States.Timeout");
  EXPECT_EQ(ended_.at("1")->result->failed_state, "A");
  EXPECT_EQ(shard_->NextDue(), std::nullopt);
}

TEST_F(ShardTest, TimeDoesNotRunBackwardsForAnExecution) {
  Begin(machine_, "1");
  Run(-absl::Seconds(5));
  AnswerTask(0);
  EXPECT_EQ(journal_.batches.at(0).records.at(0).at, now_ + absl::Seconds(5));
}

TEST_F(ShardTest, WhoWaitsLongEnoughIsAnsweredWithoutAResult) {
  const std::string arn = Begin(TestMachine(kOnlyWait), "1", now_ + absl::Seconds(10));
  Run(absl::Seconds(9));
  EXPECT_THAT(ended_, IsEmpty());
  Run(absl::Seconds(1));
  ASSERT_THAT(ended_.at("1"), IsOk());
  EXPECT_EQ(ended_.at("1")->result, std::nullopt);
  EXPECT_EQ(ended_.at("1")->execution_arn, arn);
  EXPECT_EQ(shard_->counters().running, 1) << "the execution goes on";
}

TEST_F(ShardTest, WhoDoesNotWantToWaitIsAnsweredInTheSameTurn) {
  Begin(machine_, "1", absl::InfinitePast());
  ASSERT_THAT(ended_.at("1"), IsOk());
  EXPECT_EQ(ended_.at("1")->result, std::nullopt);
}

TEST_F(ShardTest, WhoGivesUpIsLetGo) {
  const std::string arn = Begin(machine_, "1", std::nullopt, /*ticket=*/7);
  shard_->Post(GivenUp{arn, 8});
  Run();
  EXPECT_THAT(ended_, IsEmpty());
  shard_->Post(GivenUp{arn, 7});
  Run();
  EXPECT_THAT(ended_.at("1"), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(shard_->counters().running, 1);
}

TEST_F(ShardTest, WhoGivesUpBeforeTheStartIsDurableIsLetGoThen) {
  shard_->Post(GivenUp{Row(machine_, "1").arn, 7});
  Run();
  Begin(machine_, "1", std::nullopt, /*ticket=*/7);
  EXPECT_THAT(ended_.at("1"), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(ShardTest, ObserversHearWhatIsDurable) {
  const std::string arn = Begin(machine_, "1");
  auto observer = std::make_shared<RecordingObserver>();
  absl::StatusOr<int64_t> since = absl::UnknownError("no answer");
  shard_->Post(
      ObserveAsked{arn, observer, [&since](absl::StatusOr<int64_t> durable) { since = durable; }});
  Run();
  EXPECT_THAT(since, IsOkAndHolds(0));
  AnswerTask(0);
  EXPECT_THAT(observer->advanced, IsEmpty());
  AnswerJournal();
  EXPECT_THAT(observer->advanced, ElementsAre(1));
  AnswerTask(1);
  AnswerJournal();
  EXPECT_THAT(observer->advanced, ElementsAre(1, 2));
  EXPECT_EQ(observer->completed->status, store::ExecutionStatus::kSucceeded);
}

TEST_F(ShardTest, AnObserverThatIsRemovedHearsNothing) {
  const std::string arn = Begin(machine_, "1");
  auto observer = std::make_shared<RecordingObserver>();
  shard_->Post(ObserveAsked{arn, observer, [](absl::StatusOr<int64_t>) {}});
  shard_->Post(UnobserveAsked{arn, observer.get()});
  AnswerTask(0);
  AnswerJournal();
  EXPECT_THAT(observer->advanced, IsEmpty());
  EXPECT_EQ(observer.use_count(), 1);
}

TEST_F(ShardTest, WhatAnotherWriterHasIsLetGoOfLoudly) {
  const std::string arn = Begin(machine_, "1");
  auto observer = std::make_shared<RecordingObserver>();
  shard_->Post(ObserveAsked{arn, observer, [](absl::StatusOr<int64_t>) {}});
  AnswerTask(0);
  AnswerJournal(absl::AbortedError("another writer"));
  EXPECT_THAT(ended_.at("1"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(observer->lost, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(shard_->counters().lost, 1);
  EXPECT_EQ(shard_->counters().running, 0);
  EXPECT_THAT(reports_, ElementsAre(HasSubstr(arn)));
  EXPECT_THAT(tasks_.calls, SizeIs(1)) << "acted for an execution that it does not own";
}

TEST_F(ShardTest, AnOutageOfTheJournalDelaysAndLosesNothing) {
  Begin(machine_, "1");
  AnswerTask(0);
  AnswerJournal(absl::UnavailableError("disk full"));
  EXPECT_EQ(shard_->commits().failing, 1);
  EXPECT_THAT(tasks_.calls, SizeIs(1));
  ASSERT_TRUE(shard_->NextDue());
  Run(*shard_->NextDue() - now_);
  ASSERT_THAT(journal_.batches, SizeIs(2));
  AnswerJournal();
  EXPECT_THAT(tasks_.calls, SizeIs(2));
}

TEST_F(ShardTest, ExpressExecutionsNeedNoJournal) {
  Begin(TestMachine(kOneTask, "fast", store::MachineType::kExpress), "1");
  AnswerTask(0);
  AnswerTask(1);
  ASSERT_THAT(ended_.at("1"), IsOk());
  EXPECT_EQ(ended_.at("1")->result->status, store::ExecutionStatus::kSucceeded);
  EXPECT_THAT(journal_.batches, IsEmpty());
  EXPECT_THAT(log_, ElementsAre(HasSubstr(R"("type":"ExecutionSucceeded")")))
      << "its end is all that remains";
}

TEST_F(ShardTest, EventsAreLoggedWhenTheyAreDurable) {
  auto logged = std::make_shared<Machine>(*machine_);
  logged->log_level = LogLevel::kError;
  Begin(logged, "1");
  AnswerTask(0, asl::Failure{"Bad", "why"});
  EXPECT_THAT(log_, IsEmpty());
  AnswerJournal();
  EXPECT_THAT(log_, ElementsAre(HasSubstr(R"("type":"TaskFailed")"),
                                HasSubstr(R"("type":"ExecutionFailed")")));
}

TEST_F(ShardTest, AResumedExecutionGoesOnWithTheSameKey) {
  const store::ExecutionRecord row = Row(machine_, "1");
  const asl::Input answer{row.start_time + absl::Seconds(1),
                          asl::TaskSucceeded{1, json::Value::Object({})}};
  auto resume = std::make_unique<Resume>();
  resume->accepted = {row.key, machine_, MakeContext(row, *machine_), ""};
  resume->unfinished = {row, {EncodeInput(row.key, 1, answer)}};
  absl::Status resumed = absl::UnknownError("no answer");
  resume->done = [&resumed](absl::Status status) { resumed = std::move(status); };
  shard_->Post(std::move(resume));
  Run();
  ASSERT_THAT(resumed, IsOk());
  ASSERT_THAT(tasks_.calls, SizeIs(1));
  EXPECT_EQ(tasks_.calls[0].call.idempotency_key, row.arn + "/2");
  AnswerTask(0);
  EXPECT_EQ(journal_.batches.at(0).records.at(0).sequence, 2);
}

TEST_F(ShardTest, WhatCannotBeReplayedIsNotRun) {
  const store::ExecutionRecord row = Row(machine_, "1");
  auto resume = std::make_unique<Resume>();
  resume->accepted = {row.key, machine_, MakeContext(row, *machine_), ""};
  resume->unfinished = {row, {EncodeInput(row.key, 1, {row.start_time, asl::TimerFired{4711}})}};
  absl::Status resumed;
  resume->done = [&resumed](absl::Status status) { resumed = std::move(status); };
  shard_->Post(std::move(resume));
  Run();
  EXPECT_THAT(resumed, StatusIs(absl::StatusCode::kDataLoss, HasSubstr(row.arn)));
  EXPECT_THAT(tasks_.calls, IsEmpty());
  EXPECT_EQ(shard_->counters().running, 0);
}

TEST_F(ShardTest, AHaltWaitsForWhatIsUnderWayAndAnswersWhoWaits) {
  Begin(machine_, "1");
  AnswerTask(0);
  Halt();
  EXPECT_FALSE(halted_);
  AnswerJournal();
  EXPECT_TRUE(halted_);
  EXPECT_THAT(ended_.at("1"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(tasks_.calls, SizeIs(1)) << "the restart calls it";
}

TEST_F(ShardTest, AResultThatBecomesDurableDuringAHaltIsTold) {
  Begin(machine_, "1");
  AnswerTask(0);
  AnswerJournal();
  AnswerTask(1);
  Halt();
  AnswerJournal();
  EXPECT_TRUE(halted_);
  EXPECT_THAT(ended_.at("1"), IsOk());
}

TEST_F(ShardTest, AHaltWithTheDiskFullDoesNotHang) {
  Begin(machine_, "1");
  AnswerTask(0);
  AnswerJournal(absl::UnavailableError("disk full"));
  Halt();
  EXPECT_TRUE(halted_);
}

// --- Tasks that somebody else answers ---

constexpr char kToken[] = R"({"StartAt": "A", "States": {
    "A": {"Type": "Task", "Resource": "grpc://shop:1/shop.Stock/Order.waitForTaskToken",
          "HeartbeatSeconds": 60, "End": true}}})";
constexpr char kActivity[] = R"({"StartAt": "A", "States": {
    "A": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:1:activity:a", "End": true}}})";
constexpr char kChildren[] = R"({"StartAt": "M", "States": {"M": {"Type": "Map",
    "ItemsPath": "$$.Execution.Input.items", "Label": "each",
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
      "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}},
    "End": true}}})";

class SignalTest : public ShardTest {
 protected:
  // The answer goes to signal_.
  void Signal(const std::string& arn, TaskSignal signal) {
    signal_ = absl::UnknownError("no answer");
    shard_->Post(TaskSignalled{
        arn, std::move(signal), [this](absl::Status status) { signal_ = std::move(status); },
        [](StatusCallback done) { std::move(done)(absl::NotFoundError("not running here")); }});
    Run();
  }
  static TaskSignal Success() { return asl::TaskSucceeded{1, json::Value("yes")}; }

  absl::Status signal_;
};

TEST_F(SignalTest, ASignalIsAcknowledgedWhenItIsDurable) {
  const std::string arn = Begin(TestMachine(kToken), "1");
  EXPECT_THAT(tasks_.calls[0].call.task_token, Not(IsEmpty()));
  AnswerTask(0);
  ASSERT_THAT(journal_.batches, SizeIs(1));
  EXPECT_EQ(journal_.batches[0].records[0].kind, store::JournalRecord::Kind::kTaskSubmitted);
  AnswerJournal();
  Signal(arn, Success());
  EXPECT_THAT(signal_, StatusIs(absl::StatusCode::kUnknown)) << "it is not durable yet";
  AnswerJournal();
  EXPECT_THAT(signal_, IsOk());
  EXPECT_EQ(ended_.at("1")->result->output, R"("yes")");
  EXPECT_EQ(shard_->counters().open_tasks, 0);
  Signal(arn, Success());
  EXPECT_THAT(signal_, StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SignalTest, OfTwoAnswersTheFirstCounts) {
  const std::string arn = Begin(TestMachine(kToken), "1");
  Signal(arn, Success());
  Signal(arn, asl::TaskFailed{1, asl::Failure{"Late", std::nullopt}});
  EXPECT_THAT(signal_, StatusIs(absl::StatusCode::kUnknown));
  AnswerJournal();
  EXPECT_THAT(signal_, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(ended_.at("1")->result->output, R"("yes")");
}

TEST_F(SignalTest, AnAnswerGivesUpTheCallOnlyWhenItIsDurable) {
  const std::string arn = Begin(TestMachine(kToken), "1");
  Signal(arn, Success());
  EXPECT_FALSE(*tasks_.calls[0].cancelled);
  AnswerJournal();
  EXPECT_TRUE(*tasks_.calls[0].cancelled);
}

TEST_F(SignalTest, AHeartbeatSetsTheTimerAnew) {
  const std::string arn = Begin(TestMachine(kToken), "1");
  Run(absl::Seconds(50));
  Signal(arn, asl::Heartbeat{1});
  AnswerJournal();
  EXPECT_THAT(signal_, IsOk());
  Run(absl::Seconds(50));
  EXPECT_THAT(journal_.batches, SizeIs(1)) << "timed out all the same";
  Run(absl::Seconds(10));
  AnswerJournal();
  EXPECT_EQ(ended_.at("1")->result->error, "States.Timeout");
}

TEST_F(SignalTest, ASignOfLifeThatNobodyWaitsForIsNotJournaled) {
  const std::string arn = Begin(TestMachine(kActivity), "1");
  Signal(arn, asl::TaskStarted{1, "worker"});
  AnswerJournal();
  EXPECT_THAT(signal_, IsOk());
  Signal(arn, asl::Heartbeat{1});
  EXPECT_THAT(signal_, IsOk());
  Signal(arn, asl::Heartbeat{2});
  EXPECT_THAT(signal_, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(journal_.batches, SizeIs(1));
}

TEST_F(SignalTest, ATaskThatIsAnsweredByItsServiceTakesNoSignals) {
  const std::string arn = Begin(machine_, "1");
  EXPECT_THAT(tasks_.calls[0].call.task_token, IsEmpty());
  Signal(arn, Success());
  EXPECT_THAT(signal_, StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SignalTest, WhoSignalsIsToldWhenTheShardEnds) {
  const std::string arn = Begin(TestMachine(kToken), "1");
  Signal(arn, Success());
  Halt();
  AnswerJournal(absl::UnavailableError("disk full"));
  EXPECT_TRUE(halted_);
  EXPECT_THAT(signal_, StatusIs(absl::StatusCode::kUnavailable));
  Signal(arn, Success());
  EXPECT_THAT(signal_, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SignalTest, ChildrenThatNobodyWaitsForAreStoppedAfterARestart) {
  const std::string arn =
      Begin(TestMachine(kChildren), "1", std::nullopt, 0, R"({"items": [1, 2]})");
  ASSERT_THAT(children_.calls, SizeIs(2));
  std::vector<std::string> stopped;
  const auto stop = [&stopped](const std::string& child) { stopped.push_back(child); };
  shard_->Post(ChildrenTakenUp{
      arn,
      {{children_.calls[0].origin, "wanted"}, {arn + "/9/1", "of a task that is over"}},
      stop});
  shard_->Post(ChildrenTakenUp{"gone", {{"gone/1/1", "of an execution that is over"}}, stop});
  Run();
  EXPECT_THAT(stopped, ElementsAre("of a task that is over", "of an execution that is over"));
}

TEST_F(ShardTest, ACallThatIsToComeLaterComesThen) {
  bool called = false;
  shard_->Post(Delayed{absl::Seconds(5), [&called] { called = true; }});
  Run();
  EXPECT_EQ(shard_->NextDue(), now_ + absl::Seconds(5));
  Run(absl::Seconds(4));
  EXPECT_FALSE(called);
  Run(absl::Seconds(1));
  EXPECT_TRUE(called);
  EXPECT_EQ(shard_->NextDue(), std::nullopt);
}

TEST_F(ShardTest, AfterAHaltEverythingIsRefused) {
  const std::string arn = Begin(machine_, "1");
  Halt();
  EXPECT_TRUE(*tasks_.calls[0].cancelled);
  Stop(arn);
  EXPECT_THAT(stopped_, StatusIs(absl::StatusCode::kUnavailable));
  Begin(machine_, "2");
  EXPECT_THAT(ended_.at("2"), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace orderflow::engine
