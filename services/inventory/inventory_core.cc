#include "services/inventory/inventory_core.h"

#include <optional>
#include <utility>
#include <vector>

#include "common/base/await.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "services/inventory/catalog.h"

namespace orderflow::inventory {

absl::StatusOr<std::unique_ptr<InventoryCore>> InventoryCore::Open(
    const InventoryOptions& options) {
  if (options.reservation_ttl < absl::ZeroDuration() ||
      options.sweep_pause <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "reservation_ttl must not be negative, and sweep_pause must be positive");
  }
  ORDERFLOW_ASSIGN_OR_RETURN(
      auto database, database::Database::Open(options.database, InventoryStore::Migrations()));
  std::unique_ptr<InventoryCore> core(new InventoryCore(std::move(database), *options.clock));
  if (!options.catalog.empty()) {
    ORDERFLOW_RETURN_IF_ERROR(core->LoadCatalog(options.catalog, *options.clock));
  }
  return core;
}

InventoryCore::InventoryCore(std::unique_ptr<database::Database> database, const Clock& clock)
    : database_(std::move(database)),
      store_(std::make_unique<InventoryStore>(*database_)),
      inventory_(*store_, clock) {}

InventoryCore::~InventoryCore() {
  store_.reset();
  database_.reset();
}

absl::Status InventoryCore::LoadCatalog(const std::string& path, const Clock& clock) {
  ORDERFLOW_ASSIGN_OR_RETURN(std::vector<Product> products, ReadCatalogFile(path));
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::optional<int64_t> added, Await<std::optional<int64_t>>([&](auto done) {
        store_->LoadCatalog(std::move(products), clock.Now(), std::move(done));
      }));
  if (added.has_value()) logging::Info("catalog loaded", {{"file", path}, {"products", *added}});
  return absl::OkStatus();
}

}  // namespace orderflow::inventory
