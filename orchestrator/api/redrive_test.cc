// RedriveExecution and UpdateMapRun, over a real socket and a real database.

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/rpc/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_workflows.h"

namespace orderflow::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kTwoTasks[] = R"({"StartAt": "First", "States": {
    "First": {"Type": "Task", "Resource": "grpc://x:1/a.B/First", "ResultPath": null, "Next": "Second"},
    "Second": {"Type": "Task", "Resource": "grpc://x:1/a.B/Second", "End": true}}})";
std::string MapOf(const std::string& type) {
  return R"({"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 2,
      "Label": "each", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED",
      "ExecutionType": ")" +
         type + R"("}, "StartAt": "Work", "States": {"Work": {"Type": "Task",
      "Resource": "grpc://x:1/a.B/Work", "End": true}}}, "End": true}}})";
}

class RedriveApiTest : public WorkflowTest {
 protected:
  RedriveApiTest() {
    for (const char* method : {"First", "Second", "Work"})
      script_.Answer(method, json::Value("done"));
  }

  // "CODE Reason: message", empty if it went well.
  std::string Redrive(const std::string& arn, const std::string& token = "",
                      workflow::v1::RedriveExecutionResponse* response = nullptr) {
    workflow::v1::RedriveExecutionRequest request;
    request.set_execution_arn(arn);
    if (!token.empty()) request.set_client_token(token);
    workflow::v1::RedriveExecutionResponse mine;
    const grpc::Status status = Call(orchestrator_.workflows(), &Workflows::RedriveExecution,
                                     request, response == nullptr ? mine : *response);
    if (status.ok()) return "";
    return absl::StrCat(
        std::string(StatusCodeName(static_cast<absl::StatusCode>(status.error_code()))), " ",
        ReasonOf(status), ": ", status.error_message());
  }
};

TEST_F(RedriveApiTest, AFailedExecutionGoesOnFromTheTaskThatFailed) {
  script_.Answer("Second", asl::Failure{"Broken", "no tea"});
  const std::string arn = Start(kTwoTasks, R"({"n":1})");
  const auto failed = AwaitEnd(arn);
  EXPECT_EQ(failed.status(), workflow::v1::EXECUTION_STATUS_FAILED);
  EXPECT_EQ(failed.redrive_status(), "REDRIVABLE");
  EXPECT_FALSE(failed.has_redrive_status_reason());
  EXPECT_EQ(failed.redrive_count(), 0);
  EXPECT_FALSE(failed.has_redrive_date());

  script_.Answer("Second", json::Value("mended"));
  workflow::v1::RedriveExecutionResponse first;
  EXPECT_EQ(Redrive(arn, "token", &first), "");
  const auto ended = AwaitEnd(arn);
  EXPECT_EQ(ended.output(), "\"mended\"");
  EXPECT_EQ(ended.redrive_count(), 1);
  EXPECT_EQ(ended.redrive_date().seconds(), first.redrive_date().seconds());
  EXPECT_EQ(ended.redrive_status(), "NOT_REDRIVABLE");
  EXPECT_EQ(ended.redrive_status_reason(), "Execution is SUCCEEDED and cannot be redriven");
  EXPECT_EQ(script_.calls("First"), 1);
  EXPECT_THAT(script_.inputs("Second"), SizeIs(2));
  EXPECT_EQ(script_.inputs("Second")[1], script_.inputs("Second")[0]);
  EXPECT_EQ(script_.keys("Second")[1], script_.keys("Second")[0]);
  const std::vector<std::string> types = EventTypes(arn);
  ASSERT_GT(types.size(), 12u);
  EXPECT_EQ(types[9], "TaskFailed");
  EXPECT_EQ(types[10], "ExecutionFailed");
  EXPECT_EQ(types[11], "ExecutionRedriven");
  EXPECT_EQ(types[12], "TaskScheduled");

  workflow::v1::RedriveExecutionResponse again;
  EXPECT_EQ(Redrive(arn, "token", &again), "") << "the same call";
  EXPECT_EQ(again.redrive_date().nanos(), first.redrive_date().nanos());
  EXPECT_EQ(Redrive(arn, "other"),
            "FAILED_PRECONDITION ExecutionNotRedrivable: Execution is SUCCEEDED and cannot be "
            "redriven");
}

TEST_F(RedriveApiTest, WhatCannotBeRedrivenIsRefused) {
  script_.Hold("First");
  const std::string arn = Start(kTwoTasks);
  EXPECT_EQ(Redrive(arn),
            "FAILED_PRECONDITION ExecutionNotRedrivable: Execution is RUNNING and cannot be "
            "redriven");
  EXPECT_EQ(Redrive(arn + "0").substr(0, 31), "NOT_FOUND ExecutionDoesNotExist");
  EXPECT_EQ(Redrive("nonsense").substr(0, 27), "INVALID_ARGUMENT InvalidArn");
  EXPECT_EQ(Redrive(arn, "a b").substr(0, 36), "INVALID_ARGUMENT ValidationException");
  EXPECT_EQ(Redrive(arn, std::string(65, 'x')).substr(0, 36),
            "INVALID_ARGUMENT ValidationException");
  script_.Release("First");
}

