// Redrives: an execution that has ended without success goes on where it ended.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kTask[] = R"({"Type": "Task", "Resource": "r", "End": true})";

std::string Graph(const std::string& name, const std::string& state) {
  return R"({"StartAt": ")" + name + R"(", "States": {")" + name + R"(": )" + state + "}}";
}

// The types of the events after the first `count`.
std::vector<std::string> Since(const TestExecution& run, size_t count) {
  std::vector<std::string> types = run.EventTypes();
  types.erase(types.begin(), types.begin() + static_cast<ptrdiff_t>(count));
  return types;
}

TEST(RedriveTest, ATaskIsScheduledAgainWithItsInputAndItsKeyAndGoesOn) {
  TestExecution run(MachineOf(R"("A": {"Type": "Pass", "Result": 5, "ResultPath": "$.a",
      "Next": "B"}, "B": {"Type": "Task", "Resource": "r", "TimeoutSeconds": 9, "End": true})"));
  run.Begin(R"({"n": 1})");
  const RunTask first = run.Only<RunTask>();
  run.Refuse("Broken");
  ASSERT_EQ(run.Only<Complete>().status, Status::kFailed);
  const size_t events = run.events.size();
  run.now += absl::Hours(1);
  ASSERT_TRUE(run.Apply(Redriven{}));
  const RunTask again = run.Only<RunTask>();
  EXPECT_EQ(again.input, Json(R"({"n": 1, "a": 5})"));
  EXPECT_EQ(again.task, first.task) << "the service is to know it again";
  EXPECT_EQ(again.try_number, 2);
  EXPECT_NE(again.attempt, first.attempt);
  EXPECT_EQ(again.deadline, run.now + absl::Seconds(9));
  EXPECT_THAT(Since(run, events), ElementsAre("ExecutionRedriven", "TaskScheduled", "TaskStarted"));
  const HistoryEvent& redriven = run.events[events];
  EXPECT_EQ(redriven.details, Json(R"({"redriveCount": 1})"));
  EXPECT_EQ(redriven.previous_id, redriven.id - 1) << "it follows the end";
  EXPECT_EQ(run.events[events + 1].previous_id, redriven.id - 2) << "it follows the failed task";
  EXPECT_EQ(run.execution.redrive_count(), 1);
  run.Answer("7");
  EXPECT_EQ(run.Only<Complete>().output, Value(7));
  EXPECT_FALSE(run.Apply(Redriven{})) << "it has succeeded";
}

TEST(RedriveTest, OnlyWhatHasEndedWithoutSuccessIsRedriven) {
  TestExecution run(MachineOf(R"("A": )" + std::string(kTask)));
  EXPECT_FALSE(run.Apply(Redriven{}));
  run.Begin();
  EXPECT_FALSE(run.execution.WouldAccept({run.now, Redriven{}}));
  EXPECT_FALSE(run.Apply(Redriven{}));
  const AttemptId attempt = run.attempt();
  EXPECT_TRUE(run.Apply(Stop{"Enough", std::nullopt}));
  EXPECT_TRUE(run.execution.WouldAccept({run.now, Redriven{}}));
  EXPECT_TRUE(run.Apply(Redriven{}));
  const AttemptId again = run.attempt();
  EXPECT_FALSE(run.Apply(TaskSucceeded{attempt, Value(1)})) << "an answer from before";
  EXPECT_TRUE(run.Apply(TaskSucceeded{again, Value(2)}));
  EXPECT_EQ(run.Only<Complete>().output, Value(2));
}

TEST(RedriveTest, RetriesAndTimeoutsStartAnew) {
  TestExecution run(ParseOrFail(R"({"StartAt": "A", "TimeoutSeconds": 100, "States": {"A":
      {"Type": "Task", "Resource": "r", "Parameters": {"retry.$": "$$.State.RetryCount",
       "redrive.$": "$$.Execution.RedriveCount"},
       "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}], "End": true}}})"));
  run.Begin();
  const auto fail_twice = [&run] {
    run.Refuse("Broken");
    run.Timers();
    run.FireLastTimer();
    run.Refuse("Broken");
    ASSERT_TRUE(run.Has<Complete>());
  };
  fail_twice();
  run.now += absl::Hours(1);
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Only<RunTask>().input, Json(R"({"retry": 0, "redrive": 1})"));
  EXPECT_EQ(run.Only<RunTask>().try_number, 3);
  ASSERT_THAT(run.Timers(), SizeIs(1));
  EXPECT_EQ(run.Timers()[0].due, run.now + absl::Seconds(100));
  run.FireLastTimer();
  EXPECT_EQ(run.Only<Complete>().status, Status::kTimedOut);
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Only<RunTask>().input, Json(R"({"retry": 0, "redrive": 2})"));
  fail_twice();
}

