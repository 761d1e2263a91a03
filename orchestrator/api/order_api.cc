#include "orchestrator/api/order_api.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/order_list.h"
#include "orchestrator/api/order_outcome.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::api {
namespace {

absl::Status OrderError(absl::StatusCode code, std::string_view reason,
                        const std::string& message) {
  return WithErrorInfo(absl::Status(code, message),
                       ErrorInfo{std::string(reason), "order.orderflow", {}});
}

// The workflow's input, with the names of the proto; the same order always gives the same text.
json::Value InputOf(const order::OrderFields& order) {
  json::Members members = {{"order_id", order.order_id},
                           {"product_id", order.product_id},
                           {"quantity", order.quantity},
                           {"customer_email", order.customer_email}};
  if (!order.payment_token.empty()) members.push_back({"payment_token", order.payment_token});
  return json::Value::FromMembers(std::move(members));
}

// What the engine's errors mean to those who place orders.
absl::Status ToOrderError(const absl::Status& status, std::string_view order_id) {
  if (absl::IsAlreadyExists(status)) {
    return OrderError(absl::StatusCode::kAlreadyExists, "ORDER_ALREADY_EXISTS",
                      absl::StrCat("order ", std::string(order_id), " exists with other content"));
  }
  if (absl::IsNotFound(status) || absl::IsFailedPrecondition(status)) {
    return absl::UnavailableError(
        absl::StrCat("the order workflow cannot be run now: ", std::string(status.message())));
  }
  return status;
}

order::v1::Order OrderBase(const json::Value& input) {
  order::v1::Order order;
  order.set_order_id(input.Find("order_id")->AsString());
  order.set_product_id(input.Find("product_id")->AsString());
  order.set_quantity(static_cast<int32_t>(input.Find("quantity")->AsInt()));
  order.set_customer_email(input.Find("customer_email")->AsString());
  order.set_outcome(order::v1::OUTCOME_IN_PROGRESS);
  return order;
}

// Answers a placed order with what the engine says of it.
absl::StatusOr<order::v1::Order> PlacedOrder(const json::Value& input,
                                             absl::StatusOr<engine::StartResult> result) {
  if (!result.ok()) return ToOrderError(result.status(), input.Find("order_id")->AsString());
  order::v1::Order order = OrderBase(input);
  order.set_execution_arn(std::move(result->execution_arn));
  SetTimestamp(result->start_time, *order.mutable_create_time());
  if (result->result) SetOutcome(*std::move(result->result), order);
  return order;
}

}  // namespace

std::string OrderApi::ExecutionArnOf(std::string_view order_id) const {
  return engine::ExecutionArn(machine_arn_, order_id);
}

absl::Status OrderApi::NotFound(std::string_view order_id) {
  return OrderError(absl::StatusCode::kNotFound, "ORDER_NOT_FOUND",
                    absl::StrCat("there is no order ", std::string(order_id)));
}

void OrderApi::Place(const order::OrderFields& order, absl::Time wait_until,
                     engine::WaitTicket ticket, Callback<order::v1::Order> done) {
  const std::vector<FieldViolation> violations = order::ValidateOrder(order);
  if (!violations.empty()) return std::move(done)(InvalidArgumentError(violations));
  engine::StartRequest start;
  start.name = std::string(order.order_id);
  start.parsed_input = InputOf(order);
  start.input = json::Serialize(start.parsed_input);
  start.wait_until = wait_until;
  start.ticket = ticket;
  registry_.Find(machine_arn_, [this, start = std::move(start), done = std::move(done)](
                                   absl::StatusOr<engine::MachinePtr> machine) mutable {
    if (!machine.ok()) return std::move(done)(ToOrderError(machine.status(), start.name));
    start.machine = *std::move(machine);
    json::Value input = start.parsed_input;
    engine_.StartAndWait(std::move(start), [this, input = std::move(input), done = std::move(done)](
                                               absl::StatusOr<engine::StartResult> result) mutable {
      // Deleted or changed behind our back: the caller's next try sees what is there now.
      if (absl::IsFailedPrecondition(result.status())) registry_.Forget(machine_arn_);
      std::move(done)(PlacedOrder(input, std::move(result)));
    });
  });
}

void OrderApi::GiveUp(std::string_view order_id, engine::WaitTicket ticket) {
  engine_.GiveUp(ExecutionArnOf(order_id), ticket);
}

void OrderApi::Get(const order::v1::GetOrderRequest& request,
                   Callback<order::v1::GetOrderResponse> done) {
  const std::string& id = request.order_id();
  absl::Status checked = order::CheckField("order_id", order::CheckOrderId(id));
  if (!checked.ok()) return std::move(done)(std::move(checked));
  store_.GetExecution(
      ExecutionArnOf(id),
      [id, done = std::move(done)](absl::StatusOr<store::ExecutionRecord> record) mutable {
        if (absl::IsNotFound(record.status())) return std::move(done)(NotFound(id));
        if (!record.ok()) return std::move(done)(record.status());
        order::v1::GetOrderResponse response;
        *response.mutable_order() = ToOrder(*std::move(record));
        std::move(done)(std::move(response));
      });
}

void OrderApi::List(const order::v1::ListOrdersRequest& request,
                    Callback<order::v1::ListOrdersResponse> done) {
  ListOrders(store_, machine_arn_, request, std::move(done));
}

}  // namespace orderflow::api
