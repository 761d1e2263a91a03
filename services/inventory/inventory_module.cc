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
#include "services/inventory/inventory_service.h"

namespace orderflow::inventory {
namespace {

class InventoryModule final : public rpc::Module {
 public:
  InventoryModule(std::unique_ptr<InventoryCore> core, const InventoryOptions& options,
                  const StockWatch::Options& watch)
      : ttl_(options.reservation_ttl),
        core_(std::move(core)),
        service_(core_->inventory()),
        expired_(metrics::Default().AddCounter("orderflow_reservations_expired_total",
                                               "Reservations that the sweep has ended.")),
        metrics_(metrics::ExportStatistics(core_->database(), "inventory")),
        watch_(std::in_place, core_->store(), *options.clock, watch) {
    metrics_.push_back(metrics::Default().AddCallback(
        metrics::Kind::kGauge, "orderflow_stock_changes_waiting",
        "Changes of stock that wait for a transaction.", {},
        [this] { return static_cast<double>(core_->store().waiting()); }));
    if (ttl_ > absl::ZeroDuration()) {
      sweep_.emplace(options.sweep_pause,
                     [this](PeriodicTask::Done done) { Sweep(std::move(done)); });
    }
  }

  // So that the metrics are right from the first scrape on.
  absl::Status LookAtStock() {
    return AwaitStatus([this](StatusCallback done) { watch_->Look(std::move(done)); });
  }

  std::string name() const override { return "inventory"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override { core_->database().Check(std::move(done)); }
  void Stop() override {
    sweep_.reset();
    watch_.reset();
    metrics_.clear();
    core_.reset();
  }

 private:
  void Sweep(PeriodicTask::Done done) {
    core_->inventory().SweepExpired(
        ttl_, [this, done = std::move(done)](absl::StatusOr<int64_t> ended) mutable {
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
  std::unique_ptr<InventoryCore> core_;
  InventoryService service_;
  metrics::Counter& expired_;
  std::vector<metrics::Registration> metrics_;
  std::optional<StockWatch> watch_;
  std::optional<PeriodicTask> sweep_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Module>> OpenInventoryModule(InventoryOptions options,
                                                                 StockWatch::Options watch) {
  if (watch.low_stock < 0 || watch.pause <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "low_stock must not be negative, and stock_watch_pause must be positive");
  }
  ORDERFLOW_ASSIGN_OR_RETURN(auto core, InventoryCore::Open(options));
  auto module = std::make_unique<InventoryModule>(std::move(core), options, watch);
  ORDERFLOW_RETURN_IF_ERROR(module->LookAtStock());
  return module;
}

}  // namespace orderflow::inventory
