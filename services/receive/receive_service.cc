#include "services/receive/receive_service.h"

#include <utility>

#include "common/rpc/unary.h"

namespace orderflow::receive {

using rpc::HandleUnary;

grpc::ServerUnaryReactor* ReceiveService::ReceiveOrder(grpc::CallbackServerContext* context,
                                                       const v1::ReceiveOrderRequest* request,
                                                       v1::ReceiveOrderResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    receive_.ReceiveOrder(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* ReceiveService::GetOrder(grpc::CallbackServerContext* context,
                                                   const v1::GetOrderRequest* request,
                                                   v1::GetOrderResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    receive_.GetOrder(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* ReceiveService::ListOrders(grpc::CallbackServerContext* context,
                                                     const v1::ListOrdersRequest* request,
                                                     v1::ListOrdersResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    receive_.ListOrders(request, std::move(done));
  });
}

}  // namespace orderflow::receive