TEST(RedriveTest, ASynchronousExecutionHasNoRedriveCount) {
  ExecutionContext context = *TestExecution::Context();
  context.synchronous = true;
  Execution execution(
      MachineOf(R"("A": {"Type": "Pass", "Parameters": {"e.$": "$$.Execution"}, "End": true})"),
      std::make_shared<const ExecutionContext>(context));
  std::vector<Effect> effects;
  execution.Apply({context.start_time, Start{Json("{}")}}, effects, nullptr);
  const auto& end = std::get<Complete>(effects.back());
  EXPECT_EQ(end.output.Find("e")->Find("RedriveCount"), nullptr);
}

TEST(RedriveTest, AFailStateIsEnteredAgainAndAChoiceDecidesAgain) {
  TestExecution fail(MachineOf(R"("A": {"Type": "Fail", "Error": "Never"})"));
  fail.Begin();
  const size_t events = fail.events.size();
  ASSERT_TRUE(fail.Apply(Redriven{}));
  EXPECT_EQ(fail.Only<Complete>().error, "Never");
  EXPECT_THAT(Since(fail, events),
              ElementsAre("ExecutionRedriven", "FailStateEntered", "ExecutionFailed"));
  TestExecution choice(MachineOf(R"("A": {"Type": "Choice", "Choices":
      [{"Variable": "$.n", "NumericEquals": 2, "Next": "B"}]}, "B": {"Type": "Succeed"})"));
  choice.Begin(R"({"n": 1})");
  ASSERT_TRUE(choice.Apply(Redriven{}));
  EXPECT_EQ(choice.Only<Complete>().error, kErrorRuntime);
}

TEST(RedriveTest, AWaitGoesOnWaitingOrIsOverWhenItsTimeHasPassed) {
  TestExecution run(MachineOf(R"("A": {"Type": "Wait", "Seconds": 60, "End": true})"));
  run.Begin();
  const absl::Time due = run.Timers()[0].due;
  run.now += absl::Seconds(20);
  run.Apply(Stop{});
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Timers()[0].due, due);
  run.Apply(Stop{});
  run.now += absl::Seconds(60);
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Only<Complete>().status, Status::kSucceeded);
}

TEST(RedriveTest, OnlyTheBranchesThatDidNotSucceedRunAgain) {
  TestExecution run(MachineOf(R"("A": {"Type": "Parallel", "End": true, "Branches": [)" +
                              Graph("Good", kTask) + "," + Graph("Bad", kTask) + "," +
                              Graph("Slow", kTask) + "]}"));
  run.Begin("3");
  const std::vector<RunTask> tasks = run.All<RunTask>();
  run.Apply(TaskSucceeded{tasks[0].attempt, Value("good")});
  run.Apply(TaskFailed{tasks[1].attempt, Failure{"Broken", "why"}});
  ASSERT_EQ(run.Only<Complete>().state, "A");
  ASSERT_TRUE(run.Apply(Redriven{}));
  const std::vector<RunTask> again = run.All<RunTask>();
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_THAT(run.execution.CurrentStates(), ElementsAre("Bad", "Slow"));
  EXPECT_EQ(again[0].task, tasks[1].task);
  EXPECT_EQ(again[1].task, tasks[2].task);
  run.Apply(TaskSucceeded{again[1].attempt, Value("slow")});
  run.Apply(TaskSucceeded{again[0].attempt, Value("mended")});
  EXPECT_EQ(run.Only<Complete>().output, Json(R"(["good", "mended", "slow"])"));
}

