#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/module.h"
#include "services/inventory/inventory_core.h"

namespace orderflow::inventory {

// The inventory service, ready to be served: InventoryCore behind gRPC, and the sweep of expired
// reservations. Errors are those of InventoryCore::Open.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenInventoryModule(InventoryOptions options);

}  // namespace orderflow::inventory
