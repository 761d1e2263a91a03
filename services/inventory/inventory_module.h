#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/module.h"
#include "services/inventory/inventory_core.h"
#include "services/inventory/stock_watch.h"

namespace orderflow::inventory {

// The inventory service, ready to be served: InventoryCore behind gRPC, the sweep of expired
// reservations, and the metrics of the stock. Errors are those of InventoryCore::Open;
// INVALID_ARGUMENT also for what makes no sense in `watch`.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenInventoryModule(InventoryOptions options,
                                                                 StockWatch::Options watch = {});

}  // namespace orderflow::inventory
