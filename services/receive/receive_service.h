#pragma once

#include "orderflow/receive/v1/receive.grpc.pb.h"
#include "services/receive/receive.h"

namespace orderflow::receive {

// The gRPC face of Receive: each RPC is the call of the same name. Thread-safe. Borrows the domain.
class ReceiveService final : public v1::ReceiveService::CallbackService {
 public:
  explicit ReceiveService(Receive& receive) : receive_(receive) {}

  grpc::ServerUnaryReactor* ReceiveOrder(grpc::CallbackServerContext* context,
                                         const v1::ReceiveOrderRequest* request,
                                         v1::ReceiveOrderResponse* response) override;
  grpc::ServerUnaryReactor* GetOrder(grpc::CallbackServerContext* context,
                                     const v1::GetOrderRequest* request,
                                     v1::GetOrderResponse* response) override;
  grpc::ServerUnaryReactor* ListOrders(grpc::CallbackServerContext* context,
                                       const v1::ListOrdersRequest* request,
                                       v1::ListOrdersResponse* response) override;

 private:
  Receive& receive_;
};

}  // namespace orderflow::receive
