#pragma once

#include <string>

#include "common/base/callback.h"
#include "orchestrator/store/execution_store.h"
#include "orderflow/order/v1/order.pb.h"

namespace orderflow::api {

// Reads a page of the executions of `machine_arn` as orders, newest first. A page may be short, or
// even empty, and have a next one.
// INVALID_ARGUMENT with violations of page_size, page_token, outcome.
void ListOrders(store::ExecutionStore& store, const std::string& machine_arn,
                const order::v1::ListOrdersRequest& request,
                Callback<order::v1::ListOrdersResponse> done);

}  // namespace orderflow::api
