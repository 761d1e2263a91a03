#include "services/inventory/inventory_service.h"

#include <utility>

#include "common/rpc/unary.h"

namespace orderflow::inventory {

using rpc::HandleUnary;

grpc::ServerUnaryReactor* InventoryService::CheckInventory(grpc::CallbackServerContext* context,
                                                           const v1::CheckInventoryRequest* request,
                                                           v1::CheckInventoryResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    inventory_.CheckInventory(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* InventoryService::ReleaseReservation(
    grpc::CallbackServerContext* context, const v1::ReleaseReservationRequest* request,
    v1::ReleaseReservationResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    inventory_.ReleaseReservation(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* InventoryService::CommitReservation(
    grpc::CallbackServerContext* context, const v1::CommitReservationRequest* request,
    v1::CommitReservationResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    inventory_.CommitReservation(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* InventoryService::GetReservation(grpc::CallbackServerContext* context,
                                                           const v1::GetReservationRequest* request,
                                                           v1::GetReservationResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    inventory_.GetReservation(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* InventoryService::ListReservations(
    grpc::CallbackServerContext* context, const v1::ListReservationsRequest* request,
    v1::ListReservationsResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    inventory_.ListReservations(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* InventoryService::GetStock(grpc::CallbackServerContext* context,
                                                     const v1::GetStockRequest* request,
                                                     v1::GetStockResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    inventory_.GetStock(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* InventoryService::ListStock(grpc::CallbackServerContext* context,
                                                      const v1::ListStockRequest* request,
                                                      v1::ListStockResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    inventory_.ListStock(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* InventoryService::SetStock(grpc::CallbackServerContext* context,
                                                     const v1::SetStockRequest* request,
                                                     v1::SetStockResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    inventory_.SetStock(request, std::move(done));
  });
}

}  // namespace orderflow::inventory