TEST(RedriveTest, ABranchKeepsItsVariablesAndWhatIsWithinIt) {
  TestExecution run(MachineOf(
      R"("A": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "V", "States": {
          "V": {"Type": "Pass", "Assign": {"x": 4}, "Next": "P"},
          "P": {"Type": "Parallel", "End": true, "Branches": [)" +
      Graph("I", R"({"Type": "Task", "Resource": "r", "Parameters": {"x.$": "$x"}, "End": true})") +
      "," + Graph("J", kTask) + "]}}}]}"));
  run.Begin();
  const std::vector<RunTask> tasks = run.All<RunTask>();
  run.Apply(TaskSucceeded{tasks[1].attempt, Value("j")});
  run.Apply(TaskFailed{tasks[0].attempt, Failure{"Broken", "why"}});
  ASSERT_TRUE(run.Has<Complete>());
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Only<RunTask>().input, Json(R"({"x": 4})"));
  run.Answer(R"("i")");
  EXPECT_EQ(run.Only<Complete>().output, Json(R"([["i", "j"]])"));
}

TEST(RedriveTest, VariablesCountWhileTheirBranchIsInUse) {
  Limits limits;
  limits.max_variable_bytes = 60;
  const auto assign = [](const std::string& name) {
    return R"({"Type": "Pass", "Assign": {")" + name + R"(": "0123456789012345678901234567"},)";
  };
  TestExecution run(MachineOf(R"("A": {"Type": "Parallel", "Next": "B",
          "Catch": [{"ErrorEquals": ["Caught"], "Next": "B"}],
          "Branches": [{"StartAt": "V", "States": {"V": )" +
                              assign("x") + R"( "Next": "T"}, "T": )" + kTask + R"(}}]}, "B": )" +
                              assign("y") + R"( "End": true})"),
                    limits);
  run.Begin();
  run.Refuse("Broken");
  ASSERT_TRUE(run.Apply(Redriven{}));
  run.Refuse("Caught");
  EXPECT_EQ(run.Only<Complete>().status, Status::kSucceeded) << "those of the branch are gone";
}

TEST(RedriveTest, AParallelThatFailsAgainIsRetriedAndCaughtAsAWhole) {
  TestExecution run(MachineOf(
      R"("A": {"Type": "Parallel", "Retry": [{"ErrorEquals": ["Once"], "MaxAttempts": 1}],
          "Catch": [{"ErrorEquals": ["Twice"], "Next": "C"}], "End": true, "Branches": [)" +
      Graph("L", kTask) + "," + Graph("R", kTask) + R"(]}, "C": {"Type": "Succeed"})"));
  run.Begin();
  run.Apply(TaskFailed{run.All<RunTask>()[1].attempt, Failure{"Other", "why"}});
  ASSERT_TRUE(run.Has<Complete>());
  ASSERT_TRUE(run.Apply(Redriven{}));
  ASSERT_THAT(run.All<RunTask>(), SizeIs(2)) << "the one that failed and the one stopped with it";
  run.Apply(TaskFailed{run.All<RunTask>()[0].attempt, Failure{"Once", "why"}});
  run.Timers();
  run.FireLastTimer();
  ASSERT_THAT(run.All<RunTask>(), SizeIs(2));
  run.Apply(TaskFailed{run.All<RunTask>()[0].attempt, Failure{"Twice", "why"}});
  EXPECT_EQ(run.Only<Complete>().status, Status::kSucceeded);
}

TEST(RedriveTest, OnlyTheIterationsThatDidNotSucceedRunAgain) {
  TestExecution run(
      MachineOf(R"("A": {"Type": "Map", "MaxConcurrency": 2, "End": true, "ItemProcessor": )" +
                Graph("I", kTask) + "}"));
  run.Begin("[0, 1, 2, 3]");
  const std::vector<RunTask> first = run.All<RunTask>();
  run.Apply(TaskSucceeded{first[0].attempt, Value("zero")});
  run.Apply(TaskFailed{first[1].attempt, Failure{"Broken", "why"}});
  ASSERT_TRUE(run.Has<Complete>());
  ASSERT_TRUE(run.Apply(Redriven{}));
  const std::vector<RunTask> again = run.All<RunTask>();
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0].input, Value(2)) << "the lane that had finished item 0";
  EXPECT_EQ(again[1].input, Value(1));
  run.Apply(TaskSucceeded{again[1].attempt, Value("one")});
  const RunTask last = run.Only<RunTask>();
  EXPECT_EQ(last.input, Value(3));
  run.Apply(TaskSucceeded{last.attempt, Value("three")});
  run.Apply(TaskSucceeded{again[0].attempt, Value("two")});
  EXPECT_EQ(run.Only<Complete>().output, Json(R"(["zero", "one", "two", "three"])"));
}

