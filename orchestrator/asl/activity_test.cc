// Tasks of activities that do not exist.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;

#define ARN "arn:aws:states:eu-west-1:123456789012:activity:"
constexpr char kPack[] = ARN "pack";
constexpr char kSend[] = ARN "send";
constexpr char kPackOnce[] = R"("A": {"Type": "Task", "End": true, "Resource": ")" ARN R"(pack",
    "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Saved"}]},
  "Saved": {"Type": "Succeed"})";

// Where the execution ended, by the history.
std::string LastCause(const TestExecution& run) {
  const Value* cause = run.events.back().details.Find("cause");
  return cause == nullptr ? "" : cause->AsString();
}

TEST(ActivityTest, ATaskOfAMissingActivityEndsTheExecutionUnscheduled) {
  TestExecution run(MachineOf(kPackOnce));
  run.missing_activities = {kPack};
  run.Begin();
  EXPECT_THAT(run.EventTypes(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "ExecutionFailed"));
  EXPECT_EQ(run.events.back().previous_id, 2);
  const Complete end = run.Only<Complete>();
  EXPECT_EQ(end.status, Status::kFailed);
  EXPECT_EQ(end.error, "States.Runtime") << "neither retried nor caught";
  EXPECT_EQ(end.cause,
            "An error occurred while executing the state 'A' (entered at the event id #2). The "
            "activity " ARN "pack does not exist.");
  EXPECT_THAT(run.effects, SizeIs(1)) << "nothing is to be done";
}

TEST(ActivityTest, WhatIsMissingMattersWhereItIsWanted) {
  TestExecution run(MachineOf(kPackOnce));
  run.missing_activities = {kSend};
  run.Begin();
  // Deleted when its task is scheduled already: a worker may have it.
  run.missing_activities = {kPack};
  EXPECT_TRUE(run.Apply(TaskStarted{run.attempt(), "Ann"}));
  run.Answer("1");
  EXPECT_EQ(run.Only<Complete>().status, Status::kSucceeded);
}

TEST(ActivityTest, ARetryAsksAnew) {
  TestExecution run(MachineOf(kPackOnce));
  run.Begin();
  run.missing_activities = {kPack};
  run.Refuse("Torn");
  EXPECT_FALSE(run.Has<Complete>()) << "nobody has wanted it yet";
  EXPECT_THAT(run.Timers(), SizeIs(1));
  run.FireLastTimer();
  EXPECT_THAT(run.EventTypes(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "ActivityScheduled",
                          "ActivityFailed", "ExecutionFailed"));
  EXPECT_THAT(LastCause(run), EndsWith("The activity " ARN "pack does not exist."));
}

TEST(ActivityTest, ARedriveAsksAnew) {
  TestExecution run(MachineOf(kPackOnce));
  run.missing_activities = {kPack};
  run.Begin();
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Only<Complete>().error, "States.Runtime") << "still missing";
  run.missing_activities.clear();
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_EQ(run.Only<RunTask>().task, 1) << "one entry of the state";
  EXPECT_EQ(run.Only<RunTask>().attempt, 1) << "the first that began";
  run.Answer("1");
  EXPECT_THAT(
      run.EventTypes(),
      ElementsAre("ExecutionStarted", "TaskStateEntered", "ExecutionFailed", "ExecutionRedriven",
                  "ExecutionFailed", "ExecutionRedriven", "ActivityScheduled", "ActivitySucceeded",
                  "TaskStateExited", "ExecutionSucceeded"));
}

