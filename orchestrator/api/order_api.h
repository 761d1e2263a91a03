#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/order/order_rules.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"
#include "orderflow/order/v1/order.pb.h"

namespace orderflow::api {

// Orders as executions of the order workflow: the order id is the execution's name, the order its
// input.
//
// Errors have domain "order.orderflow": ORDER_ALREADY_EXISTS, ORDER_NOT_FOUND.
//
// Thread-safe. Borrows everything that it is given.
class OrderApi {
 public:
  OrderApi(MachineRegistry& registry, engine::Engine& engine, store::ExecutionStore& store)
      : registry_(registry),
        engine_(engine),
        store_(store),
        machine_arn_(registry.ArnOf("order-processing")) {}

  // Starts the order, or joins the one that is the same, and answers it when it has ended or at
  // `wait_until`, whichever is first: with a time that has passed, as soon as it is durable.
  // `ticket` lets GiveUp end the wait. The fields are copied.
  void Place(const order::OrderFields& order, absl::Time wait_until, engine::WaitTicket ticket,
             Callback<order::v1::Order> done);
  void GiveUp(std::string_view order_id, engine::WaitTicket ticket);

  void Get(const order::v1::GetOrderRequest& request, Callback<order::v1::GetOrderResponse> done);
  void List(const order::v1::ListOrdersRequest& request,
            Callback<order::v1::ListOrdersResponse> done);

  // The ARN of the execution that carries an order out; the id must be a good one.
  std::string ExecutionArnOf(std::string_view order_id) const;
  static absl::Status NotFound(std::string_view order_id);

 private:
  MachineRegistry& registry_;
  engine::Engine& engine_;
  store::ExecutionStore& store_;
  const std::string machine_arn_;
};

}  // namespace orderflow::api
