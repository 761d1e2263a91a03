#pragma once

#include "orderflow/inventory/v1/inventory.grpc.pb.h"
#include "services/inventory/inventory.h"

namespace orderflow::inventory {

// The gRPC face of Inventory: each RPC is the call of the same name. Thread-safe. Borrows the
// domain.
class InventoryService final : public v1::InventoryService::CallbackService {
 public:
  explicit InventoryService(Inventory& inventory) : inventory_(inventory) {}

  grpc::ServerUnaryReactor* CheckInventory(grpc::CallbackServerContext* context,
                                           const v1::CheckInventoryRequest* request,
                                           v1::CheckInventoryResponse* response) override;
  grpc::ServerUnaryReactor* ReleaseReservation(grpc::CallbackServerContext* context,
                                               const v1::ReleaseReservationRequest* request,
                                               v1::ReleaseReservationResponse* response) override;
  grpc::ServerUnaryReactor* CommitReservation(grpc::CallbackServerContext* context,
                                              const v1::CommitReservationRequest* request,
                                              v1::CommitReservationResponse* response) override;
  grpc::ServerUnaryReactor* GetReservation(grpc::CallbackServerContext* context,
                                           const v1::GetReservationRequest* request,
                                           v1::GetReservationResponse* response) override;
  grpc::ServerUnaryReactor* ListReservations(grpc::CallbackServerContext* context,
                                             const v1::ListReservationsRequest* request,
                                             v1::ListReservationsResponse* response) override;
  grpc::ServerUnaryReactor* GetStock(grpc::CallbackServerContext* context,
                                     const v1::GetStockRequest* request,
                                     v1::GetStockResponse* response) override;
  grpc::ServerUnaryReactor* ListStock(grpc::CallbackServerContext* context,
                                      const v1::ListStockRequest* request,
                                      v1::ListStockResponse* response) override;
  grpc::ServerUnaryReactor* SetStock(grpc::CallbackServerContext* context,
                                     const v1::SetStockRequest* request,
                                     v1::SetStockResponse* response) override;

 private:
  Inventory& inventory_;
};

}  // namespace orderflow::inventory