TEST_F(RedriveApiTest, ARedrivenExecutionGoesOnAfterARestart) {
  script_.Answer("Second", asl::Failure{"Broken", "no tea"});
  const std::string arn = Start(kTwoTasks);
  AwaitEnd(arn);
  script_.Answer("Second", json::Value("mended"));
  script_.Hold("Second");
  EXPECT_EQ(Redrive(arn), "");
  script_.AwaitCalls("Second", 2);
  orchestrator_.Restart();
  script_.AwaitCalls("Second", 3);
  script_.Release("Second");
  EXPECT_EQ(AwaitEnd(arn).output(), "\"mended\"");
  EXPECT_EQ(Describe(arn).redrive_count(), 1);
}

TEST_F(RedriveApiTest, ARedriveOfTheParentRedrivesTheChildrenThatFailed) {
  script_.Answer("Work", asl::Failure{"Broken", "no tea"});
  const std::string parent = Start(MapOf("STANDARD"), "[1, 2, 3]");
  EXPECT_EQ(AwaitEnd(parent).error(), "States.ExceedToleratedFailureThreshold");
  const std::string run = MapRunOf(parent);
  while (!ChildrenOf(run, workflow::v1::EXECUTION_STATUS_RUNNING).empty())
    std::this_thread::yield();
  const auto failed = ChildrenOf(run, workflow::v1::EXECUTION_STATUS_FAILED);
  ASSERT_FALSE(failed.empty());
  EXPECT_EQ(failed[0].map_run_arn(), run);
  EXPECT_EQ(failed[0].item_count(), 1);
  EXPECT_EQ(Describe(failed[0].execution_arn()).redrive_status(), "REDRIVABLE_BY_MAP_RUN");
  EXPECT_EQ(Redrive(failed[0].execution_arn()).substr(0, 43),
            "FAILED_PRECONDITION ExecutionNotRedrivable:");

  script_.Answer("Work", json::Value("mended"));
  EXPECT_EQ(Redrive(parent), "");
  EXPECT_EQ(AwaitEnd(parent).output(), R"(["mended","mended","mended"])");
  const auto described = DescribeMapRun(run);
  EXPECT_EQ(described.status(), "SUCCEEDED");
  EXPECT_EQ(described.redrive_count(), 1);
  EXPECT_TRUE(described.has_redrive_date());
  EXPECT_EQ(described.execution_counts().succeeded(), 3);
  EXPECT_EQ(described.execution_counts().pending_redrive(), 0);
  const auto redriven = ChildrenOf(run, workflow::v1::EXECUTION_STATUS_UNSPECIFIED,
                                   workflow::v1::REDRIVE_FILTER_REDRIVEN);
  ASSERT_GE(redriven.size(), failed.size());
  EXPECT_EQ(redriven[0].redrive_count(), 1);
  EXPECT_TRUE(redriven[0].has_redrive_date());
}

TEST_F(RedriveApiTest, ChildrenThatWaitForTheirRedriveAreListed) {
  script_.Hold("Work");
  const std::string parent = Start(MapOf("STANDARD"), "[1, 2]");
  script_.AwaitCalls("Work", 2);
  const std::string run = MapRunOf(parent);
  workflow::v1::UpdateMapRunRequest update;
  update.set_map_run_arn(run);
  update.set_max_concurrency(1);
  update.set_tolerated_failure_percentage(50);
  Must(&Workflows::UpdateMapRun, update);
  EXPECT_EQ(DescribeMapRun(run).max_concurrency(), 1);
  EXPECT_EQ(DescribeMapRun(run).tolerated_failure_percentage(), 50);
  workflow::v1::StopExecutionRequest stop;
  stop.set_execution_arn(parent);
  Must(&Workflows::StopExecution, stop);
  EXPECT_EQ(Redrive(parent), "");
  script_.AwaitCalls("Work", 3);
  EXPECT_EQ(DescribeMapRun(run).item_counts().running(), 1);
  EXPECT_EQ(DescribeMapRun(run).item_counts().pending_redrive(), 1);
  const auto pending = ChildrenOf(run, workflow::v1::EXECUTION_STATUS_PENDING_REDRIVE);
  ASSERT_THAT(pending, SizeIs(1));
  EXPECT_EQ(pending[0].status(), workflow::v1::EXECUTION_STATUS_PENDING_REDRIVE);
  EXPECT_THAT(ChildrenOf(run + "0", workflow::v1::EXECUTION_STATUS_PENDING_REDRIVE), IsEmpty());
  script_.Release("Work");
  EXPECT_EQ(AwaitEnd(parent).output(), R"(["done","done"])");
  EXPECT_THAT(ChildrenOf(run, workflow::v1::EXECUTION_STATUS_PENDING_REDRIVE), IsEmpty());
  workflow::v1::UpdateMapRunResponse response;
  EXPECT_EQ(ReasonOf(Call(orchestrator_.workflows(), &Workflows::UpdateMapRun, update, response)),
            "ValidationException")
      << "it has ended";
}

