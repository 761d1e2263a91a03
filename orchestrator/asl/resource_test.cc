// Tasks that are accepted first and answered later: callbacks, `.sync`, activities.

#include "orchestrator/asl/resource.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ResourceTest, EventsNameTheMethodWhateverTheAddressLooksLike) {
  for (const char* text :
       {"grpc://inventory:50052/a.Service/Method", "grpc://dns:///inventory:50052/a.Service/Method",
        "grpcs://dns://10.0.0.10:53/inventory:50052/a.Service/Method"}) {
    const Resource resource = ParseResource(text);
    EXPECT_EQ(resource.action, "a.Service/Method") << text;
    EXPECT_EQ(resource.text, text);
  }
  EXPECT_EQ(ParseResource("grpc://dns://10.0.0.10:53").action, "");
}

TEST(ResourceTest, TheWayOfWaitingIsPartOfTheAction) {
  const Resource sync = ParseResource("arn:aws:states:::states:startExecution.sync:2");
  EXPECT_EQ(sync.type, "states");
  EXPECT_EQ(sync.action, "startExecution.sync:2");
  EXPECT_TRUE(sync.is_submitted);
  EXPECT_FALSE(sync.waits_for_token);
  const Resource token = ParseResource("arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken");
  EXPECT_EQ(token.type, "aws-sdk:sqs");
  EXPECT_TRUE(token.waits_for_token);
  EXPECT_FALSE(ParseResource("arn:aws:states:::http:invoke").is_submitted);
  const Resource method = ParseResource("grpc://shop:1/shop.Stock/Order.waitForTaskToken");
  EXPECT_EQ(method.action, "shop.Stock/Order.waitForTaskToken");
  EXPECT_TRUE(method.waits_for_token);
  EXPECT_TRUE(method.is_submitted);
  EXPECT_FALSE(ParseResource("grpc://shop:1/shop.Stock/Order").is_submitted);
}

TEST(ResourceTest, ACallbackGetsATokenAndIsSubmittedBeforeItIsAnswered) {
  TestExecution run(MachineOf(R"("A": {"Type": "Task", "End": true, "TimeoutSeconds": 60,
      "HeartbeatSeconds": 9, "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "Parameters": {"QueueUrl": "q", "MessageBody": "b", "token.$": "$$.Task.Token"}})"));
  run.Begin();
  const RunTask task = run.Only<RunTask>();
  EXPECT_EQ(task.input.Find("token")->AsString(),
            TaskToken(*TestExecution::Context(), task.attempt));
  EXPECT_FALSE(run.Apply(TaskStarted{task.attempt, "worker"}));
  EXPECT_TRUE(run.Apply(TaskSubmitted{task.attempt, Json(R"({"id": 1})")}));
  EXPECT_FALSE(run.Apply(TaskSubmitted{task.attempt, Value()}));
  EXPECT_EQ(run.events.back().details,
            Json(R"({"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken",
                     "output": "{\"id\":1}", "outputDetails": {"truncated": false}})"));
  EXPECT_TRUE(run.Apply(Heartbeat{task.attempt}));
  EXPECT_TRUE(run.Apply(TaskFailed{task.attempt, {}}));
  EXPECT_EQ(run.Only<Complete>().error, std::nullopt);
}

TEST(ResourceTest, AnActivityStartsWhenAWorkerTakesIt) {
  TestExecution run(MachineOf(R"("A": {"Type": "Task", "End": true, "HeartbeatSeconds": 9,
      "Resource": "arn:aws:states:eu-west-1:123456789012:activity:pack"})"));
  run.Begin();
  const RunTask task = run.Only<RunTask>();
  EXPECT_THAT(run.Timers(), IsEmpty());  // nobody is there to send a heartbeat
  EXPECT_TRUE(run.Apply(TaskStarted{task.attempt, "Ann"}));
  EXPECT_THAT(run.Timers(), SizeIs(1));
  EXPECT_EQ(run.events.back().details, Json(R"({"workerName": "Ann"})"));
  EXPECT_TRUE(run.Apply(TaskSucceeded{task.attempt, Value(1)}));
  EXPECT_THAT(
      run.EventTypes(),
      ElementsAre("ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted",
                  "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded"));
}

TEST(ResourceTest, ParametersThatCannotBeUsedStartNothing) {
  const auto cause = [](const std::string& resource, const std::string& input) {
    TestExecution run(MachineOf(R"("A": {"Type": "Task", "End": true, "Resource":
        "arn:aws:states:::)" + resource +
                                R"(", "Parameters": {
        "FunctionName.$": "$.f", "StateMachineArn.$": "$.m"}})"));
    run.Begin(input);
    EXPECT_EQ(run.EventTypes().back(), "ExecutionFailed");
    EXPECT_EQ(run.events.size(), 3u);
    EXPECT_EQ(run.Only<Complete>().error, kErrorRuntime);
    return run.Only<Complete>().cause.value_or("");
  };
  EXPECT_EQ(
      cause("lambda:invoke", R"({"f": 5, "m": "m"})"),
      "An error occurred while executing the state 'A' (entered at the event id #2). The "
      "Parameters '{\"FunctionName\":5,\"StateMachineArn\":\"m\"}' could not be used to start "
      "the Task: [The value for the field 'FunctionName' must be a STRING]");
  EXPECT_THAT(
      cause("lambda:invoke", R"({"f": "f", "m": "m"})"),
      HasSubstr("Task: [The field \"StateMachineArn\" is not supported by Step Functions]"));
  EXPECT_THAT(cause("states:startExecution.sync", R"({"f": "f", "m": null})"),
              HasSubstr("Task: [The field 'StateMachineArn' is required but was missing]"));
}

TEST(ResourceTest, CredentialsShowInTheScheduledEvent) {
  TestExecution run(MachineOf(R"("A": {"Type": "Task", "End": true, "Resource": "r",
      "Credentials": {"RoleArn.$": "$.role"}})"));
  run.Begin(R"({"role": "arn:aws:iam::1:role/x"})");
  EXPECT_EQ(*run.events[2].details.Find("taskCredentials"),
            Json(R"({"roleArn": "arn:aws:iam::1:role/x"})"));
}

}  // namespace
}  // namespace orderflow::asl
