// Executions that are tasks of other ones, over a real socket and a real database.

#include "absl/strings/str_cat.h"
#include "common/json/value.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_workflows.h"

namespace orderflow::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kChild[] = R"({"StartAt": "Work", "States": {"Work": {"Type": "Task",
    "Resource": "grpc://x:1/a.B/Work", "End": true}}})";

class NestedExecutionTest : public WorkflowTest {
 protected:
  NestedExecutionTest() {
    script_.Answer("Work", json::Value::Object({{"done", true}}));
    child_ = CreateMachine("child", kChild);
  }

  // A parent with one task that starts the child, after the resource's pattern.
  std::string StartParent(const std::string& pattern, const std::string& machine,
                          const std::string& more = "") {
    const std::string arn = CreateMachine(
        "parent", absl::StrCat(R"({"StartAt": "Run", "States": {"Run": {"Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution)",
                               pattern, R"(", "Parameters": {"StateMachineArn": ")", machine,
                               R"(", "Input": {"n": 1})", more, R"(}, "End": true}}})"));
    return StartMachine(arn);
  }
  // The executions of the child, newest first.
  std::vector<workflow::v1::ExecutionListItem> Children() {
    workflow::v1::ListExecutionsRequest request;
    request.set_state_machine_arn(child_);
    const auto response = Must(&Workflows::ListExecutions, request);
    return {response.executions().begin(), response.executions().end()};
  }
  static json::Value Parse(const std::string& text) {
    const json::ParseResult parsed = json::Parse(text);
    EXPECT_TRUE(parsed.value.has_value()) << text;
    return parsed.value.value_or(json::Value());
  }

  std::string child_;
};

TEST_F(NestedExecutionTest, TheEndOfAnExecutionIsTheOutputOfTheTask) {
  const std::string parent = StartParent(".sync:2", child_, R"(, "Name": "c")");
  const json::Value output = Parse(AwaitEnd(parent).output());
  std::vector<std::string> names;
  for (const json::Member& member : output.AsMembers()) names.push_back(member.key);
  EXPECT_THAT(
      names, ElementsAre("ExecutionArn", "Input", "InputDetails", "Name", "Output", "OutputDetails",
                         "RedriveCount", "RedriveStatus", "RedriveStatusReason", "StartDate",
                         "StateMachineArn", "Status", "StopDate"));
  EXPECT_EQ(output.Find("RedriveStatusReason")->AsString(),
            "Execution is SUCCEEDED and cannot be redriven");
  EXPECT_EQ(json::Serialize(*output.Find("Input")), R"({"n":1})");
  EXPECT_EQ(json::Serialize(*output.Find("Output")), R"({"done":true})");
  EXPECT_EQ(output.Find("Name")->AsString(), "c");
  EXPECT_EQ(output.Find("StateMachineArn")->AsString(), child_);
  EXPECT_EQ(output.Find("Status")->AsString(), "SUCCEEDED");
  EXPECT_THAT(
      EventTypes(parent),
      ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                  "TaskSubmitted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"));
}

TEST_F(NestedExecutionTest, AVersionIsStartedAsItsArnSays) {
  workflow::v1::PublishStateMachineVersionRequest publish;
  publish.set_state_machine_arn(child_);
  const std::string version =
      Must(&Workflows::PublishStateMachineVersion, publish).state_machine_version_arn();
  workflow::v1::UpdateStateMachineRequest update;
  update.set_state_machine_arn(child_);
  update.set_definition(R"({"StartAt": "No", "States": {"No": {"Type": "Fail"}}})");
  Must(&Workflows::UpdateStateMachine, update);

  const auto parent = AwaitEnd(StartParent(".sync:2", version));
  EXPECT_EQ(parent.status(), workflow::v1::EXECUTION_STATUS_SUCCEEDED) << parent.cause();
  ASSERT_EQ(Children().size(), 1u);
  EXPECT_EQ(Children()[0].state_machine_version_arn(), version);
}

TEST_F(NestedExecutionTest, AVersionThatIsNotThereFailsTheTask) {
  const auto parent = AwaitEnd(StartParent("", child_ + ":7"));
  EXPECT_EQ(parent.error(), "StepFunctions.StateMachineDoesNotExistException");
  EXPECT_THAT(parent.cause(), HasSubstr(child_ + ":7"));
}

TEST_F(NestedExecutionTest, TheFirstVersionAnswersText) {
  const json::Value output = Parse(AwaitEnd(StartParent(".sync", child_)).output());
  EXPECT_EQ(output.Find("Input")->AsString(), R"({"n":1})");
  EXPECT_EQ(output.Find("Output")->AsString(), R"({"done":true})");
}

