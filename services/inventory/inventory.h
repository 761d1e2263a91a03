#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "orderflow/inventory/v1/inventory.pb.h"
#include "services/inventory/inventory_store.h"

namespace orderflow::inventory {

// Stock and reservations as orders see them: what proto/orderflow/inventory/v1/inventory.proto
// promises, without gRPC, so that a server and a Lambda function are two faces of it.
//
// Never reserves more than there is, and answers a repeated check with its first answer; both hold
// for any number of replicas over one database.
//
// Thread-safe. Borrows the store and the clock. Each call answers once: on a database thread, or,
// where the request is wrong by itself, at once. Requests need not outlive the call.
class Inventory {
 public:
  Inventory(InventoryStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  void CheckInventory(const v1::CheckInventoryRequest& request,
                      Callback<v1::CheckInventoryResponse> done);
  void ReleaseReservation(const v1::ReleaseReservationRequest& request,
                          Callback<v1::ReleaseReservationResponse> done);
  void CommitReservation(const v1::CommitReservationRequest& request,
                         Callback<v1::CommitReservationResponse> done);
  void GetReservation(const v1::GetReservationRequest& request,
                      Callback<v1::GetReservationResponse> done);
  void ListReservations(const v1::ListReservationsRequest& request,
                        Callback<v1::ListReservationsResponse> done);
  void GetStock(const v1::GetStockRequest& request, Callback<v1::GetStockResponse> done);
  void ListStock(const v1::ListStockRequest& request, Callback<v1::ListStockResponse> done);
  void SetStock(const v1::SetStockRequest& request, Callback<v1::SetStockResponse> done);

  // Gives back the stock of all reservations that are `age` old or older and still open. Answers
  // how many it ended; any number of replicas may sweep at the same time.
  void SweepExpired(absl::Duration age, Callback<int64_t> done);

 private:
  InventoryStore& store_;
  const Clock& clock_;
};

}  // namespace orderflow::inventory
