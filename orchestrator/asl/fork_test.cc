// Parallel and Map: what runs within a state.

#include <algorithm>
#include <ctime>
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

constexpr char kTaskState[] = R"({"Type": "Task", "Resource": "r", "End": true})";

std::string Graph(const std::string& name, const std::string& state) {
  return R"({"StartAt": ")" + name + R"(", "States": {")" + name + R"(": )" + state + "}}";
}

// A Parallel "A" of these branches, with more fields in front.
std::shared_ptr<const StateMachine> ParallelOf(const std::string& branches,
                                               const std::string& fields = R"("End": true,)",
                                               const std::string& others = "") {
  return MachineOf(R"("A": {"Type": "Parallel", )" + fields + R"( "Branches": [)" + branches +
                   "]}" + others);
}

// A Map "A" whose iterations are of one state "I".
std::shared_ptr<const StateMachine> MapOf(const std::string& state,
                                          const std::string& fields = R"("End": true,)",
                                          const std::string& others = "") {
  return MachineOf(R"("A": {"Type": "Map", )" + fields + R"( "ItemProcessor": )" +
                   Graph("I", state) + "}" + others);
}

std::vector<AttemptId> Attempts(const TestExecution& run) {
  std::vector<AttemptId> ids;
  for (const RunTask& task : run.All<RunTask>()) ids.push_back(task.attempt);
  return ids;
}

std::string TextOfRange(int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + std::to_string(i);
  return text + "]";
}

TEST(ParallelTest, TheResultListsTheBranchesOutputsInTheirOrder) {
  TestExecution run(ParallelOf(Graph("L", kTaskState) + "," + Graph("R", kTaskState),
                               R"("Parameters": {"id.$": "$.n"}, "ResultPath": "$.got",
                                  "End": true,)"));
  run.Begin(R"({"n": 7})");
  const std::vector<RunTask> tasks = run.All<RunTask>();
  ASSERT_THAT(tasks, SizeIs(2));
  EXPECT_EQ(tasks[0].input, Json(R"({"id": 7})"));
  EXPECT_NE(tasks[0].attempt, tasks[1].attempt);
  EXPECT_NE(tasks[0].task, tasks[1].task);
  EXPECT_THAT(run.execution.CurrentStates(), ElementsAre("L", "R"));
  EXPECT_TRUE(run.Apply(TaskSucceeded{tasks[1].attempt, Json(R"("right")")}));
  EXPECT_FALSE(run.Has<Complete>());
  EXPECT_THAT(run.execution.CurrentStates(), ElementsAre("L"));
  EXPECT_TRUE(run.Apply(TaskSucceeded{tasks[0].attempt, Json(R"("left")")}));
  EXPECT_EQ(run.Only<Complete>().output, Json(R"({"n": 7, "got": ["left", "right"]})"));
}

TEST(ParallelTest, AFailingBranchCancelsTheTasksAndTimersOfTheOthers) {
  TestExecution run(ParallelOf(
      Graph("W", R"({"Type": "Wait", "Seconds": 60, "End": true})") + "," +
      Graph("T", R"({"Type": "Task", "Resource": "r", "TimeoutSeconds": 9, "End": true})") + "," +
      Graph("F", kTaskState)));
  run.Begin();
  const std::vector<AttemptId> attempts = Attempts(run);
  const std::vector<SetTimer> timers = run.Timers();
  ASSERT_THAT(attempts, SizeIs(2));
  ASSERT_THAT(timers, SizeIs(2));
  EXPECT_TRUE(run.Apply(TaskFailed{attempts[1], {"Bad", "why"}}));
  EXPECT_EQ(run.Only<CancelTask>().attempt, attempts[0]);
  EXPECT_THAT(run.All<CancelTimer>(), SizeIs(2));
  const Complete end = run.Only<Complete>();
  EXPECT_EQ(end.status, Status::kFailed);
  EXPECT_EQ(end.error, "Bad");
  EXPECT_FALSE(run.execution.WouldAccept({run.now, TaskSucceeded{attempts[0], Value()}}));
  EXPECT_FALSE(run.execution.WouldAccept({run.now, TimerFired{timers[0].timer}}));
  EXPECT_THAT(run.EventTypes(),
              ElementsAre("ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted",
                          "WaitStateEntered", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                          "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskFailed",
                          "TaskStateAborted", "WaitStateAborted", "TaskStateAborted",
                          "ParallelStateFailed", "ExecutionFailed"));
}

TEST(ParallelTest, ARetryRunsAllBranchesAgainUnderNewAttempts) {
  TestExecution run(ParallelOf(
      Graph("L", kTaskState) + "," + Graph("R", kTaskState),
      R"("Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3}], "End": true,)"));
  run.Begin();
  const std::vector<AttemptId> first = Attempts(run);
  EXPECT_TRUE(run.Apply(TaskFailed{first[0], {"Bad", "why"}}));
  EXPECT_EQ(run.Only<CancelTask>().attempt, first[1]);
  run.Timers();
  run.FireLastTimer();
  const std::vector<RunTask> again = run.All<RunTask>();
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0].attempt, first[1] + 1);
  EXPECT_EQ(again[0].task, 3);  // another entry: another idempotency key
  run.Apply(TaskSucceeded{again[0].attempt, Value(1)});
  run.Apply(TaskSucceeded{again[1].attempt, Value(2)});
  EXPECT_EQ(run.Only<Complete>().output, Json("[1, 2]"));
}

