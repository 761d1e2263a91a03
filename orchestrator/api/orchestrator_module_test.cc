#include "orchestrator/api/orchestrator_module.h"

#include "common/base/await.h"
#include "common/base/test_matchers.h"
#include "common/metrics/metrics.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kFlow[] = R"({"StartAt": "Receive", "States": {
    "Receive": {"Type": "Task", "Resource": "${ReceiveOrderFunctionArn}", "Next": "Check"},
    "Check": {"Type": "Task", "Resource": "${CheckInventoryFunctionArn}", "End": true}}})";
constexpr char kShortFlow[] = R"({"StartAt": "Receive", "States": {
    "Receive": {"Type": "Task", "Resource": "${ReceiveOrderFunctionArn}", "End": true}}})";

order::v1::Order Submit(TestOrchestrator& orchestrator, const std::string& id) {
  order::v1::SubmitOrderRequest request;
  request.set_order_id(id);
  request.set_product_id("sku-001");
  request.set_quantity(1);
  request.set_customer_email("user@example.com");
  order::v1::SubmitOrderResponse response;
  EXPECT_TRUE(
      Call(orchestrator.orders(), &order::v1::OrderService::Stub::SubmitOrder, request, response)
          .ok());
  return response.order();
}

order::v1::Order Place(TestOrchestrator& orchestrator, const std::string& id) {
  order::v1::PlaceOrderRequest request;
  request.set_order_id(id);
  request.set_product_id("sku-001");
  request.set_quantity(1);
  request.set_customer_email("user@example.com");
  order::v1::PlaceOrderResponse response;
  EXPECT_TRUE(
      Call(orchestrator.orders(), &order::v1::OrderService::Stub::PlaceOrder, request, response)
          .ok());
  return response.order();
}

TEST(OrchestratorModuleTest, TheBuiltInWorkflowIsTheOneInTheTree) {
  EXPECT_THAT(std::string(BuiltInOrderWorkflow()),
              AllOf(HasSubstr("\"StartAt\": \"ReceiveOrder\""),
                    HasSubstr("${SendConfirmationEmailFunctionArn}")));
}

TEST(OrchestratorModuleTest, AWorkflowWithMistakesIsRefusedAndEachIsNamed) {
  Script script;
  TestOrchestrator orchestrator(script);
  orchestrator.Stop();
  orchestrator.options().order_workflow = R"({"StartAt": "A", "States": {
      "A": {"Type": "Task", "Resource": "${Unheard}", "Next": "Nowhere"}}})";
  orchestrator.options().order_workflow_source = "flow.asl.json";
  EXPECT_THAT(orchestrator.Open(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("flow.asl.json cannot be run:"),
                             HasSubstr(" at /States/A/Resource: "), HasSubstr("Unheard"),
                             HasSubstr("; at /States/A/Next: "))));
}

TEST(OrchestratorModuleTest, AChangedWorkflowIsForNewOrdersAndOldOnesFinishTheirs) {
  Script script;
  TestOrchestrator orchestrator(script);
  orchestrator.options().order_workflow = kFlow;
  orchestrator.Restart();
  script.Hold("ReceiveOrder");
  Submit(orchestrator, "old");
  script.AwaitCalls("ReceiveOrder", 1);

  orchestrator.options().order_workflow = kShortFlow;
  orchestrator.Restart();
  script.AwaitCalls("ReceiveOrder", 2);
  script.Release("ReceiveOrder");
  EXPECT_EQ(Place(orchestrator, "new").outcome(), order::v1::OUTCOME_CONFIRMED);
  EXPECT_EQ(Place(orchestrator, "old").outcome(), order::v1::OUTCOME_CONFIRMED);
  EXPECT_THAT(script.keys("CheckInventory"), ::testing::ElementsAre(HasSubstr(":old/")));
}

TEST(OrchestratorModuleTest, AnUnchangedWorkflowKeepsItsRevision) {
  Script script;
  TestOrchestrator orchestrator(script);
  const auto revision = [&] {
    workflow::v1::DescribeStateMachineRequest request;
    request.set_state_machine_arn(
        "arn:aws:states:us-east-1:000000000000:stateMachine:order-processing");
    workflow::v1::DescribeStateMachineResponse response;
    EXPECT_TRUE(Call(orchestrator.workflows(),
                     &workflow::v1::WorkflowService::Stub::DescribeStateMachine, request, response)
                    .ok());
    return response.revision_id();
  };
  const std::string before = revision();
  orchestrator.Restart();
  EXPECT_EQ(revision(), before);
  orchestrator.options().order_workflow_logging = engine::LogLevel::kError;
  orchestrator.Restart();
  EXPECT_NE(revision(), before);
}

TEST(OrchestratorModuleTest, AMissingSubstitutionForAnUnfinishedExecutionStopsTheStart) {
  Script script;
  OrchestratorOptions options;
  options.substitutions["Extra"] = "grpc://x:1/a.B/Work";
  options.order_workflow =
      R"({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Extra}", "End": true}}})";
  TestOrchestrator orchestrator(script, options);
  script.Hold("Work");
  Submit(orchestrator, "1");
  orchestrator.Stop();
  orchestrator.options().substitutions.clear();
  orchestrator.options().order_workflow = kShortFlow;
  EXPECT_THAT(orchestrator.Open(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("Extra")));
}

TEST(OrchestratorModuleTest, MetricsCountExecutionsByStatus) {
  Script script;
  TestOrchestrator orchestrator(script);
  Place(orchestrator, "1");
  const std::string text = metrics::Default().Text();
  for (const char* line : {"orderflow_executions_ended_total{status=\"SUCCEEDED\"} 1\n",
                           "orderflow_executions_running 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  orchestrator.Stop();
  EXPECT_EQ(metrics::Default().Text().find("orderflow_executions_running"), std::string::npos);
}

TEST(OrchestratorModuleTest, IsReadyWhenTheJournalIs) {
  Script script;
  OrchestratorOptions options;
  options.database.url = "sqlite::memory:";
  options.database.name = "orchestrator";
  TestOrchestrator elsewhere(script);  // brings a runner along
  elsewhere.Stop();
  auto module = elsewhere.Open();
  ASSERT_THAT(module, IsOk());
  EXPECT_THAT(AwaitStatus([&](StatusCallback done) { (*module)->CheckReady(std::move(done)); }),
              IsOk());
  (*module)->Stop();
}

}  // namespace
}  // namespace orderflow::api