TEST(ActivityTest, OneMissingInABranchEndsTheOthersToo) {
  TestExecution run(MachineOf(R"("A": {"Type": "Parallel", "End": true, "Branches": [
      {"StartAt": "P", "States": {"P": {"Type": "Task", "Resource": ")" ARN
                              R"(pack", "End": true}}},
      {"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": ")" ARN R"(send", "End": true}}}
    ], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Saved"}]},
    "Saved": {"Type": "Succeed"})"));
  run.missing_activities = {kSend};
  run.Begin();
  EXPECT_THAT(
      run.EventTypes(),
      ElementsAre("ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted",
                  "TaskStateEntered", "ActivityScheduled", "TaskStateEntered", "ExecutionFailed"));
  EXPECT_EQ(run.events.back().previous_id, 6) << "the state whose activity is missing";
  EXPECT_EQ(run.Only<CancelTask>().attempt, run.Only<RunTask>().attempt);
  EXPECT_EQ(run.Only<Complete>().state, "S");

  run.missing_activities.clear();
  ASSERT_TRUE(run.Apply(Redriven{}));
  EXPECT_THAT(run.All<RunTask>(), SizeIs(2));
}

TEST(ActivityTest, ItemsThatHaveBegunEndWithTheOneThatCannot) {
  TestExecution run(MachineOf(R"("A": {"Type": "Map", "MaxConcurrency": 1, "End": true,
    "ItemProcessor": {"StartAt": "P", "States": {
      "P": {"Type": "Task", "Resource": ")" ARN R"(pack", "End": true}}}})"));
  run.Begin("[1, 2]");
  run.missing_activities = {kPack};
  run.Answer("1");
  EXPECT_EQ(run.Only<Complete>().error, "States.Runtime");
  EXPECT_THAT(run.EventTypes(),
              ElementsAre("ExecutionStarted", "MapStateEntered", "MapStateStarted",
                          "MapIterationStarted", "TaskStateEntered", "ActivityScheduled",
                          "ActivitySucceeded", "TaskStateExited", "MapIterationSucceeded",
                          "MapIterationStarted", "TaskStateEntered", "ExecutionFailed"));
}

// So it was recorded before missing activities were a part of the inputs.
TEST(ActivityTest, AFailureThatFollowsTheScheduleIsReplayedAsItWas) {
  TestExecution run(MachineOf(kPackOnce));
  run.Begin();
  run.Refuse(kErrorRuntime, "The activity " ARN "pack does not exist.");
  EXPECT_THAT(run.EventTypes(), ElementsAre("ExecutionStarted", "TaskStateEntered",
                                            "ActivityScheduled", "ExecutionFailed"));
  EXPECT_EQ(run.events.back().previous_id, 3);
  EXPECT_EQ(LastCause(run),
            "An error occurred while executing the state 'A' (entered at the event id #2). The "
            "activity " ARN "pack does not exist.");
}

TEST(ActivityTest, AMachineKnowsItsActivitiesButNotThoseOfItsChildren) {
  const auto task = [](const std::string& name, const char* activity) {
    return "{\"StartAt\": \"" + name + "\", \"States\": {\"" + name +
           R"(": {"Type": "Task", "Resource": ")" ARN + activity + R"(", "End": true}}})";
  };
  const auto machine = ParseOrFail(
      R"({"StartAt": "A", "States": {
        "A": {"Type": "Parallel", "Next": "B", "Branches": [)" +
          task("A1", "send") + ", " + task("A2", "pack") + R"(]},
        "B": {"Type": "Map", "Next": "C", "ItemProcessor": )" +
          task("B1", "label") + R"(},
        "C": {"Type": "Map", "Next": "D", "ItemProcessor": {"ProcessorConfig": {
          "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "C1", "States": {
          "C1": {"Type": "Task", "Resource": ")" ARN R"(other", "End": true}}}},
        "D": {"Type": "Task", "Resource": ")" ARN R"(pack", "End": true}}})",
      {.distributed_maps = true});
  EXPECT_THAT(machine->activities(), ElementsAre(ARN "label", ARN "pack", ARN "send"));
  const auto& map = std::get<MapState>(machine->FindState("C")->kind);
  EXPECT_THAT(map.distributed->processor->activities(), ElementsAre(ARN "other"));
  EXPECT_THAT(MachineOf(R"("A": {"Type": "Pass", "End": true})")->activities(), IsEmpty());
}

}  // namespace
}  // namespace orderflow::asl
