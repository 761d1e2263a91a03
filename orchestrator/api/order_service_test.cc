#include <atomic>
#include <set>
#include <thread>

#include "common/base/status.h"
#include "common/rpc/served_method.h"
#include "common/rpc/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

using order::v1::Order;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Orders = order::v1::OrderService::Stub;

class OrderServiceTest : public ::testing::Test {
 protected:
  order::v1::PlaceOrderRequest ARequest(const std::string& id) {
    order::v1::PlaceOrderRequest request;
    request.set_order_id(id);
    request.set_product_id("sku-001");
    request.set_quantity(1);
    request.set_customer_email("user@example.com");
    return request;
  }
  Order Place(const order::v1::PlaceOrderRequest& request) {
    order::v1::PlaceOrderResponse response;
    const grpc::Status status =
        Call(orchestrator_.orders(), &Orders::PlaceOrder, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.order();
  }
  grpc::Status TryPlace(const order::v1::PlaceOrderRequest& request) {
    order::v1::PlaceOrderResponse response;
    return Call(orchestrator_.orders(), &Orders::PlaceOrder, request, response);
  }
  Order Submit(const std::string& id) {
    order::v1::SubmitOrderRequest request;
    request.set_order_id(id);
    request.set_product_id("sku-001");
    request.set_quantity(1);
    request.set_customer_email("user@example.com");
    order::v1::SubmitOrderResponse response;
    const grpc::Status status =
        Call(orchestrator_.orders(), &Orders::SubmitOrder, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.order();
  }
  void Stop(const Order& order) {
    workflow::v1::StopExecutionRequest request;
    request.set_execution_arn(order.execution_arn());
    workflow::v1::StopExecutionResponse response;
    const grpc::Status status =
        Call(orchestrator_.workflows(), &workflow::v1::WorkflowService::Stub::StopExecution,
             request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  Order Get(const std::string& id) {
    order::v1::GetOrderRequest request;
    request.set_order_id(id);
    order::v1::GetOrderResponse response;
    const grpc::Status status = Call(orchestrator_.orders(), &Orders::GetOrder, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.order();
  }
  std::vector<std::string> List(order::v1::Outcome outcome, int page_size) {
    std::vector<std::string> ids;
    order::v1::ListOrdersRequest request;
    request.set_page_size(page_size);
    request.set_outcome(outcome);
    do {
      order::v1::ListOrdersResponse response;
      const grpc::Status status =
          Call(orchestrator_.orders(), &Orders::ListOrders, request, response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_LE(response.orders_size(), page_size);
      for (const Order& order : response.orders()) ids.push_back(order.order_id());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
  // All messages of a watch, and how it ended.
  grpc::Status Watch(
      const std::string& id, std::vector<order::v1::WatchOrderResponse>& messages,
      const std::function<void(const order::v1::WatchOrderResponse&)>& on_message = {}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    order::v1::WatchOrderRequest request;
    request.set_order_id(id);
    auto reader = orchestrator_.orders().WatchOrder(&context, request);
    order::v1::WatchOrderResponse message;
    while (reader->Read(&message)) {
      messages.push_back(message);
      if (on_message) on_message(message);
    }
    return reader->Finish();
  }

  // Declared first: the orchestrator uses it to its end.
  Script script_;
  TestOrchestrator orchestrator_{script_};
};

TEST_F(OrderServiceTest, AGoodOrderIsConfirmed) {
  const Order order = Place(ARequest("1"));
  EXPECT_EQ(order.outcome(), order::v1::OUTCOME_CONFIRMED);
  EXPECT_EQ(order.order_id(), "1");
  EXPECT_EQ(order.product_id(), "sku-001");
  EXPECT_EQ(order.quantity(), 1);
  EXPECT_EQ(order.customer_email(), "user@example.com");
  EXPECT_EQ(order.execution_arn(),
            "arn:aws:states:us-east-1:000000000000:execution:order-processing:1");
  EXPECT_THAT(order.result(), HasSubstr(R"("payment_id":"pay-1")"));
  EXPECT_TRUE(order.has_create_time());
  EXPECT_TRUE(order.has_finish_time());
  EXPECT_EQ(order.error(), "");
}

TEST_F(OrderServiceTest, ASoldOutProductIsAnAnswer) {
  script_.Answer("CheckInventory", json::Value::Object({{"inventory_status", "unavailable"}}));
  const Order order = Place(ARequest("1"));
  EXPECT_EQ(order.outcome(), order::v1::OUTCOME_INVENTORY_FAILED);
  EXPECT_EQ(order.failed_state(), "InventoryFailed");
  EXPECT_EQ(order.error(), "InventoryFailed");
  EXPECT_THAT(order.cause(), HasSubstr("unavailable"));
  EXPECT_EQ(script_.calls("ChargePayment"), 0);
}

TEST_F(OrderServiceTest, ADeclinedCardIsAnAnswerAndGivesTheStockBack) {
  script_.Answer("ChargePayment", json::Value::Object({{"payment_status", "declined"}}));
  const Order order = Place(ARequest("1"));
  EXPECT_EQ(order.outcome(), order::v1::OUTCOME_PAYMENT_FAILED);
  EXPECT_EQ(order.failed_state(), "PaymentFailed");
  EXPECT_EQ(script_.calls("ReleaseReservation"), 1);
  EXPECT_EQ(script_.calls("SendConfirmationEmail"), 0);
}

TEST_F(OrderServiceTest, AnyOtherFailureIsFailedWithItsCause) {
  script_.Answer("ReceiveOrder", asl::Failure{"Grpc.INVALID_ARGUMENT", "quantity: is too large"});
  const Order order = Place(ARequest("1"));
  EXPECT_EQ(order.outcome(), order::v1::OUTCOME_FAILED);
  EXPECT_EQ(order.failed_state(), "ReceiveOrder");
  EXPECT_EQ(order.error(), "Grpc.INVALID_ARGUMENT");
  EXPECT_EQ(order.cause(), "quantity: is too large");
}

TEST_F(OrderServiceTest, AnInvalidOrderNamesAllMistakesAndStartsNothing) {
  order::v1::PlaceOrderRequest request;
  request.set_order_id("a/b");
  request.set_quantity(-1);
  request.set_customer_email("x@example.com\nBcc: y@example.com");
  const grpc::Status status = TryPlace(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  std::set<std::string> fields;
  for (const FieldViolation& violation : GetFieldViolations(rpc::FromGrpcStatus(status))) {
    fields.insert(violation.field);
  }
  EXPECT_THAT(fields, ElementsAre("customer_email", "order_id", "product_id", "quantity"));
  EXPECT_THAT(List(order::v1::OUTCOME_UNSPECIFIED, 10), IsEmpty());
  EXPECT_EQ(script_.calls("ReceiveOrder"), 0);
}

TEST_F(OrderServiceTest, TheSameOrderAgainGetsTheSameAnswer) {
  const Order first = Place(ARequest("1"));
  const Order again = Place(ARequest("1"));
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(Submit("1").SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(script_.calls("ChargePayment"), 1);
}

TEST_F(OrderServiceTest, TheSameOrderWhileItRunsWaitsForTheSameOutcome) {
  script_.Hold("CheckInventory");
  Submit("1");
  std::thread other(
      [this] { EXPECT_EQ(Place(ARequest("1")).outcome(), order::v1::OUTCOME_CONFIRMED); });
  script_.AwaitCalls("CheckInventory", 1);
  script_.Release("CheckInventory");
  EXPECT_EQ(Place(ARequest("1")).outcome(), order::v1::OUTCOME_CONFIRMED);
  other.join();
  EXPECT_EQ(script_.calls("ChargePayment"), 1);
}

TEST_F(OrderServiceTest, AnIdWithOtherContentIsRefused) {
  Place(ARequest("1"));
  order::v1::PlaceOrderRequest other = ARequest("1");
  other.set_quantity(2);
  const grpc::Status status = TryPlace(other);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOf(status), "ORDER_ALREADY_EXISTS");
}

TEST_F(OrderServiceTest, AnOrderThatTakesLongerThanTheCallerIsInProgress) {
  script_.Hold("CheckInventory");
  order::v1::PlaceOrderResponse response;
  grpc::Status status(grpc::StatusCode::DEADLINE_EXCEEDED, "not asked yet");
  // The answer comes shortly before the deadline: too late where the machine has other things to do
  // just then.
  for (int attempt = 0; status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && attempt < 60;
       ++attempt) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
    status = orchestrator_.orders().PlaceOrder(&context, ARequest("1"), &response);
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.order().outcome(), order::v1::OUTCOME_IN_PROGRESS);
  script_.Release("CheckInventory");
  EXPECT_EQ(Place(ARequest("1")).outcome(), order::v1::OUTCOME_CONFIRMED);
}

TEST_F(OrderServiceTest, ACallerWhoGivesUpLeavesNothingBehind) {
  script_.Hold("CheckInventory");
  grpc::ClientContext context;
  std::thread caller([&] {
    order::v1::PlaceOrderResponse response;
    EXPECT_EQ(orchestrator_.orders().PlaceOrder(&context, ARequest("1"), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  script_.AwaitCalls("CheckInventory", 1);
  context.TryCancel();
  caller.join();
  const auto& service = rpc::ServiceNamed("orderflow.order.v1.OrderService");
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (service.in_flight.load() > 0 && absl::Now() < deadline) std::this_thread::yield();
  EXPECT_EQ(service.in_flight.load(), 0);
  EXPECT_EQ(Get("1").outcome(), order::v1::OUTCOME_IN_PROGRESS) << "the order itself goes on";
}

TEST_F(OrderServiceTest, SubmitAnswersAsSoonAsTheOrderIsAccepted) {
  script_.Hold("CheckInventory");
  const Order order = Submit("1");
  EXPECT_EQ(order.outcome(), order::v1::OUTCOME_IN_PROGRESS);
  EXPECT_FALSE(order.has_finish_time());
  EXPECT_EQ(Get("1").outcome(), order::v1::OUTCOME_IN_PROGRESS);
  script_.Release("CheckInventory");
  EXPECT_EQ(Place(ARequest("1")).outcome(), order::v1::OUTCOME_CONFIRMED);
  EXPECT_EQ(Get("1").outcome(), order::v1::OUTCOME_CONFIRMED);
}

TEST_F(OrderServiceTest, GetTellsWhatPlaceTold) {
  const Order placed = Place(ARequest("1"));
  EXPECT_EQ(Get("1").SerializeAsString(), placed.SerializeAsString());
}

TEST_F(OrderServiceTest, AnUnknownOrderIsNotFound) {
  order::v1::GetOrderRequest request;
  request.set_order_id("nobody");
  order::v1::GetOrderResponse response;
  grpc::Status status = Call(orchestrator_.orders(), &Orders::GetOrder, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), "ORDER_NOT_FOUND");
  request.set_order_id("../etc");
  status = Call(orchestrator_.orders(), &Orders::GetOrder, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  std::vector<order::v1::WatchOrderResponse> messages;
  EXPECT_EQ(Watch("nobody", messages).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Watch("a b", messages).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(OrderServiceTest, ListsAreNewestFirstAndFilteredByOutcome) {
  for (const char* id : {"c1", "c2", "c3"}) Place(ARequest(id));
  script_.Answer("ChargePayment", json::Value::Object({{"payment_status", "declined"}}));
  for (const char* id : {"p1", "p2"}) Place(ARequest(id));
  script_.Answer("CheckInventory", json::Value::Object({{"inventory_status", "unavailable"}}));
  Place(ARequest("i1"));
  script_.Answer("ReceiveOrder", asl::Failure{"Broken", std::nullopt});
  for (const char* id : {"f1", "f2"}) Place(ARequest(id));
  script_.Hold("ReceiveOrder");
  Stop(Submit("s1"));
  script_.Release("ReceiveOrder");
  Place(ARequest("f3"));
  script_.Hold("ReceiveOrder");
  Submit("r1");

  for (const int page_size : {1, 2, 100}) {
    EXPECT_THAT(List(order::v1::OUTCOME_UNSPECIFIED, page_size),
                ElementsAre("r1", "f3", "s1", "f2", "f1", "i1", "p2", "p1", "c3", "c2", "c1"));
    EXPECT_THAT(List(order::v1::OUTCOME_CONFIRMED, page_size), ElementsAre("c3", "c2", "c1"));
    EXPECT_THAT(List(order::v1::OUTCOME_PAYMENT_FAILED, page_size), ElementsAre("p2", "p1"));
    EXPECT_THAT(List(order::v1::OUTCOME_INVENTORY_FAILED, page_size), ElementsAre("i1"));
    EXPECT_THAT(List(order::v1::OUTCOME_FAILED, page_size), ElementsAre("f3", "s1", "f2", "f1"));
    EXPECT_THAT(List(order::v1::OUTCOME_IN_PROGRESS, page_size), ElementsAre("r1"));
  }
}

TEST_F(OrderServiceTest, AListRefusesWhatItDidNotGive) {
  for (int i = 0; i < 3; ++i) Place(ARequest(std::to_string(i)));
  order::v1::ListOrdersRequest request;
  order::v1::ListOrdersResponse response;
  request.set_page_size(1);
  ASSERT_TRUE(Call(orchestrator_.orders(), &Orders::ListOrders, request, response).ok());
  const std::string token = response.next_page_token();

  request.set_outcome(order::v1::OUTCOME_CONFIRMED);
  for (const std::string& bad : {token, std::string("x"), std::string("nonsense")}) {
    request.set_page_token(bad);
    EXPECT_EQ(Call(orchestrator_.orders(), &Orders::ListOrders, request, response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << bad;
  }
  request.clear_page_token();
  request.set_page_size(1001);
  EXPECT_EQ(Call(orchestrator_.orders(), &Orders::ListOrders, request, response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(OrderServiceTest, AWatchOfAnEndedOrderTellsItsWholeCourse) {
  const Order placed = Place(ARequest("1"));
  std::vector<order::v1::WatchOrderResponse> messages;
  ASSERT_TRUE(Watch("1", messages).ok());
  ASSERT_THAT(messages, Not(IsEmpty()));
  std::vector<std::string> states;
  for (size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].event_id(), static_cast<int64_t>(i) + 1);
    if (messages[i].event_type().find("StateEntered") != std::string::npos)
      states.push_back(messages[i].state());
  }
  EXPECT_THAT(states, ElementsAre("ReceiveOrder", "CheckInventory", "InventoryConfirmation",
                                  "ChargePayment", "PaymentConfirmation", "SendConfirmation"));
  EXPECT_EQ(messages.front().event_type(), "ExecutionStarted");
  EXPECT_EQ(messages.front().order().outcome(), order::v1::OUTCOME_IN_PROGRESS);
  EXPECT_EQ(messages.back().event_type(), "ExecutionSucceeded");
  EXPECT_EQ(messages.back().order().SerializeAsString(), placed.SerializeAsString());
}

TEST_F(OrderServiceTest, AWatchTellsEachStepAsItHappens) {
  script_.Hold("CheckInventory");
  script_.Hold("ChargePayment");
  Submit("1");
  std::vector<order::v1::WatchOrderResponse> messages;
  // Each step is let go only when the watcher has seen the one before: it cannot have been told
  // late.
  const grpc::Status status =
      Watch("1", messages, [this](const order::v1::WatchOrderResponse& message) {
        if (message.event_type() == "TaskStarted" && message.state() == "CheckInventory") {
          script_.Release("CheckInventory");
        }
        if (message.event_type() == "TaskStarted" && message.state() == "ChargePayment") {
          script_.Answer("ChargePayment", json::Value::Object({{"payment_status", "declined"}}));
          script_.Release("ChargePayment");
        }
      });
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(messages.back().order().outcome(), order::v1::OUTCOME_PAYMENT_FAILED);
  EXPECT_THAT(messages.back().detail(), HasSubstr("PaymentFailed"));
  for (size_t i = 0; i < messages.size(); ++i)
    EXPECT_EQ(messages[i].event_id(), static_cast<int64_t>(i) + 1);
}

TEST_F(OrderServiceTest, AWatcherWhoLeavesDoesNotDisturbTheOrder) {
  script_.Hold("CheckInventory");
  Submit("1");
  {
    grpc::ClientContext context;
    order::v1::WatchOrderRequest request;
    request.set_order_id("1");
    auto reader = orchestrator_.orders().WatchOrder(&context, request);
    order::v1::WatchOrderResponse message;
    ASSERT_TRUE(reader->Read(&message));
    context.TryCancel();
    while (reader->Read(&message)) {
    }
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  script_.Release("CheckInventory");
  EXPECT_EQ(Place(ARequest("1")).outcome(), order::v1::OUTCOME_CONFIRMED);
}

TEST_F(OrderServiceTest, AnAcceptedOrderIsFinishedAfterARestartWithTheSameKeys) {
  script_.Hold("ChargePayment");
  Submit("1");
  script_.AwaitCalls("ChargePayment", 1);
  orchestrator_.Restart();
  script_.AwaitCalls("ChargePayment", 2);
  script_.Release("ChargePayment");
  EXPECT_EQ(Place(ARequest("1")).outcome(), order::v1::OUTCOME_CONFIRMED);
  const std::vector<std::string> keys = script_.keys("ChargePayment");
  ASSERT_THAT(keys, SizeIs(2));
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_EQ(script_.calls("CheckInventory"), 1) << "what was durable is not asked for again";
}

TEST_F(OrderServiceTest, TransientFailuresAreRetriedUnderOneKey) {
  script_.Answer("CheckInventory", asl::Failure{"Grpc.UNAVAILABLE", "down"});
  Submit("1");
  script_.AwaitCalls("CheckInventory", 1);
  script_.Answer("CheckInventory", json::Value::Object({{"inventory_status", "unavailable"}}));
  EXPECT_EQ(Place(ARequest("1")).outcome(), order::v1::OUTCOME_INVENTORY_FAILED);
  const std::vector<std::string> keys = script_.keys("CheckInventory");
  ASSERT_GE(keys.size(), 2u);
  EXPECT_EQ(keys[0], keys[1]);
}

}  // namespace
}  // namespace orderflow::api
