#include "services/inventory/stock_watch.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/logging/logging.h"

namespace orderflow::inventory {

using metrics::Kind;

StockWatch::StockWatch(InventoryStore& store, const Clock& clock, Options options,
                       metrics::Registry& registry)
    : store_(store), clock_(clock), options_(options) {
  Export(registry);
  looks_.emplace(options_.pause, [this](PeriodicTask::Done done) {
    Look([done = std::move(done)](const absl::Status& looked) mutable {
      if (!looked.ok()) logging::Debug("stock cannot be looked at", {{"error", looked.ToString()}});
      std::move(done)();
    });
  });
}

void StockWatch::Look(StatusCallback done) {
  store_.GetLevels(options_.low_stock, kLowest,
                   [this, done = std::move(done)](absl::StatusOr<StockLevels> levels) mutable {
                     if (levels.ok()) {
                       MutexLock lock(mutex_);
                       seen_ = *std::move(levels);
                     }
                     std::move(done)(levels.status());
                   });
}

void StockWatch::Export(metrics::Registry& registry) {
  const auto gauge = [&](const char* name, const char* help, int64_t StockLevels::*field) {
    registrations_.push_back(registry.AddCallback(Kind::kGauge, name, help, {}, [this, field] {
      return static_cast<double>(seen().*field);
    }));
  };
  gauge("orderflow_stock_products", "Products.", &StockLevels::products);
  gauge("orderflow_stock_products_low",
        "Products with --low_stock units available or fewer, the sold-out ones included.",
        &StockLevels::low);
  gauge("orderflow_stock_products_sold_out", "Products with nothing available.",
        &StockLevels::sold_out);
  gauge("orderflow_stock_reserved_units", "Units that open reservations hold, of all products.",
        &StockLevels::reserved_units);
  gauge("orderflow_reservations_open", "Open reservations, counted up to 100000.",
        &StockLevels::open_reservations);
  registrations_.push_back(
      registry.AddCallback(Kind::kGauge, "orderflow_reservations_open_oldest_age_seconds",
                           "Age of the oldest open reservation; 0 if there is none.", {},
                           [this] { return OldestAgeSeconds(); }));
  registrations_.push_back(
      registry.AddCollector(Kind::kGauge, "orderflow_stock_low_available_units",
                            "What is available of the low products, of the 20 lowest at most.",
                            [this] { return Lowest(); }));
}

double StockWatch::OldestAgeSeconds() const {
  const std::optional<absl::Time> oldest = seen().oldest_open_reservation;
  if (!oldest) return 0;
  return std::max(absl::ToDoubleSeconds(clock_.Now() - *oldest), 0.0);
}

std::vector<metrics::Sample> StockWatch::Lowest() const {
  const StockLevels levels = seen();
  std::vector<metrics::Sample> samples;
  for (const StockLevels::Low& low : levels.lowest) {
    samples.push_back({{{"product_id", low.product_id}}, static_cast<double>(low.available)});
  }
  return samples;
}

}  // namespace orderflow::inventory
