// Workflows whose tasks are Lambda functions, from their creation to their history.

#include <string>
#include <thread>
#include <vector>

#include "common/http/test_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Answer = http::TestServer::Answer;
using Workflows = workflow::v1::WorkflowService::Stub;

// The first function is declined, which is caught; the second one is told.
constexpr char kFlow[] = R"({"StartAt": "Charge", "States": {
    "Charge": {
      "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "TimeoutSeconds": 20,
      "Catch": [{"ErrorEquals": ["CARD_DECLINED"], "ResultPath": "$.error", "Next": "Tell"}],
      "End": true},
    "Tell": {
      "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "tell", "Payload.$": "$.error.Error"},
      "OutputPath": "$.Payload", "End": true}}})";
constexpr char kSlow[] = R"({"StartAt": "Charge", "States": {
    "Charge": {
      "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:slow",
      "TimeoutSeconds": 1, "End": true}}})";

class LambdaTasksTest : public ::testing::Test {
 protected:
  static Answer Invoke(const http::TestServer::Request& request) {
    const auto calls = [&](const std::string& function) {
      return request.target == "/2015-03-31/functions/" + function + "/invocations";
    };
    if (calls("charge")) {
      return {.headers = {{"X-Amz-Function-Error", "Unhandled"}},
              .body = R"({"errorMessage":"no","errorType":"CARD_DECLINED"})"};
    }
    if (calls("slow")) return {.delivery = Answer::Delivery::kSilent};
    return {.body = R"({"told":true})"};
  }

  OrchestratorOptions Options() const {
    OrchestratorOptions options;
    options.lambda.endpoint = server_.url();
    return options;
  }

  workflow::v1::CreateStateMachineResponse Create(TestOrchestrator& orchestrator,
                                                  const std::string& definition,
                                                  grpc::Status& status) {
    workflow::v1::CreateStateMachineRequest request;
    request.set_name("flow");
    request.set_definition(definition);
    workflow::v1::CreateStateMachineResponse response;
    status = Call(orchestrator.workflows(), &Workflows::CreateStateMachine, request, response);
    return response;
  }

  // Runs a definition to its end.
  workflow::v1::DescribeExecutionResponse Run(TestOrchestrator& orchestrator,
                                              const std::string& definition) {
    grpc::Status status;
    workflow::v1::StartExecutionRequest start;
    start.set_state_machine_arn(Create(orchestrator, definition, status).state_machine_arn());
    EXPECT_TRUE(status.ok()) << status.error_message();
    start.set_name("one");
    start.set_input(R"({"order_id":"12345"})");
    workflow::v1::StartExecutionResponse started;
    status = Call(orchestrator.workflows(), &Workflows::StartExecution, start, started);
    EXPECT_TRUE(status.ok()) << status.error_message();
    workflow::v1::DescribeExecutionRequest describe;
    describe.set_execution_arn(started.execution_arn());
    workflow::v1::DescribeExecutionResponse description;
    description.set_status(workflow::v1::EXECUTION_STATUS_RUNNING);
    while (status.ok() && description.status() == workflow::v1::EXECUTION_STATUS_RUNNING) {
      std::this_thread::yield();
      status = Call(orchestrator.workflows(), &Workflows::DescribeExecution, describe, description);
    }
    return description;
  }

  std::vector<workflow::v1::HistoryEvent> History(TestOrchestrator& orchestrator,
                                                  const std::string& arn) {
    workflow::v1::GetExecutionHistoryRequest request;
    request.set_execution_arn(arn);
    workflow::v1::GetExecutionHistoryResponse response;
    const grpc::Status status =
        Call(orchestrator.workflows(), &Workflows::GetExecutionHistory, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.events().begin(), response.events().end()};
  }

  static std::vector<std::string> Types(const std::vector<workflow::v1::HistoryEvent>& events) {
    std::vector<std::string> types;
    for (const auto& event : events) types.push_back(event.type());
    return types;
  }

  http::TestServer server_{Invoke};
};

TEST_F(LambdaTasksTest, BothKindsOfTaskRunAndTheirHistoryIsThatOfAws) {
  TestOrchestrator orchestrator(Options());
  const auto execution = Run(orchestrator, kFlow);
  EXPECT_EQ(execution.status(), workflow::v1::EXECUTION_STATUS_SUCCEEDED);
  EXPECT_EQ(execution.output(), R"({"told":true})");

  const auto events = History(orchestrator, execution.execution_arn());
  ASSERT_THAT(Types(events),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled",
                          "LambdaFunctionStarted", "LambdaFunctionFailed", "TaskStateExited",
                          "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded",
                          "TaskStateExited", "ExecutionSucceeded"));
  const auto& scheduled = events[2].lambda_function_scheduled_event_details();
  EXPECT_EQ(scheduled.resource(), "arn:aws:lambda:us-east-1:123456789012:function:charge");
  EXPECT_EQ(scheduled.input(), R"({"order_id":"12345"})");
  EXPECT_EQ(scheduled.timeout_in_seconds(), 20);
  const auto& failed = events[4].lambda_function_failed_event_details();
  EXPECT_EQ(failed.error(), "CARD_DECLINED");
  EXPECT_EQ(failed.cause(), R"({"errorMessage":"no","errorType":"CARD_DECLINED"})");
  const auto& invoked = events[7].task_scheduled_event_details();
  EXPECT_EQ(invoked.resource_type(), "lambda");
  EXPECT_EQ(invoked.resource(), "invoke");
  EXPECT_EQ(invoked.region(), "us-east-1");
  EXPECT_EQ(invoked.parameters(), R"({"FunctionName":"tell","Payload":"CARD_DECLINED"})");
  EXPECT_THAT(events[9].task_succeeded_event_details().output(),
              AllOf(HasSubstr(R"("ExecutedVersion":"$LATEST","Payload":{"told":true},)"),
                    HasSubstr(R"("StatusCode":200)")));
}

TEST_F(LambdaTasksTest, ATimeoutIsWrittenDownAsOne) {
  TestOrchestrator orchestrator(Options());
  const auto execution = Run(orchestrator, kSlow);
  EXPECT_EQ(execution.status(), workflow::v1::EXECUTION_STATUS_FAILED);
  EXPECT_EQ(execution.error(), "States.Timeout");
  EXPECT_THAT(Types(History(orchestrator, execution.execution_arn())),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled",
                          "LambdaFunctionStarted", "LambdaFunctionTimedOut", "ExecutionFailed"));
}

TEST_F(LambdaTasksTest, AFunctionThatCannotBeCalledIsRefusedAtItsCreation) {
  TestOrchestrator orchestrator{OrchestratorOptions{}};
  grpc::Status status;
  Create(orchestrator, kFlow, status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "InvalidDefinition");
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("/States/Charge/Resource"), HasSubstr("function:charge cannot be"),
                    HasSubstr("--lambda_endpoint"), HasSubstr("--lambda_functions"),
                    HasSubstr("/States/Tell/Resource")));
}

}  // namespace
}  // namespace orderflow::api
