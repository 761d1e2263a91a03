#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"
#include "orderflow/order/v1/order.pb.h"

namespace orderflow::api {

// The state machine that carries orders out.
constexpr std::string_view kOrderMachine = "order-processing";

// What an execution's end means for an order. The names of the workflow's errors are all that the
// orchestrator knows of orders; they stand in one table in order_outcome.cc.
order::v1::Outcome OutcomeOf(store::ExecutionStatus status,
                             const std::optional<std::string>& error);

// The error that an outcome stands for in lists; nothing where it is not told by one.
std::optional<std::string_view> ErrorOf(order::v1::Outcome outcome);

// Fills in what became of an order.
void SetOutcome(engine::ExecutionResult result, order::v1::Order& order);

// The order that an execution carries out, as its row tells it. Members that its input lacks stay
// empty.
order::v1::Order ToOrder(store::ExecutionRecord record);

}  // namespace orderflow::api