TEST_F(RedriveApiTest, AMapRunOfExpressChildrenIsCountedAndRedriven) {
  script_.Answer("Work", asl::Failure{"Broken", "no tea"});
  const std::string parent = Start(MapOf("EXPRESS"), "[1, 2, 3]");
  AwaitEnd(parent);
  const std::string run = MapRunOf(parent);
  EXPECT_EQ(DescribeMapRun(run).status(), "FAILED");
  EXPECT_EQ(DescribeMapRun(run).execution_counts().failed(), 1);
  script_.Answer("Work", json::Value("mended"));
  EXPECT_EQ(Redrive(parent), "");
  EXPECT_EQ(AwaitEnd(parent).output(), R"(["mended","mended","mended"])");
  EXPECT_EQ(DescribeMapRun(run).execution_counts().succeeded(), 3);
  EXPECT_EQ(DescribeMapRun(run).item_counts().total(), 3);
}

TEST_F(RedriveApiTest, BadSettingsOfAMapRunAreRefused) {
  const auto refusal = [this](const workflow::v1::UpdateMapRunRequest& request) {
    workflow::v1::UpdateMapRunResponse response;
    return ReasonOf(Call(orchestrator_.workflows(), &Workflows::UpdateMapRun, request, response));
  };
  workflow::v1::UpdateMapRunRequest request;
  request.set_map_run_arn("nonsense");
  EXPECT_EQ(refusal(request), "InvalidArn");
  request.set_map_run_arn("arn:aws:states:us-east-1:000000000000:mapRun:m/each:none");
  EXPECT_EQ(refusal(request), "ResourceNotFound");
  request.set_max_concurrency(-1);
  EXPECT_EQ(refusal(request), "ValidationException");
  request.set_max_concurrency(1);
  request.set_tolerated_failure_percentage(101);
  EXPECT_EQ(refusal(request), "ValidationException");
}

TEST_F(RedriveApiTest, FiltersByRedriveNeedAMapRun) {
  Start(kTwoTasks);
  workflow::v1::ListExecutionsRequest request;
  request.set_state_machine_arn(machine_);
  request.set_status_filter(workflow::v1::EXECUTION_STATUS_PENDING_REDRIVE);
  workflow::v1::ListExecutionsResponse response;
  EXPECT_EQ(
      ReasonOf(Call(orchestrator_.workflows(), &Workflows::ListExecutions, request, response)),
      "ValidationException");
}

TEST_F(RedriveApiTest, AnOrderIsInProgressAgainAndThenWhatItIs) {
  script_.Answer("SendConfirmationEmail", asl::Failure{"Grpc.INVALID_ARGUMENT", "no paper"});
  order::v1::PlaceOrderRequest place;
  place.set_order_id("o1");
  place.set_product_id("sku-001");
  place.set_quantity(1);
  place.set_customer_email("user@example.com");
  order::v1::PlaceOrderResponse placed;
  ASSERT_TRUE(
      Call(orchestrator_.orders(), &order::v1::OrderService::Stub::PlaceOrder, place, placed).ok());
  EXPECT_EQ(placed.order().outcome(), order::v1::OUTCOME_FAILED);
  const auto outcome = [this] {
    order::v1::GetOrderRequest get;
    get.set_order_id("o1");
    order::v1::GetOrderResponse response;
    EXPECT_TRUE(
        Call(orchestrator_.orders(), &order::v1::OrderService::Stub::GetOrder, get, response).ok());
    return response.order().outcome();
  };
  script_.Answer("SendConfirmationEmail", json::Value::Object({{"email_status", "sent"}}));
  script_.Hold("SendConfirmationEmail");
  EXPECT_EQ(Redrive(placed.order().execution_arn()), "");
  EXPECT_EQ(outcome(), order::v1::OUTCOME_IN_PROGRESS);
  script_.Release("SendConfirmationEmail");
  while (outcome() == order::v1::OUTCOME_IN_PROGRESS) std::this_thread::yield();
  EXPECT_EQ(outcome(), order::v1::OUTCOME_CONFIRMED);
}

}  // namespace
}  // namespace orderflow::api
