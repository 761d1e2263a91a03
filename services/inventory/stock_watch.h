#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/periodic_task.h"
#include "common/metrics/metrics.h"
#include "services/inventory/inventory_store.h"

namespace orderflow::inventory {

// Looks at the stock every now and then and shows what it saw as metrics: how many products run
// low or are sold out, which ones are the lowest, what is reserved. A scrape reads what the last
// look saw; it never asks the database.
//
// With replicas over one database each of them shows the same numbers.
//
// Thread-safe. Borrows store, clock and registry, which must outlive it; its end waits for a look
// that is going on.
class StockWatch {
 public:
  // How many products have a series of their own at a time.
  static constexpr int kLowest = 20;

  struct Options {
    // Products with so many units available, or fewer, are low.
    int64_t low_stock = 10;
    // Between two looks.
    absl::Duration pause = absl::Seconds(30);
  };

  StockWatch(InventoryStore& store, const Clock& clock, Options options,
             metrics::Registry& registry = metrics::Default());

  // Looks now. Where the store fails, what was seen before stays.
  void Look(StatusCallback done);

 private:
  void Export(metrics::Registry& registry);
  StockLevels seen() const {
    MutexLock lock(mutex_);
    return seen_;
  }
  double OldestAgeSeconds() const;
  std::vector<metrics::Sample> Lowest() const;

  InventoryStore& store_;
  const Clock& clock_;
  const Options options_;
  mutable Mutex mutex_;
  StockLevels seen_ ABSL_GUARDED_BY(mutex_);
  std::vector<metrics::Registration> registrations_;
  std::optional<PeriodicTask> looks_;  // last: it calls the above
};

}  // namespace orderflow::inventory
