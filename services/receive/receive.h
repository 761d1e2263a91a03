#pragma once

#include "common/base/callback.h"
#include "common/base/clock.h"
#include "orderflow/receive/v1/receive.pb.h"
#include "services/receive/receive_store.h"

namespace orderflow::receive {

// Takes orders in: checks every rule, then puts the order on record, once per id. Knows neither
// gRPC nor SQL; the gRPC server and the Lambda function are two faces of this class. What each call
// promises, and its errors, stand at the RPC of the same name in receive.proto.
//
// Thread-safe. `done` is called on a database thread, or from within the call where the request is
// refused by itself. Borrows store and clock, which must outlive it.
class Receive {
 public:
  Receive(ReceiveStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  void ReceiveOrder(const v1::ReceiveOrderRequest& request,
                    Callback<v1::ReceiveOrderResponse> done);
  void GetOrder(const v1::GetOrderRequest& request, Callback<v1::GetOrderResponse> done);
  void ListOrders(const v1::ListOrdersRequest& request, Callback<v1::ListOrdersResponse> done);

 private:
  ReceiveStore& store_;
  const Clock& clock_;
};

}  // namespace orderflow::receive
