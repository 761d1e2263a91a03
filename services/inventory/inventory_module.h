#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/rpc/module.h"
#include "services/inventory/stock_watch.h"

namespace orderflow::inventory {

struct InventoryOptions {
  database::Options database;
  // The file whose products a new database starts with (catalog.h says what is in it). Empty: none.
  std::string catalog;
  // How long a reservation may stay open before the sweep gives its stock back; zero: for ever.
  absl::Duration reservation_ttl = absl::ZeroDuration();
  // The pause between two sweeps.
  absl::Duration sweep_pause = absl::Minutes(1);
  // What the metrics call low, and how often they are brought up to date.
  StockWatch::Options watch;
  const Clock* clock = &SystemClock();  // borrowed
};

// The inventory service, ready to be served: opens the database (and brings its schema up to date),
// loads the catalog if none was loaded before, and puts store, domain, gRPC service and sweep
// together. Errors are those of Database::Open and ReadCatalogFile; INVALID_ARGUMENT also for a
// negative number or duration.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenInventoryModule(InventoryOptions options);

}  // namespace orderflow::inventory