TEST_F(NestedExecutionTest, AFailureTellsWhatBecameOfTheExecution) {
  script_.Answer("Work", asl::Failure{"Broken", "no tea"});
  const auto end = AwaitEnd(StartParent(".sync", child_));
  EXPECT_EQ(end.error(), "States.TaskFailed");
  const json::Value cause = Parse(end.cause());
  EXPECT_EQ(cause.Find("Error")->AsString(), "Broken");
  EXPECT_EQ(cause.Find("Cause")->AsString(), "no tea");
  EXPECT_EQ(cause.Find("Status")->AsString(), "FAILED");
}

TEST_F(NestedExecutionTest, AStartThatNobodyWaitsForAnswersAtOnce) {
  script_.Hold("Work");
  const json::Value output = Parse(AwaitEnd(StartParent("", child_)).output());
  EXPECT_EQ(Describe(output.Find("ExecutionArn")->AsString()).status(),
            workflow::v1::EXECUTION_STATUS_RUNNING);
  EXPECT_EQ(Describe(output.Find("ExecutionArn")->AsString()).input(), R"({"n":1})");
  script_.AwaitCalls("Work", 1);
  script_.Release("Work");
}

TEST_F(NestedExecutionTest, WhatCannotBeStartedFailsTheTask) {
  const auto missing =
      AwaitEnd(StartParent(".sync", "arn:aws:states:us-east-1:000000000000:stateMachine:nobody"));
  EXPECT_EQ(missing.error(), "StepFunctions.StateMachineDoesNotExistException");
  EXPECT_THAT(missing.cause(), HasSubstr("State Machine Does Not Exist: 'arn:"));
}

TEST_F(NestedExecutionTest, AStopOfTheParentStopsTheChild) {
  script_.Hold("Work");
  const std::string parent = StartParent(".sync", child_);
  script_.AwaitCalls("Work", 1);
  workflow::v1::StopExecutionRequest request;
  request.set_execution_arn(parent);
  Must(&Workflows::StopExecution, request);
  ASSERT_EQ(Children().size(), 1u);
  EXPECT_EQ(AwaitEnd(Children()[0].execution_arn()).status(),
            workflow::v1::EXECUTION_STATUS_ABORTED);
  script_.Release("Work");
}

TEST_F(NestedExecutionTest, AChildThatIsRedrivenByItselfGoesOnWithoutItsParent) {
  script_.Answer("Work", asl::Failure{"Broken", "no tea"});
  const std::string parent = StartParent(".sync", child_);
  AwaitEnd(parent);
  ASSERT_EQ(Children().size(), 1u);
  const std::string child = Children()[0].execution_arn();
  script_.Hold("Work");
  workflow::v1::RedriveExecutionRequest request;
  request.set_execution_arn(child);
  Must(&Workflows::RedriveExecution, request);
  script_.AwaitCalls("Work", 2);
  orchestrator_.Restart();
  script_.AwaitCalls("Work", 3);
  script_.Answer("Work", json::Value::Object({{"done", true}}));
  script_.Release("Work");
  EXPECT_EQ(AwaitEnd(child).status(), workflow::v1::EXECUTION_STATUS_SUCCEEDED)
      << "nobody stopped it";
  EXPECT_EQ(Describe(parent).status(), workflow::v1::EXECUTION_STATUS_FAILED);
}

TEST_F(NestedExecutionTest, ARedriveOfTheParentStartsANewChild) {
  script_.Answer("Work", asl::Failure{"Broken", "no tea"});
  const std::string parent = StartParent(".sync:2", child_);
  AwaitEnd(parent);
  script_.Answer("Work", json::Value::Object({{"done", true}}));
  workflow::v1::RedriveExecutionRequest request;
  request.set_execution_arn(parent);
  Must(&Workflows::RedriveExecution, request);
  EXPECT_EQ(AwaitEnd(parent).status(), workflow::v1::EXECUTION_STATUS_SUCCEEDED);
  EXPECT_EQ(Children().size(), 2u);
}

TEST_F(NestedExecutionTest, ARestartStartsNoSecondChild) {
  script_.Hold("Work");
  const std::string parent = StartParent(".sync:2", child_);
  script_.AwaitCalls("Work", 1);
  orchestrator_.Restart();
  script_.AwaitCalls("Work", 2);
  ASSERT_EQ(Children().size(), 1u);
  script_.Release("Work");
  const json::Value output = Parse(AwaitEnd(parent).output());
  EXPECT_EQ(output.Find("Status")->AsString(), "SUCCEEDED");
  EXPECT_EQ(Children().size(), 1u);
}

TEST_F(NestedExecutionTest, ANameThatIsTakenFailsTheTask) {
  EXPECT_EQ(AwaitEnd(StartParent(".sync", child_, R"(, "Name": "c")")).status(),
            workflow::v1::EXECUTION_STATUS_SUCCEEDED);
  const auto second = AwaitEnd(StartParent(".sync", child_, R"(, "Name": "c")"));
  EXPECT_EQ(second.error(), "StepFunctions.ExecutionAlreadyExistsException");
  EXPECT_EQ(Children().size(), 1u);
}

}  // namespace
}  // namespace orderflow::api
