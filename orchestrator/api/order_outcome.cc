#include "orchestrator/api/order_outcome.h"

#include <array>
#include <utility>

#include "common/json/value.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/engine/execution_record.h"

namespace orderflow::api {
namespace {

using order::v1::Order;
using order::v1::Outcome;

struct ErrorOutcome {
  std::string_view error;
  Outcome outcome;
};
constexpr std::array<ErrorOutcome, 2> kErrorOutcomes = {{
    {"InventoryFailed", order::v1::OUTCOME_INVENTORY_FAILED},
    {"PaymentFailed", order::v1::OUTCOME_PAYMENT_FAILED},
}};

std::string TextOf(const json::Value& input, std::string_view member) {
  const json::Value* value = input.Find(member);
  return value != nullptr && value->IsString() ? value->AsString() : std::string();
}

}  // namespace

Outcome OutcomeOf(store::ExecutionStatus status, const std::optional<std::string>& error) {
  if (status == store::ExecutionStatus::kRunning) return order::v1::OUTCOME_IN_PROGRESS;
  if (status == store::ExecutionStatus::kSucceeded) return order::v1::OUTCOME_CONFIRMED;
  if (status == store::ExecutionStatus::kFailed) {
    for (const ErrorOutcome& known : kErrorOutcomes) {
      if (error == known.error) return known.outcome;
    }
  }
  return order::v1::OUTCOME_FAILED;
}

std::optional<std::string_view> ErrorOf(Outcome outcome) {
  for (const ErrorOutcome& known : kErrorOutcomes) {
    if (outcome == known.outcome) return known.error;
  }
  return std::nullopt;
}

void SetOutcome(engine::ExecutionResult result, Order& order) {
  order.set_outcome(OutcomeOf(result.status, result.error));
  SetTimestamp(result.stop_time, *order.mutable_finish_time());
  if (result.status == store::ExecutionStatus::kSucceeded) {
    order.set_result(std::move(result.output));
    return;
  }
  order.set_failed_state(std::move(result.failed_state));
  if (result.error) order.set_error(*std::move(result.error));
  if (result.cause) order.set_cause(*std::move(result.cause));
}

Order ToOrder(store::ExecutionRecord record) {
  Order order;
  order.set_order_id(record.name);
  order.set_execution_arn(record.arn);
  SetTimestamp(record.start_time, *order.mutable_create_time());
  if (const json::ParseResult input = json::Parse(record.input); input.value) {
    order.set_product_id(TextOf(*input.value, "product_id"));
    order.set_customer_email(TextOf(*input.value, "customer_email"));
    const json::Value* quantity = input.value->Find("quantity");
    if (quantity != nullptr && quantity->IsInt()) {
      order.set_quantity(static_cast<int32_t>(quantity->AsInt()));
    }
  }
  order.set_outcome(order::v1::OUTCOME_IN_PROGRESS);
  if (record.status != store::ExecutionStatus::kRunning) {
    SetOutcome(engine::ResultOf(record), order);
  }
  return order;
}

}  // namespace orderflow::api
