#pragma once

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/api/order_api.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"
#include "orderflow/order/v1/order.grpc.pb.h"

namespace orderflow::api {

// OrderService over gRPC. Thread-safe. Borrows everything that it is given.
class OrderService final : public order::v1::OrderService::CallbackService {
 public:
  struct Options {
    absl::Duration place_order_wait = absl::Seconds(60);
    asl::Limits limits;
  };
  OrderService(Options options, OrderApi& orders, MachineRegistry& registry, engine::Engine& engine,
               store::ExecutionStore& store, const Clock& clock)
      : options_(options),
        orders_(orders),
        registry_(registry),
        engine_(engine),
        store_(store),
        clock_(clock) {}

  grpc::ServerUnaryReactor* PlaceOrder(grpc::CallbackServerContext* context,
                                       const order::v1::PlaceOrderRequest* request,
                                       order::v1::PlaceOrderResponse* response) override;
  grpc::ServerUnaryReactor* SubmitOrder(grpc::CallbackServerContext* context,
                                        const order::v1::SubmitOrderRequest* request,
                                        order::v1::SubmitOrderResponse* response) override;
  grpc::ServerUnaryReactor* GetOrder(grpc::CallbackServerContext* context,
                                     const order::v1::GetOrderRequest* request,
                                     order::v1::GetOrderResponse* response) override;
  grpc::ServerUnaryReactor* ListOrders(grpc::CallbackServerContext* context,
                                       const order::v1::ListOrdersRequest* request,
                                       order::v1::ListOrdersResponse* response) override;
  grpc::ServerWriteReactor<order::v1::WatchOrderResponse>* WatchOrder(
      grpc::CallbackServerContext* context, const order::v1::WatchOrderRequest* request) override;

 private:
  absl::Time WaitUntil(const grpc::CallbackServerContext& context) const;

  const Options options_;
  OrderApi& orders_;
  MachineRegistry& registry_;
  engine::Engine& engine_;
  store::ExecutionStore& store_;
  const Clock& clock_;
};

}  // namespace orderflow::api
