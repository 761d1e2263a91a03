// Tasks that wait for whoever has their token, over a real socket and a real database.

#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

using ::testing::ElementsAre;
using Workflows = workflow::v1::WorkflowService::Stub;

constexpr char kCallback[] = R"({"StartAt": "Ask", "States": {"Ask": {"Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "HeartbeatSeconds": 600,
    "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
    "End": true}}})";

class TaskTokenTest : public ::testing::Test {
 protected:
  template <typename Request, typename Response>
  grpc::Status Do(grpc::Status (Workflows::*method)(grpc::ClientContext*, const Request&,
                                                    Response*),
                  const Request& request, Response& response) {
    return Call(orchestrator_.workflows(), method, request, response);
  }

  // Starts an execution and waits until its task's token has been handed out.
  std::string StartAndGetToken() {
    workflow::v1::CreateStateMachineRequest machine;
    machine.set_name("m");
    machine.set_definition(kCallback);
    workflow::v1::CreateStateMachineResponse created;
    EXPECT_TRUE(Do(&Workflows::CreateStateMachine, machine, created).ok());
    workflow::v1::StartExecutionRequest start;
    start.set_state_machine_arn(created.state_machine_arn());
    workflow::v1::StartExecutionResponse started;
    EXPECT_TRUE(Do(&Workflows::StartExecution, start, started).ok());
    arn_ = started.execution_arn();
    script_.AwaitCalls(kMethod, 1);
    return script_.inputs(kMethod).back().Find("Payload")->Find("token")->AsString();
  }
  void AwaitSubmitted() {
    while (Types().back() != "TaskSubmitted") std::this_thread::yield();
  }

  std::string Success(const std::string& token, const std::string& output) {
    workflow::v1::SendTaskSuccessRequest request;
    request.set_task_token(token);
    request.set_output(output);
    workflow::v1::SendTaskSuccessResponse response;
    return Outcome(Do(&Workflows::SendTaskSuccess, request, response));
  }
  std::string Failure(const std::string& token, const std::string& error) {
    workflow::v1::SendTaskFailureRequest request;
    request.set_task_token(token);
    request.set_error(error);
    workflow::v1::SendTaskFailureResponse response;
    return Outcome(Do(&Workflows::SendTaskFailure, request, response));
  }
  std::string Heartbeat(const std::string& token) {
    workflow::v1::SendTaskHeartbeatRequest request;
    request.set_task_token(token);
    workflow::v1::SendTaskHeartbeatResponse response;
    return Outcome(Do(&Workflows::SendTaskHeartbeat, request, response));
  }
  static std::string Outcome(const grpc::Status& status) {
    return status.ok() ? "OK" : absl::StrCat(ReasonOf(status), ": ", status.error_message());
  }

  workflow::v1::DescribeExecutionResponse Describe() {
    workflow::v1::DescribeExecutionRequest request;
    request.set_execution_arn(arn_);
    workflow::v1::DescribeExecutionResponse response;
    EXPECT_TRUE(Do(&Workflows::DescribeExecution, request, response).ok());
    return response;
  }
  std::vector<std::string> Types() {
    workflow::v1::GetExecutionHistoryRequest request;
    request.set_execution_arn(arn_);
    workflow::v1::GetExecutionHistoryResponse response;
    EXPECT_TRUE(Do(&Workflows::GetExecutionHistory, request, response).ok());
    std::vector<std::string> types;
    for (const auto& event : response.events()) types.push_back(event.type());
    return types;
  }

  static constexpr char kMethod[] = "arn:aws:states:::lambda:invoke.waitForTaskToken";
  Script script_;
  TestOrchestrator orchestrator_{script_};
  std::string arn_;
};

TEST_F(TaskTokenTest, WhoHasTheTokenAnswersTheTask) {
  const std::string token = StartAndGetToken();
  AwaitSubmitted();
  EXPECT_EQ(Success(token, R"({"approved":true})"), "OK");
  EXPECT_EQ(Describe().output(), R"({"approved":true})") << "OK means that it is durable";
  EXPECT_THAT(Types(), ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled",
                                   "TaskStarted", "TaskSubmitted", "TaskSucceeded",
                                   "TaskStateExited", "ExecutionSucceeded"));
}

TEST_F(TaskTokenTest, ATokenMayReportAFailure) {
  const std::string token = StartAndGetToken();
  EXPECT_EQ(Failure(token, "NotApproved"), "OK");
  EXPECT_EQ(Describe().status(), workflow::v1::EXECUTION_STATUS_FAILED);
  EXPECT_EQ(Describe().error(), "NotApproved");
}

TEST_F(TaskTokenTest, ATokenIsGoodOnce) {
  const std::string token = StartAndGetToken();
  EXPECT_EQ(Success(token, "1"), "OK");
  const std::string over = "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'";
  EXPECT_EQ(Success(token, "2"), over);
  EXPECT_EQ(Failure(token, "e"), over);
  EXPECT_EQ(Heartbeat(token), over);
  EXPECT_EQ(Describe().output(), "1");
}

TEST_F(TaskTokenTest, ATokenSurvivesARestart) {
  const std::string token = StartAndGetToken();
  AwaitSubmitted();
  EXPECT_EQ(Heartbeat(token), "OK");
  orchestrator_.Restart();
  EXPECT_EQ(Heartbeat(token), "OK");
  EXPECT_EQ(Success(token, "\"late\""), "OK");
  EXPECT_EQ(Describe().output(), "\"late\"");
  EXPECT_EQ(script_.calls(kMethod), 1) << "the service had accepted it";
}

TEST_F(TaskTokenTest, ATokenThatNobodyGaveIsRefused) {
  std::string token = StartAndGetToken();
  const std::string invalid = "InvalidToken: Invalid Token: 'Invalid token'";
  EXPECT_EQ(Success("nonsense", "1"), invalid);
  token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Success(token, "1"), invalid);
  EXPECT_EQ(Describe().status(), workflow::v1::EXECUTION_STATUS_RUNNING);
}

TEST_F(TaskTokenTest, AnOutputThatIsNoJsonIsRefused) {
  const std::string token = StartAndGetToken();
  EXPECT_THAT(Success(token, "{"), ::testing::HasSubstr("InvalidOutput: Invalid Output: '"));
  EXPECT_THAT(Success(token, absl::StrCat("\"", std::string(300'000, 'x'), "\"")),
              ::testing::HasSubstr("ValidationException"));
  EXPECT_EQ(Success(token, "1"), "OK");
}

}  // namespace
}  // namespace orderflow::api