TEST(ParallelTest, AFailureOfItsOwnComesAfterTheSuccessOfItsBranchesAndTheExitBesideIt) {
  const auto last_two = [](const std::string& fields) {
    TestExecution run(ParallelOf(Graph("L", R"({"Type": "Pass", "End": true})"), fields));
    run.Begin();
    std::string told;
    for (size_t i = run.events.size() - 2; i < run.events.size(); ++i)
      told +=
          std::string(run.events[i].type) + " " + std::to_string(run.events[i].previous_id) + " ";
    return told;
  };
  EXPECT_EQ(last_two(R"("ResultSelector": {"m.$": "$.nope"}, "End": true,)"),
            "ParallelStateSucceeded 5 ExecutionFailed 6 ");
  EXPECT_EQ(last_two(R"("End": true,)"), "ParallelStateExited 5 ExecutionSucceeded 7 ");
}

TEST(ParallelTest, ACatchSeesTheErrorOfTheBranchOrNothingWhereItHasNone) {
  TestExecution run(ParallelOf(Graph("F", R"({"Type": "Fail"})"),
                               R"("Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}],
                                  "End": true,)",
                               R"(, "B": {"Type": "Succeed"})"));
  run.Begin();
  EXPECT_EQ(run.Only<Complete>().output, Json(R"({"Error": null, "Cause": null})"));
}

TEST(ParallelTest, ARuntimeErrorWithinEndsTheExecutionWhateverIsCaught) {
  TestExecution run(
      ParallelOf(Graph("P", R"({"Type": "Pass", "InputPath": "$.none", "End": true})"),
                 R"("Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}], "End": true,)",
                 R"(, "B": {"Type": "Succeed"})"));
  run.Begin();
  EXPECT_EQ(run.Only<Complete>().error, "States.Runtime");
}

TEST(ParallelTest, AChoiceOfWhichNothingHoldsEndsTheExecutionAsWell) {
  TestExecution run(
      ParallelOf(Graph("C", R"({"Type": "Choice", "Choices": [
                       {"Variable": "$.x", "NumericEquals": 1, "Next": "D"}]},
                       "D": {"Type": "Succeed"})"),
                 R"("Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}], "End": true,)",
                 R"(, "B": {"Type": "Succeed"})"));
  run.Begin(R"({"x": 2})");
  EXPECT_EQ(run.Only<Complete>().error, kErrorRuntime);
  EXPECT_EQ(
      run.Only<Complete>().cause,
      "An error occurred while executing the state 'C' (entered at the event id #4). Failed to "
      "transition out of the state. The state does not point to a next state.");
}

TEST(MapTest, ItemsAreSelectedAndTheContextTellsWhichOneItIs) {
  TestExecution run(MapOf(R"({"Type": "Pass", "Parameters": {"in.$": "$",
                              "index.$": "$$.Map.Item.Index"}, "End": true})",
                          R"("ItemsPath": "$.list", "End": true, "ItemSelector": {
                              "value.$": "$$.Map.Item.Value", "all.$": "$.name"},)"));
  run.Begin(R"({"name": "n", "list": ["a", "b"]})");
  EXPECT_EQ(run.Only<Complete>().output, Json(R"([{"in": {"value": "a", "all": "n"}, "index": 0},
                     {"in": {"value": "b", "all": "n"}, "index": 1}])"));
}