TEST(RedriveTest, AnItemThatCouldNotBeSelectedIsTriedAgain) {
  TestExecution run(MachineOf(
      R"("A": {"Type": "Map", "ItemSelector": {"v.$": "$$.Map.Item.Value.v"}, "End": true,
          "ItemProcessor": )" +
      Graph("I", kTask) + "}"));
  run.Begin(R"([{"v": 1}, {}, {"v": 3}])");
  ASSERT_EQ(run.Only<Complete>().error, "States.Runtime");
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Only<Complete>().error, "States.Runtime") << "the item is still the same";
}

TEST(RedriveTest, AFailureOfAllItsOutputsTogetherRunsAllOfTheMapAgain) {
  Limits limits;
  limits.max_payload_bytes = 20;
  TestExecution run(
      MachineOf(R"("A": {"Type": "Map", "End": true, "ItemProcessor": )" + Graph("I", kTask) + "}"),
      limits);
  run.Begin("[1, 2]");
  for (const RunTask& task : run.All<RunTask>())
    run.Apply(TaskSucceeded{task.attempt, Value("0123456789")});
  ASSERT_EQ(run.Only<Complete>().error, "States.DataLimitExceeded");
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_THAT(run.All<RunTask>(), SizeIs(2));
}

TEST(RedriveTest, AnExecutionWithoutRoomForTwoMoreEventsIsNotRedriven) {
  Limits limits;
  limits.max_events = 8;  // A task that fails takes six: two less than the limit remain for one.
  TestExecution five(MachineOf(R"("A": )" + std::string(kTask)), limits);
  five.Begin();
  five.Refuse("Broken");
  ASSERT_EQ(five.execution.event_count(), 6);
  EXPECT_TRUE(five.Apply(Redriven{}));
  EXPECT_EQ(five.Only<Complete>().error, "States.Runtime") << "one more event, and it is full";
  EXPECT_EQ(five.execution.event_count(), 8);
  EXPECT_FALSE(five.Apply(Redriven{}));
}

// --- Distributed Map ---

constexpr char kEach[] = R"({"StartAt": "A", "States": {"A": {"Type": "Map", "MaxConcurrency": 2,
    "End": true, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED",
    "ExecutionType": "STANDARD"}, "StartAt": "I", "States": {"I": {"Type": "Pass",
    "End": true}}}}}})";

TestExecution EachOf(const std::string& items) {
  TestExecution run(ParseOrFail(kEach, ParseOptions{.distributed_maps = true}));
  run.Begin(items);
  return run;
}

TEST(RedriveTest, OnlyTheChildrenThatDidNotSucceedRunAgainUnderTheirNames) {
  TestExecution run = EachOf("[0, 1, 2, 3]");
  const std::vector<RunTask> first = run.All<RunTask>();
  run.Apply(TaskSucceeded{first[0].attempt, Value("zero")});
  const RunTask third = run.Only<RunTask>();
  run.Apply(TaskFailed{first[1].attempt, Failure{"Broken", "why"}});
  ASSERT_EQ(run.Only<Complete>().error, "States.ExceedToleratedFailureThreshold");
  const MapRunSummary& summary = run.execution.map_runs()[0];
  EXPECT_EQ(summary.status, Status::kFailed);
  EXPECT_EQ(summary.items.failed, 1);
  EXPECT_EQ(summary.items.aborted, 1);
  const size_t events = run.events.size();
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_THAT(Since(run, events), ElementsAre("ExecutionRedriven", "MapRunRedriven"));
  EXPECT_EQ(run.events.back().details,
            Value::Object({{"mapRunArn", summary.arn}, {"redriveCount", 1}}));
  const std::vector<RunTask> again = run.All<RunTask>();
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0].child->name, first[1].child->name);
  EXPECT_EQ(again[0].input, Value(1));
  EXPECT_EQ(again[0].task, first[1].task);
  EXPECT_EQ(again[0].try_number, 2);
  EXPECT_EQ(again[1].child->name, third.child->name);
  EXPECT_EQ(summary.executions.running, 2);
  EXPECT_EQ(summary.executions.failed + summary.executions.aborted, 0);
  run.Apply(TaskSucceeded{again[1].attempt, Value("two")});
  const RunTask last = run.Only<RunTask>();
  EXPECT_EQ(last.input, Value(3)) << "the one that had not begun";
  run.Apply(TaskSucceeded{last.attempt, Value("three")});
  run.Apply(TaskSucceeded{again[0].attempt, Value("one")});
  EXPECT_EQ(run.Only<Complete>().output, Json(R"(["zero", "one", "two", "three"])"));
  EXPECT_EQ(summary.status, Status::kSucceeded);
  EXPECT_EQ(summary.executions.succeeded, 4);
  EXPECT_EQ(summary.redrives, 1);
}

