// The product's own workflow file, run by hand.

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

constexpr char kOrder[] =
    R"({"order_id":"12345","product_id":"sku-001","quantity":1,"customer_email":"user@example.com"})";

std::shared_ptr<const StateMachine> OrderWorkflow(const ParseOptions& options) {
  std::ifstream in(ORDERFLOW_SOURCE_DIR "/workflows/order-processing.asl.json", std::ios::binary);
  return ParseOrFail(std::string(std::istreambuf_iterator<char>(in), {}), options);
}

ParseOptions WithResources() {
  return ParseOptions{
      .substitute =
          [](std::string_view name) { return "grpc://localhost:1/s.S/" + std::string(name); },
      .check_resource = {}};
}

// The state whose task was just asked for.
std::string Asked(TestExecution& run) {
  const RunTask task = run.Only<RunTask>();
  return task.resource.substr(task.resource.rfind('/') + 1);
}

class OrderWorkflowTest : public ::testing::Test {
 protected:
  // Up to the answer of the stock check.
  void ReachInventory() {
    run.Begin(kOrder);
    EXPECT_EQ(Asked(run), "ReceiveOrderFunctionArn");
    run.Answer(R"({"payment_token": "tok"})");
    EXPECT_EQ(Asked(run), "CheckInventoryFunctionArn");
  }
  void ReachPayment() {
    ReachInventory();
    run.Answer(R"({"inventory_status": "available", "total_minor": 1250, "currency": "EUR"})");
    EXPECT_EQ(Asked(run), "ChargePaymentFunctionArn");
  }

  TestExecution run{OrderWorkflow(WithResources())};
};

TEST_F(OrderWorkflowTest, AnOrderGoesThroughAllItsTasks) {
  ReachPayment();
  EXPECT_EQ(run.Only<RunTask>().input,
            Json(R"({"order_id": "12345", "amount_minor": 1250, "currency": "EUR",
                                               "payment_token": "tok"})"));
  run.Answer(R"({"payment_status": "charged", "amount_minor": 1250, "currency": "EUR"})");
  EXPECT_EQ(Asked(run), "SendConfirmationEmailFunctionArn");
  run.Answer(R"({"email_status": "sent"})");
  EXPECT_EQ(run.Only<Complete>().status, Status::kSucceeded);
  EXPECT_EQ(run.Only<Complete>().output.Find("email")->Find("email_status")->AsString(), "sent");
}

TEST_F(OrderWorkflowTest, MissingStockEndsInInventoryFailedWithTheAnswerAsCause) {
  ReachInventory();
  run.Answer(R"({"inventory_status": "unavailable", "left": 0})");
  EXPECT_EQ(run.Only<Complete>().status, Status::kFailed);
  EXPECT_EQ(run.Only<Complete>().error, "InventoryFailed");
  EXPECT_EQ(run.Only<Complete>().cause, R"({"inventory_status":"unavailable","left":0})");
  EXPECT_EQ(run.Only<Complete>().state, "InventoryFailed");
}

TEST_F(OrderWorkflowTest, ADeclinedCardReleasesTheStockBeforePaymentFails) {
  ReachPayment();
  run.Answer(R"({"payment_status": "declined", "reason": "card"})");
  EXPECT_EQ(Asked(run), "ReleaseReservationFunctionArn");
  run.Refuse("Broken");
  EXPECT_EQ(run.Only<Complete>().error, "PaymentFailed");
  EXPECT_EQ(run.Only<Complete>().cause, R"({"payment_status":"declined","reason":"card"})");
}

TEST_F(OrderWorkflowTest, AnyErrorOfTheChargeLeadsToPaymentFailed) {
  ReachPayment();
  run.Refuse("Grpc.INTERNAL", "boom");
  EXPECT_EQ(Asked(run), "ReleaseReservationFunctionArn");
  run.Answer("{}");
  EXPECT_EQ(run.Only<Complete>().error, "PaymentFailed");
  EXPECT_EQ(run.Only<Complete>().cause, R"({"Error":"Grpc.INTERNAL","Cause":"boom"})");
}

TEST(OrderWorkflowFileTest, EachMissingSubstitutionIsNamedWithItsPlace) {
  std::ifstream in(ORDERFLOW_SOURCE_DIR "/workflows/order-processing.asl.json", std::ios::binary);
  ParseOptions options{
      .substitute = [](std::string_view) { return std::nullopt; },
      .check_resource = [](std::string_view) { return std::string("must not be asked"); }};
  const ParsedDefinition parsed =
      ParseStateMachine(std::string(std::istreambuf_iterator<char>(in), {}), options);
  EXPECT_EQ(parsed.machine, nullptr);
  ASSERT_EQ(parsed.diagnostics.size(), 5u);
  EXPECT_EQ(parsed.diagnostics[0].location, "/States/ReceiveOrder/Resource");
  EXPECT_THAT(parsed.diagnostics[0].message, ::testing::HasSubstr("${ReceiveOrderFunctionArn}"));
}

TEST(OrderWorkflowFileTest, EachResourceIsCheckedAfterSubstitution) {
  std::set<std::string> checked;
  ParseOptions options = WithResources();
  options.check_resource = [&](std::string_view resource) -> std::optional<std::string> {
    checked.insert(std::string(resource));
    return std::nullopt;
  };
  OrderWorkflow(options);
  EXPECT_EQ(checked.size(), 5u);
  EXPECT_EQ(checked.count("grpc://localhost:1/s.S/ChargePaymentFunctionArn"), 1u);
}

}  // namespace
}  // namespace orderflow::asl
