// Activities that come and go while executions want them, in virtual time: whether one was there
// when its task was to begin is decided once, and every replay decides the same.

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/task_token.h"
#include "orchestrator/engine/execution_log.h"
#include "orchestrator/engine/history.h"
#include "orchestrator/engine/journal_codec.h"
#include "orchestrator/engine/simulation.h"
#include "orchestrator/engine/test_machines.h"

namespace orderflow::engine {
namespace {

using store::ExecutionStatus;
using store::JournalRecord;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

#define ARN "arn:aws:states:us-east-1:000000000000:activity:"

// A Task of the activity of the same name, as a member of States.
std::string TaskOf(const std::string& name, const std::string& transition) {
  return absl::StrCat(R"(")", name, R"(": {"Type": "Task", "Resource": ")" ARN, name,
                      R"(", "TimeoutSeconds": 3, "Retry": [{"ErrorEquals": ["States.ALL"],
                        "IntervalSeconds": 1, "MaxAttempts": 2}], )",
                      transition, "}");
}

// Wants an activity at the start, two side by side, and one after the other.
std::string Definition() {
  const std::string end = R"("End": true)";
  return absl::StrCat(R"({"StartAt": "first", "States": {)", TaskOf("first", R"("Next": "Sides")"),
                      R"(, "Sides": {"Type": "Parallel", "Next": "Each", "Branches": [
      {"StartAt": "left", "States": {)",
                      TaskOf("left", end), R"(}},
      {"StartAt": "right", "States": {)",
                      TaskOf("right", end), R"(}}]},
    "Each": {"Type": "Map", "MaxConcurrency": 1, "End": true, "ItemProcessor": {
      "StartAt": "each", "States": {)",
                      TaskOf("each", end), "}}}}}");
}

// What the durable record of an execution makes of it.
struct Replayed {
  std::vector<asl::HistoryEvent> events;
  asl::Status status = asl::Status::kRunning;
  std::vector<asl::AttemptId> open;  // attempts

  std::vector<std::string> Types() const {
    std::vector<std::string> types;
    for (const asl::HistoryEvent& event : events) types.emplace_back(event.type);
    return types;
  }
};

// Feeds one record after the other. Fails the test where activities are noted as missing though the
// execution went on.
Replayed Replay(const MachinePtr& machine, const SimulatedStore::Row& row) {
  Replayed replayed;
  EventBuffer sink(replayed.events);
  HistoryReplayer replayer(machine, row.record, {});
  EXPECT_TRUE(replayer.Start(sink).ok());
  for (const JournalRecord& record : row.journal) {
    EXPECT_TRUE(replayer.Feed({record}, sink).ok());
    if (record.kind == JournalRecord::Kind::kActivitiesMissing) {
      EXPECT_NE(replayer.execution().status(), asl::Status::kRunning) << record.payload;
    }
  }
  replayed.status = replayer.execution().status();
  std::vector<asl::Effect> open;
  replayer.execution().AppendOutstanding(open);
  for (const asl::Effect& effect : open) {
    if (const auto* task = std::get_if<asl::RunTask>(&effect))
      replayed.open.push_back(task->attempt);
  }
  return replayed;
}

// Activities, and workers who take their tasks and answer them, or not.
class ActivityWorld : public Simulation, private tasks::TaskRunner {
 protected:
  explicit ActivityWorld(uint64_t seed)
      : Simulation(seed, {.machine = MakeMachine(),
                          .recovery_page = 2,
                          .token_key = "secret",
                          .missing_activities = [this](const std::vector<std::string>& arns) {
                            return Missing(arns);
                          }}) {}

  const SimulatedStore::Row& RowOf(const std::string& name) const {
    return *store_.Find(ArnOf(name));
  }

  std::set<std::string> missing_;
  double good_ = 1;  // the probability that a worker does what it is asked for

 private:
  static MachinePtr MakeMachine() {
    auto machine = std::make_shared<Machine>(*TestMachine(Definition(), "activities"));
    machine->token_key = "secret";
    return machine;
  }
  std::vector<std::string> Missing(const std::vector<std::string>& arns) const {
    std::vector<std::string> missing;
    for (const std::string& arn : arns) {
      if (missing_.contains(arn)) missing.push_back(arn);
    }
    return missing;
  }

  tasks::TaskRunner& services() override { return *this; }
  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall call, tasks::TaskDone) override {
    struct Handle final : tasks::RunningTask {
      void Cancel() override {}
    };
    const SimulatedStore::Row* row = store_.Find(call.execution_arn);
    const std::optional<asl::TokenContent> token = asl::ReadTaskToken(call.task_token);
    EXPECT_THAT(Replay(machine_, *row).open, ::testing::Contains(token->attempt))
        << "a task that no replay knows of";
    Work(call.task_token, json::Serialize(call.input));
    return std::make_unique<Handle>();
  }
  std::optional<std::string> CheckResource(std::string_view) const override { return std::nullopt; }

  void Work(const std::string& token, const std::string& output) {
    world_.After({absl::Milliseconds(1), absl::Milliseconds(300)}, [=, this] {
      engine_->Signal(token, asl::TaskStarted{0, "worker"}, [](absl::Status) {});
      if (!world_.Chance(good_)) return;  // its time runs out
      TaskSignal answer = asl::TaskSucceeded{0, json::Value(output)};
      if (!world_.Chance(good_)) answer = asl::TaskFailed{0, {"Torn", "by accident"}};
      engine_->Signal(token, std::move(answer), [=, this](absl::Status status) {
        if (absl::IsUnavailable(status)) Work(token, output);
      });
    });
  }
};

// --- One case at a time ---

class MissingActivityTest : public ::testing::Test, protected ActivityWorld {
 protected:
  MissingActivityTest() : ActivityWorld(1) {}

  void OnRestart() override {}
  bool Done() const override { return done_ ? done_() : !store_.rows().empty() && AllEnded(); }

  void RunToTheEnd() {
    Boot();
    StartLater("1", json::Value(7));
    RunUntilDone();
  }

  std::function<bool()> done_;  // empty: all have ended
};

TEST_F(MissingActivityTest, TheRowOfTheStartSaysWhatItMissed) {
  missing_ = {ARN "first", ARN "right"};
  RunToTheEnd();
  const SimulatedStore::Row& row = RowOf("1");
  EXPECT_EQ(row.record.missing_activities, R"([")" ARN R"(first",")" ARN R"(right"])");
  EXPECT_THAT(row.journal, IsEmpty());
  EXPECT_EQ(row.record.error, "States.Runtime");
  EXPECT_EQ(row.record.failed_state, "first");
  missing_.clear();  // a replay asks nobody
  EXPECT_THAT(Replay(machine_, row).Types(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "ExecutionFailed"));
}

TEST_F(MissingActivityTest, WhereAllAreThereNothingIsWritten) {
  RunToTheEnd();
  const SimulatedStore::Row& row = RowOf("1");
  EXPECT_EQ(row.record.status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(row.record.missing_activities, "");
  for (const JournalRecord& record : row.journal)
    EXPECT_NE(record.kind, JournalRecord::Kind::kActivitiesMissing);
}

TEST_F(MissingActivityTest, TheRecordThatEndedItSaysWhatWasMissing) {
  missing_ = {ARN "left", ARN "each"};
  RunToTheEnd();
  const SimulatedStore::Row& row = RowOf("1");
  ASSERT_THAT(row.journal, SizeIs(2)) << "the worker takes the first task, and answers it";
  EXPECT_EQ(row.journal[0].kind, JournalRecord::Kind::kTaskStarted) << "nobody wanted them yet";
  EXPECT_EQ(row.journal[1].kind, JournalRecord::Kind::kActivitiesMissing);
  EXPECT_EQ(DecodeRecord(row.journal[1])->missing_activities,
            (std::vector<std::string>{ARN "each", ARN "left"}));
  EXPECT_THAT(row.record.cause.value_or(""), HasSubstr("activity " ARN "left does not exist."));
  EXPECT_EQ(row.record.events, static_cast<int64_t>(Replay(machine_, row).events.size()));
}

TEST_F(MissingActivityTest, ARedriveThatMissesItAgainIsKnownByItsToken) {
  missing_ = {ARN "first"};
  RunToTheEnd();
  const auto redrive = [this] {
    std::optional<absl::Time> at;
    done_ = [&at] { return at.has_value(); };
    Boot();
    world_.After({absl::Milliseconds(100), absl::Milliseconds(200)}, [this, &at] {
      engine_->Redrive(ArnOf("1"), "token", [&at](absl::StatusOr<absl::Time> redriven) {
        ASSERT_TRUE(redriven.ok()) << redriven.status();
        at = *redriven;
      });
    });
    RunUntilDone();
    return at;
  };
  const std::optional<absl::Time> first = redrive();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(RowOf("1").record.redrives, 1);
  EXPECT_EQ(RowOf("1").record.status, ExecutionStatus::kFailed);
  EXPECT_EQ(redrive(), first) << "the same call again";
  EXPECT_THAT(RowOf("1").journal, SizeIs(1));
  EXPECT_THAT(Replay(machine_, RowOf("1")).Types(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "ExecutionFailed",
                          "ExecutionRedriven", "ExecutionFailed"));
}

// --- Whatever happens ---

class ActivitySimulation final : public ActivityWorld {
 public:
  explicit ActivitySimulation(uint64_t seed)
      : ActivityWorld(seed), mended_(clock_.Now() + absl::Milliseconds(world_.Pick(0, 6000))) {
    good_ = 0.9;
  }

  void Simulate() {
    for (const char* activity : {ARN "first", ARN "left", ARN "right", ARN "each"})
      ChangeLater(activity);
    Boot();
    OnRestart();
    PlanCrashes(5, absl::Seconds(6));
    if (world_.Chance(0.3)) PlanOutage(absl::Seconds(5));
    for (const char* name : kNames) OperateLater(name);
    ASSERT_NO_FATAL_FAILURE(RunUntilDone());
    for (const auto& [key, row] : store_.rows()) CheckEnd(row);
  }
  int failures() const { return failures_; }  // for want of an activity

 private:
  static constexpr const char* kNames[] = {"a", "b", "c"};

  void OnRestart() override {
    for (const char* name : kNames) StartLater(name, json::Value(name));
  }
  bool Done() const override {
    for (const char* name : kNames) {
      const SimulatedStore::Row* row = store_.Find(ArnOf(name));
      if (row == nullptr || row->record.status != ExecutionStatus::kSucceeded) return false;
    }
    return true;
  }

  // Creates the activity and deletes it, until all are to stay.
  void ChangeLater(const std::string& arn) {
    world_.After({absl::Milliseconds(1), absl::Milliseconds(600)}, [=, this] {
      const bool stays = clock_.Now() >= mended_;
      if (stays || world_.Chance(0.6)) {
        missing_.erase(arn);
      } else {
        missing_.insert(arn);
      }
      if (!stays) ChangeLater(arn);
    });
  }

  void OperateLater(const std::string& name) {
    world_.After({absl::Milliseconds(50), absl::Milliseconds(500)}, [=, this] {
      const SimulatedStore::Row* row = store_.Find(ArnOf(name));
      if (row != nullptr && row->record.status == ExecutionStatus::kFailed) {
        CheckEnd(*row);
        engine_->Redrive(ArnOf(name), absl::StrCat(row->record.redrives),
                         [](absl::StatusOr<absl::Time>) {});
      }
      OperateLater(name);
    });
  }

  // What is on record of the end is what a replay comes to, whatever exists by now.
  void CheckEnd(const SimulatedStore::Row& row) {
    const Replayed replayed = Replay(machine_, row);
    EXPECT_EQ(ToStoreStatus(replayed.status), row.record.status) << row.record.arn;
    ASSERT_EQ(static_cast<int64_t>(replayed.events.size()), row.record.events) << row.record.arn;
    if (row.record.status != ExecutionStatus::kFailed) return;
    const asl::HistoryEvent& last = replayed.events.back();
    ASSERT_EQ(last.type, "ExecutionFailed");
    EXPECT_EQ(last.details.Find("error")->AsString(), row.record.error.value_or(""));
    if (row.record.error != asl::kErrorRuntime) return;  // its workers were too bad
    EXPECT_EQ(last.details.Find("cause")->AsString(), row.record.cause.value_or(""));
    ++failures_;
    // What was scheduled before a redrive is over.
    int64_t redriven = 0;
    for (const asl::HistoryEvent& event : replayed.events) {
      if (event.type == "ExecutionRedriven") redriven = event.id;
    }
    const auto& before = replayed.events[static_cast<size_t>(last.previous_id) - 1];
    EXPECT_TRUE(before.type != "ActivityScheduled" || before.id < redriven)
        << "scheduled, though its activity is missing: event " << before.id;
  }

  const absl::Time mended_;
  int failures_ = 0;
};

TEST(ActivitySimulatorTest, WhetherAnActivityWasThereIsDecidedOnceWhateverHappens) {
  int64_t failures = 0;
  RunSimulations(200, /*crashes_each=*/0.5, [&](uint64_t seed) {
    ActivitySimulation simulation(seed);
    simulation.Simulate();
    failures += simulation.failures();
    return simulation.crashes();
  });
  if (const SimulationPlan plan(200); plan.is_whole) {
    EXPECT_GT(failures, plan.count) << "too few were missing to prove anything";
  }
  RecordProperty("failures", static_cast<int>(failures));
}

}  // namespace
}  // namespace orderflow::engine