TEST(MapTest, NoMoreIterationsRunThanMaxConcurrencyAllows) {
  TestExecution run(MapOf(kTaskState, R"("MaxConcurrencyPath": "$.max", "ItemsPath": "$.list",
                                         "End": true,)"));
  run.Begin(R"({"max": 2, "list": [1, 2, 3]})");
  const std::vector<AttemptId> first = Attempts(run);
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_TRUE(run.Apply(TaskSucceeded{first[1], Value("second")}));
  const RunTask third = run.Only<RunTask>();
  EXPECT_EQ(third.input, Value(3));
  run.Apply(TaskSucceeded{third.attempt, Value("third")});
  run.Apply(TaskSucceeded{first[0], Value("first")});
  EXPECT_EQ(run.Only<Complete>().output, Json(R"(["first", "second", "third"])"));
}

TEST(MapTest, TheServicesOwnLimitHoldsWhereTheDefinitionHasNone) {
  TestExecution run(MapOf(kTaskState));
  run.Begin(TextOfRange(100));
  EXPECT_THAT(run.All<RunTask>(), SizeIs(40));
  TestExecution unlimited(MapOf(kTaskState), Limits{.max_inline_concurrency = 0});
  unlimited.Begin(TextOfRange(100));
  EXPECT_THAT(unlimited.All<RunTask>(), SizeIs(100));
}

TEST(MapTest, WhatIsNoListIsARuntimeError) {
  TestExecution run(MapOf(kTaskState, R"("ItemsPath": "$.list", "End": true,)"));
  run.Begin(R"({"list": {}})");
  EXPECT_EQ(run.Only<Complete>().cause,
            "An error occurred while executing the state 'A' (entered at the event id #2). "
            "Reference path \"$.list\" must point to array.");
}

TEST(MapTest, AnItemThatFailsEndsTheOthersAndTellsWhich) {
  TestExecution run(MapOf(kTaskState));
  run.Begin("[1, 2]");
  const std::vector<AttemptId> attempts = Attempts(run);
  run.events.clear();
  run.Apply(TaskFailed{attempts[1], {"Bad", "why"}});
  EXPECT_THAT(run.EventTypes(), ElementsAre("TaskFailed", "TaskStateAborted", "MapIterationFailed",
                                            "TaskStateAborted", "MapIterationAborted",
                                            "MapStateFailed", "ExecutionFailed"));
  EXPECT_EQ(run.events[2].details, Json(R"({"name": "A", "index": 1})"));
  EXPECT_EQ(run.events[4].details, Json(R"({"name": "A", "index": 0})"));
  EXPECT_EQ(run.events[5].previous_id, run.events[0].id);
  EXPECT_EQ(run.Only<CancelTask>().attempt, attempts[0]);
}

TEST(MapTest, StoppingCancelsWhatRunsAtAnyDepth) {
  TestExecution run(MapOf(R"({"Type": "Parallel", "End": true, "Branches": [)" +
                          Graph("T", kTaskState) + "," +
                          Graph("W", R"({"Type": "Wait", "Seconds": 5, "End": true})") + "]}"));
  run.Begin("[1, 2]");
  EXPECT_TRUE(run.Apply(Stop{"Enough", std::nullopt}));
  EXPECT_THAT(run.All<CancelTask>(), SizeIs(2));
  EXPECT_THAT(run.All<CancelTimer>(), SizeIs(2));
  EXPECT_EQ(run.Only<Complete>().status, Status::kAborted);
  EXPECT_EQ(run.events.back().type, "ExecutionAborted");
}

TEST(MapTest, WhatIsOutstandingIsWhatWasAskedFor) {
  TestExecution run(MapOf(R"({"Type": "Task", "Resource": "r", "TimeoutSeconds": 5,
                              "End": true})"));
  run.Begin("[1, 2, 3]");
  std::vector<Effect> outstanding;
  run.execution.AppendOutstanding(outstanding);
  ASSERT_EQ(outstanding.size(), run.effects.size());
  for (size_t i = 0; i < outstanding.size(); ++i) {
    ASSERT_EQ(outstanding[i].index(), run.effects[i].index());
    if (const auto* task = std::get_if<RunTask>(&outstanding[i])) {
      EXPECT_EQ(task->attempt, std::get<RunTask>(run.effects[i]).attempt);
    }
  }
}

TEST(MapTest, TheHistorysLimitEndsTheExecutionInTheMiddleOfAnIteration) {
  TestExecution run(MapOf(R"({"Type": "Pass", "End": true})"), Limits{.max_events = 50});
  run.Begin(TextOfRange(100));
  EXPECT_EQ(run.events.size(), 50u);
  EXPECT_EQ(run.events.back().type, "ExecutionFailed");
  EXPECT_EQ(run.Only<Complete>().error, "States.Runtime");
}

TEST(MapTest, TheResultIsMeasuredAsAWhole) {
  TestExecution run(MapOf(R"({"Type": "Pass", "End": true,
                              "Result": "0123456789012345678901234567890123456789"})"),
                    Limits{.max_payload_bytes = 200});
  run.Begin("[1, 2, 3, 4]");
  EXPECT_EQ(run.Only<Complete>().status, Status::kSucceeded);
  TestExecution larger(MapOf(R"({"Type": "Pass", "End": true,
                                 "Result": "0123456789012345678901234567890123456789"})"),
                       Limits{.max_payload_bytes = 200});
  larger.Begin("[1, 2, 3, 4, 5]");
  EXPECT_EQ(larger.Only<Complete>().error, "States.DataLimitExceeded");
}

// Ten times the items, about ten times the time; a quadratic cost would be a hundred times.
TEST(MapTest, ItemsCostTheSameHoweverManyThereAre) {
  const auto machine = MapOf(R"({"Type": "Pass", "End": true})");
  const Limits limits{.max_events = 10'000'000, .max_payload_bytes = 16 << 20};
  const auto seconds = [&](int items) {
    const Value input = Json(TextOfRange(items));
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const std::clock_t begin = std::clock();  // CPU time: others use the machine as well
      Execution execution(machine, TestExecution::Context(), limits);
      std::vector<Effect> effects;
      execution.Apply(Input{absl::UnixEpoch(), Start{input}}, effects, nullptr);
      EXPECT_EQ(execution.status(), Status::kSucceeded);
      best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
    return best;
  };
  EXPECT_LT(seconds(100'000), 60 * seconds(10'000));
}

}  // namespace
}  // namespace orderflow::asl
