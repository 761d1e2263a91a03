// TestState over a real socket, its Tasks answered by the test.

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;
using workflow::v1::TestStateRequest;
using workflow::v1::TestStateResponse;
using Workflows = workflow::v1::WorkflowService::Stub;

constexpr char kTask[] = R"({"Type": "Task", "Resource": "grpc://work:1/p.S/Work",
    "Parameters": {"n.$": "$.a"}, "ResultPath": "$.r",
    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Mend"}], "Next": "Go"})";

class TestStateApiTest : public ::testing::Test {
 protected:
  static TestStateRequest Request(const std::string& definition) {
    TestStateRequest request;
    request.set_definition(definition);
    request.set_role_arn("arn:aws:iam::000000000000:role/r");
    request.set_input(R"({"a":1})");
    request.set_inspection_level(workflow::v1::INSPECTION_LEVEL_DEBUG);
    return request;
  }
  grpc::Status Test(const TestStateRequest& request, TestStateResponse& response) {
    return Call(orchestrator_.workflows(), &Workflows::TestState, request, response);
  }
  TestStateResponse Tested(const TestStateRequest& request) {
    TestStateResponse response;
    const grpc::Status status = Test(request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string Refused(const TestStateRequest& request) {
    TestStateResponse response;
    const grpc::Status status = Test(request, response);
    return absl::StrCat(ReasonOf(status), ": ", status.error_message());
  }

  Script script_;
  TestOrchestrator orchestrator_{script_};
};

TEST_F(TestStateApiTest, ATaskWithoutAMockRuns) {
  script_.Answer("Work", json::Value::Object({{"b", 2}}));
  const TestStateResponse response = Tested(Request(kTask));
  EXPECT_EQ(response.status(), workflow::v1::TEST_EXECUTION_STATUS_SUCCEEDED);
  EXPECT_EQ(response.output(), R"({"a":1,"r":{"b":2}})");
  EXPECT_EQ(response.next_state(), "Go");
  EXPECT_EQ(response.inspection_data().after_parameters(), R"({"n":1})");
  EXPECT_EQ(response.inspection_data().result(), R"({"b":2})");
  ASSERT_THAT(script_.keys("Work"), SizeIs(1));
  EXPECT_THAT(script_.keys("Work")[0],
              StartsWith("arn:aws:states:us-east-1:000000000000:express:"));
}

TEST_F(TestStateApiTest, AFailedTaskIsCaught) {
  script_.Answer("Work", asl::Failure{"Bad", "why"});
  const TestStateResponse response = Tested(Request(kTask));
  EXPECT_EQ(response.status(), workflow::v1::TEST_EXECUTION_STATUS_CAUGHT_ERROR);
  EXPECT_EQ(response.error(), "Bad");
  EXPECT_EQ(response.cause(), "why");
  EXPECT_EQ(response.next_state(), "Mend");
  EXPECT_EQ(response.output(), R"({"Error":"Bad","Cause":"why"})");
  EXPECT_EQ(response.inspection_data().error_details().catch_index(), 0);
  EXPECT_FALSE(response.inspection_data().error_details().has_retry_index());
}

TEST_F(TestStateApiTest, AMockCallsNobody) {
  TestStateRequest request = Request(kTask);
  request.clear_role_arn();
  request.mutable_mock()->set_result("7");
  EXPECT_EQ(Tested(request).output(), R"({"a":1,"r":7})");
  request.clear_inspection_level();
  EXPECT_FALSE(Tested(request).has_inspection_data());
  EXPECT_EQ(script_.calls("Work"), 0);
}

TEST_F(TestStateApiTest, AMapTellsItsSettings) {
  TestStateRequest request = Request(R"({"Type": "Map", "ItemsPath": "$.list",
      "ToleratedFailureCount": 0, "ToleratedFailurePercentage": 12.5,
      "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
      "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}, "End": true})");
  request.set_input(R"({"list":[1,2]})");
  request.mutable_mock()->set_result("[1,2]");
  request.mutable_state_configuration()->set_map_iteration_failure_count(1);
  const TestStateResponse response = Tested(request);
  EXPECT_EQ(response.error(), "States.ExceedToleratedFailureThreshold");
  EXPECT_TRUE(response.inspection_data().has_max_concurrency());
  EXPECT_TRUE(response.inspection_data().has_tolerated_failure_count());
  EXPECT_EQ(response.inspection_data().tolerated_failure_percentage(), 12.5f);
  EXPECT_EQ(response.inspection_data().after_items_path(), "[1,2]");
}

TEST_F(TestStateApiTest, WhatIsBeyondALimitIsRefused) {
  TestStateRequest request = Request(kTask);
  request.set_input("{");
  EXPECT_THAT(Refused(request), StartsWith("InvalidExecutionInput: "));
  request = Request("");
  EXPECT_EQ(Refused(request),
            "ValidationException: 1 validation error detected: Value at 'definition' failed to "
            "satisfy constraint: Member must have length greater than or equal to 1");
  request = Request(kTask);
  request.set_state_name("");
  EXPECT_THAT(Refused(request), HasSubstr("'stateName'"));
  request = Request(kTask);
  request.set_context(std::string(262'145, ' '));
  EXPECT_THAT(Refused(request), HasSubstr("'context' failed"));
  request = Request(kTask);
  request.mutable_mock()->mutable_error_output()->set_cause("c");
  EXPECT_THAT(Refused(request), HasSubstr("'mock.errorOutput.error'"));
  request.mutable_mock()->mutable_error_output()->set_error(std::string(257, 'e'));
  EXPECT_THAT(Refused(request), HasSubstr("less than or equal to 256"));
  request = Request(kTask);
  request.mutable_mock()->set_result("1");
  request.mutable_state_configuration()->set_retrier_retry_count(-1);
  EXPECT_THAT(Refused(request), HasSubstr("'stateConfiguration.retrierRetryCount'"));
}

TEST_F(TestStateApiTest, AStateThatCannotBeTestedIsRefused) {
  EXPECT_THAT(Refused(Request(R"({"Type": "Pass"})")),
              StartsWith("InvalidDefinition: Invalid State Machine Definition: "));
  EXPECT_THAT(Refused(Request(R"({"Type": "Task", "End": true,
                                  "Resource": "arn:aws:states:::sqs:sendMessage"})")),
              StartsWith("InvalidDefinition: Invalid State Machine Definition: "));
  EXPECT_THAT(Refused(Request(R"({"Type": "Parallel", "End": true, "Branches": [{"StartAt": "P",
                                  "States": {"P": {"Type": "Succeed"}}}]})")),
              StartsWith("InvalidDefinition: TestState API does not support Map or Parallel"));
}

TEST_F(TestStateApiTest, AnOrchestratorThatStopsAnswersWhoWaits) {
  script_.Hold("Work");
  std::string refused;
  std::thread caller([&] { refused = Refused(Request(kTask)); });
  script_.AwaitCalls("Work", 1);
  orchestrator_.Stop();
  caller.join();
  EXPECT_EQ(refused, "ServiceUnavailable: the orchestrator is going down");
  script_.Release("Work");
}

}  // namespace
}  // namespace orderflow::api
