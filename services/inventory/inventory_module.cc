#include "services/inventory/inventory_module.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/await.h"
#include "common/base/periodic_task.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/metrics/database_metrics.h"
#include "services/inventory/catalog.h"
#include "services/inventory/inventory.h"
#include "services/inventory/inventory_service.h"
#include "services/inventory/inventory_store.h"
#include "services/inventory/stock_watch.h"

namespace orderflow::inventory {
namespace {

class InventoryModule final : public rpc::Module {
 public:
  InventoryModule(std::unique_ptr<database::Database> database, const InventoryOptions& options)
      : ttl_(options.reservation_ttl),
        database_(std::move(database)),
        store_(std::in_place, *database_),
        inventory_(*store_, *options.clock),
        service_(inventory_),
        expired_(metrics::Default().AddCounter("orderflow_reservations_expired_total",
                                               "Reservations that the sweep has ended.")),
        metrics_(metrics::ExportStatistics(*database_, "inventory")),
        watch_(std::in_place, *store_, *options.clock, options.watch) {
    metrics_.push_back(
        metrics::Default().AddCallback(metrics::Kind::kGauge, "orderflow_stock_changes_waiting",
                                       "Changes of stock that wait for a transaction.", {},
                                       [this] { return static_cast<double>(store_->waiting()); }));
    if (ttl_ > absl::ZeroDuration()) {
      sweep_.emplace(options.sweep_pause,
                     [this](PeriodicTask::Done done) { Sweep(std::move(done)); });
    }
  }

  // Loads the catalog unless one was loaded before.
  absl::Status LoadCatalog(const std::string& path, const Clock& clock) {
    ORDERFLOW_ASSIGN_OR_RETURN(std::vector<Product> products, ReadCatalogFile(path));
    ORDERFLOW_ASSIGN_OR_RETURN(
        const std::optional<int64_t> added, Await<std::optional<int64_t>>([&](auto done) {
          store_->LoadCatalog(std::move(products), clock.Now(), std::move(done));
        }));
    if (added.has_value()) logging::Info("catalog loaded", {{"file", path}, {"products", *added}});
    return absl::OkStatus();
  }

  // So that the metrics are right from the first scrape on.
  absl::Status LookAtStock() {
    return AwaitStatus([this](StatusCallback done) { watch_->Look(std::move(done)); });
  }

  std::string name() const override { return "inventory"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override { database_->Check(std::move(done)); }
  void Stop() override {
    sweep_.reset();
    watch_.reset();
    metrics_.clear();
    store_.reset();
    database_.reset();
  }

 private:
  void Sweep(PeriodicTask::Done done) {
    inventory_.SweepExpired(ttl_,
                            [this, done = std::move(done)](absl::StatusOr<int64_t> ended) mutable {
                              OnSwept(ended);
                              std::move(done)();
                            });
  }

  void OnSwept(const absl::StatusOr<int64_t>& ended) {
    if (!ended.ok())
      return logging::Warning("sweep failed", {{"error", std::string(ended.status().message())}});
    if (*ended == 0) return;
    expired_.Add(*ended);
    logging::Info("reservations expired", {{"count", *ended}});
  }

  const absl::Duration ttl_;
  std::unique_ptr<database::Database> database_;
  std::optional<InventoryStore> store_;
  Inventory inventory_;
  InventoryService service_;
  metrics::Counter& expired_;
  std::vector<metrics::Registration> metrics_;
  std::optional<StockWatch> watch_;
  std::optional<PeriodicTask> sweep_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Module>> OpenInventoryModule(InventoryOptions options) {
  if (options.reservation_ttl < absl::ZeroDuration() ||
      options.sweep_pause <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "reservation_ttl must not be negative, and sweep_pause must be positive");
  }
  if (options.watch.low_stock < 0 || options.watch.pause <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "low_stock must not be negative, and stock_watch_pause must be positive");
  }
  ORDERFLOW_ASSIGN_OR_RETURN(
      auto database, database::Database::Open(options.database, InventoryStore::Migrations()));
  auto module = std::make_unique<InventoryModule>(std::move(database), options);
  if (!options.catalog.empty()) {
    ORDERFLOW_RETURN_IF_ERROR(module->LoadCatalog(options.catalog, *options.clock));
  }
  ORDERFLOW_RETURN_IF_ERROR(module->LookAtStock());
  return module;
}

}  // namespace orderflow::inventory