TEST(RedriveTest, ChildrenWaitForTheirTurnToBeRedriven) {
  TestExecution run = EachOf("[0, 1, 2]");
  const std::string arn = run.execution.map_runs()[0].arn;
  run.Apply(MapRunUpdated{arn, 3, std::nullopt, std::nullopt});
  run.Apply(Stop{});
  EXPECT_EQ(run.execution.map_runs()[0].status, Status::kAborted);
  EXPECT_THAT(run.execution.PendingRedrives(arn), IsEmpty());
  ASSERT_TRUE(run.Apply(Redriven{}));
  ASSERT_THAT(run.All<RunTask>(), SizeIs(3));
  run.Apply(MapRunUpdated{arn, 1, std::nullopt, std::nullopt});
  run.Apply(Stop{});
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Only<RunTask>().try_number, 3);
  EXPECT_THAT(run.execution.PendingRedrives(arn), SizeIs(2));
  EXPECT_EQ(run.execution.map_runs()[0].items.pending_redrive, 2);
}

// --- UpdateMapRun ---

TEST(UpdateMapRunTest, MoreConcurrencyStartsMoreAndLessHoldsThemBack) {
  TestExecution run = EachOf("[0, 1, 2, 3, 4]");
  const std::string arn = run.execution.map_runs()[0].arn;
  const std::vector<RunTask> first = run.All<RunTask>();
  ASSERT_THAT(first, SizeIs(2));
  ASSERT_TRUE(run.Apply(MapRunUpdated{arn, 3, std::nullopt, std::nullopt}));
  const RunTask third = run.Only<RunTask>();
  EXPECT_EQ(run.execution.map_runs()[0].max_concurrency, 3);
  ASSERT_TRUE(run.Apply(MapRunUpdated{arn, 1, std::nullopt, std::nullopt}));
  EXPECT_THAT(run.effects, IsEmpty());
  run.Apply(TaskSucceeded{first[0].attempt, Value(0)});
  run.Apply(TaskSucceeded{third.attempt, Value(2)});
  EXPECT_THAT(run.All<RunTask>(), IsEmpty()) << "one is still running";
  run.Apply(TaskSucceeded{first[1].attempt, Value(1)});
  EXPECT_EQ(run.Only<RunTask>().input, Value(3));
}

TEST(UpdateMapRunTest, TheToleratedFailuresCountFromThenOn) {
  TestExecution run = EachOf("[0, 1, 2, 3]");
  const std::string arn = run.execution.map_runs()[0].arn;
  const std::vector<RunTask> first = run.All<RunTask>();
  ASSERT_TRUE(run.Apply(MapRunUpdated{arn, std::nullopt, 1, std::nullopt}));
  EXPECT_TRUE(run.Apply(TaskFailed{first[0].attempt, Failure{"Broken", "why"}}));
  EXPECT_FALSE(run.Has<Complete>());
  ASSERT_TRUE(run.Apply(MapRunUpdated{arn, std::nullopt, std::nullopt, 10.0}));
  EXPECT_EQ(run.Only<Complete>().error, "States.ExceedToleratedFailureThreshold");
  EXPECT_FALSE(run.Apply(MapRunUpdated{arn, 1, 2, 3.0})) << "it is over";
}

TEST(UpdateMapRunTest, AnotherMapRunIsNotKnown) {
  TestExecution run = EachOf("[0]");
  EXPECT_FALSE(run.Apply(MapRunUpdated{"other", 1, std::nullopt, std::nullopt}));
  EXPECT_FALSE(run.execution.WouldAccept({run.now, MapRunUpdated{"other", 1, {}, {}}}));
}

}  // namespace
}  // namespace orderflow::asl
