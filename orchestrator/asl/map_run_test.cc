// Distributed Map: child executions as a map run.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kProcessor[] = R"("ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED",
    "ExecutionType": "EXPRESS"}, "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}})";

std::string MapWith(const std::string& fields) {
  return R"({"StartAt": "A", "States": {"A": {"Type": "Map", )" + fields + kProcessor + "}}}";
}

std::shared_ptr<const StateMachine> MachineWith(const std::string& fields) {
  return ParseOrFail(MapWith(fields), ParseOptions{.distributed_maps = true});
}

std::string Finding(const std::string& fields) {
  return FormatDiagnostics(
      ParseStateMachine(MapWith(fields), ParseOptions{.distributed_maps = true}).diagnostics);
}

TEST(MapRunTest, EachItemIsTheInputOfAnExecutionOfItsOwn) {
  TestExecution run(MachineWith(R"("End": true, "Label": "orders",)"));
  run.Begin(R"(["a", "b"])");
  const std::vector<RunTask> children = run.All<RunTask>();
  ASSERT_THAT(children, SizeIs(2));
  ASSERT_NE(children[0].child, nullptr);
  EXPECT_EQ(children[0].input, Value("a"));
  EXPECT_EQ(children[0].child->machine->start().name, "I");
  EXPECT_TRUE(children[0].child->express);
  EXPECT_NE(children[0].child->name, children[1].child->name);
  EXPECT_THAT(children[0].child->map_run_arn,
              StartsWith("arn:aws:states:eu-west-1:123456789012:mapRun:orders/orders:"));
  run.Apply(TaskSucceeded{children[1].attempt, Value(2)});
  run.Apply(TaskSucceeded{children[0].attempt, Value(1)});
  EXPECT_EQ(run.Only<Complete>().output, Json("[1, 2]"));
  EXPECT_THAT(
      run.EventTypes(),
      ElementsAre("ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted",
                  "MapRunSucceeded", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"));
}

// The id of the event that the exit from the Map names as the previous one.
int64_t PreviousOfExit(TestExecution& run) {
  for (const HistoryEvent& event : run.events) {
    if (event.type == "MapStateExited") return event.previous_id;
  }
  return -1;
}

TEST(MapRunTest, TheExitNamesTheStartOfTheRunUnlessTheMachineStartsWithTheMap) {
  TestExecution first(MachineWith(R"("End": true,)"));
  first.Begin("[]");
  EXPECT_EQ(PreviousOfExit(first), 5);  // MapRunSucceeded

  TestExecution second(ParseOrFail(
      R"({"StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "A"},
          "A": {"Type": "Map", "End": true,)" +
          std::string(kProcessor) + "}}}",
      ParseOptions{.distributed_maps = true}));
  second.Begin("[]");
  EXPECT_EQ(PreviousOfExit(second), 6);  // MapRunStarted
}

TEST(MapRunTest, BatchesHoldNoMoreItemsAndBytesThanAllowed) {
  TestExecution items(MachineWith(R"("End": true, "ItemSelector": {"v.$": "$$.Map.Item.Value"},
      "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"name.$": "$[0]"}},)"));
  items.Begin(R"(["a", "b", "c"])");
  const std::vector<RunTask> children = items.All<RunTask>();
  ASSERT_THAT(children, SizeIs(2));
  EXPECT_EQ(children[0].input,
            Json(R"({"BatchInput": {"name": "a"}, "Items": [{"v": "a"}, {"v": "b"}]})"));
  EXPECT_EQ(children[1].input, Json(R"({"BatchInput": {"name": "a"}, "Items": [{"v": "c"}]})"));
  EXPECT_EQ(children[0].child->items, 2);
  TestExecution bytes(MachineWith(R"("End": true, "ItemBatcher": {"MaxInputBytesPerBatch": 10},)"));
  bytes.Begin(R"(["aa", "bb", "a very long one", "c"])");
  ASSERT_THAT(bytes.All<RunTask>(), SizeIs(4));
}

TEST(MapRunTest, ConcurrencyIsKeptAndTheNextChildFollowsTheOneThatEnds) {
  TestExecution run(MachineWith(R"("End": true, "MaxConcurrency": 1,)"));
  run.Begin("[1, 2]");
  run.Apply(TaskSucceeded{run.Only<RunTask>().attempt, Value("x")});
  const RunTask second = run.Only<RunTask>();
  EXPECT_EQ(second.input, Value(2));
  run.Apply(TaskSucceeded{second.attempt, Value("y")});
  EXPECT_EQ(run.Only<Complete>().output, Json(R"(["x", "y"])"));
}

TEST(MapRunTest, OneFailureTooManyEndsTheRun) {
  TestExecution run(MachineWith(R"("End": true, "ToleratedFailureCount": 1,)"));
  run.Begin("[1, 2, 3]");
  const std::vector<RunTask> children = run.All<RunTask>();
  run.Apply(TaskFailed{children[0].attempt, {"Bad", "why"}});
  EXPECT_FALSE(run.Has<Complete>());
  run.Apply(TaskFailed{children[1].attempt, {"Bad", "why"}});
  EXPECT_EQ(run.Only<CancelTask>().attempt, children[2].attempt);
  const Complete end = run.Only<Complete>();
  EXPECT_EQ(end.error, "States.ExceedToleratedFailureThreshold");
  EXPECT_EQ(end.cause, "The specified tolerated failure threshold was exceeded");
  EXPECT_EQ(run.events[run.events.size() - 3].type, "MapRunFailed");
  EXPECT_EQ(run.events[run.events.size() - 2].type, "MapStateFailed");
}

TEST(MapRunTest, TheResultLeavesOutWhatFailedWithinTheTolerance) {
  TestExecution run(MachineWith(R"("End": true, "ToleratedFailurePercentagePath": "$.p",
                                   "ItemsPath": "$.list",)"));
  run.Begin(R"({"p": 50, "list": [1, 2]})");
  const std::vector<RunTask> children = run.All<RunTask>();
  run.Apply(TaskFailed{children[0].attempt, {"Bad", "why"}});
  run.Apply(TaskSucceeded{children[1].attempt, Value("kept")});
  EXPECT_EQ(run.Only<Complete>().output, Json(R"(["kept"])"));
}

TEST(MapRunTest, StoppingCancelsTheChildren) {
  TestExecution run(MachineWith(R"("End": true,)"));
  run.Begin("[1, 2]");
  std::vector<Effect> outstanding;
  run.execution.AppendOutstanding(outstanding);
  EXPECT_THAT(outstanding, SizeIs(2));
  EXPECT_NE(std::get<RunTask>(outstanding[0]).child, nullptr);
  run.Apply(Stop{});
  EXPECT_THAT(run.All<CancelTask>(), SizeIs(2));
}

TEST(MapRunTest, AnEmptyListIsDoneAtOnce) {
  TestExecution run(MachineWith(R"("End": true,)"));
  run.Begin("[]");
  EXPECT_EQ(run.Only<Complete>().output, Json("[]"));
}

TEST(MapRunTest, WhatNeedsS3IsRefusedAndLabelsAreChecked) {
  EXPECT_THAT(Finding(R"("End": true, "ItemReader": {},)"),
              HasSubstr("ItemReader needs Amazon S3, which this engine does not have at "
                        "/States/A/ItemReader"));
  EXPECT_THAT(Finding(R"("End": true, "ResultWriter": {},)"), HasSubstr("ResultWriter needs"));
  EXPECT_THAT(Finding(R"("End": true, "Label": "a b",)"),
              AllOf(HasSubstr("INVALID_LABEL_NAME: "), HasSubstr("at /States/A/Label")));
  EXPECT_THAT(Finding(R"("End": true, "Label": "\u009f",)"), HasSubstr("at /States/A/Label"));
  EXPECT_EQ(Finding(R"("End": true, "Label": "\u00e9\u20ac",)"), "");
  EXPECT_THAT(Finding(R"("End": true, "ItemBatcher": {},)"),
              HasSubstr("[MaxItemsPerBatch, MaxInputBytesPerBatch]"));
}

TEST(MapRunTest, WhoCannotCarryItOutRefusesTheDefinition) {
  EXPECT_THAT(FormatDiagnostics(ParseStateMachine(MapWith(R"("End": true,)"), {}).diagnostics),
              HasSubstr("A Map in mode DISTRIBUTED is not supported by this engine at /States/A"));
}

}  // namespace
}  // namespace orderflow::asl
