#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "services/inventory/inventory.h"
#include "services/inventory/inventory_store.h"

namespace orderflow::inventory {

struct InventoryOptions {
  database::Options database;
  // The file whose products a new database starts with (catalog.h says what is in it). Empty: none.
  std::string catalog;
  // How long a reservation may stay open before the sweep gives its stock back; zero: for ever.
  absl::Duration reservation_ttl = absl::ZeroDuration();
  // The pause between two sweeps of a server.
  absl::Duration sweep_pause = absl::Minutes(1);
  const Clock* clock = &SystemClock();  // borrowed
};

// The inventory service without a face: database, store and domain, put together for the gRPC
// server and the Lambda functions. When reservations are swept is up to those.
//
// Thread-safe. The destructor waits for the calls that are under way.
class InventoryCore {
 public:
  // Opens the database, brings its schema up to date, and loads the catalog if none was loaded
  // before. Errors are those of Database::Open and ReadCatalogFile; INVALID_ARGUMENT also for a
  // negative duration.
  static absl::StatusOr<std::unique_ptr<InventoryCore>> Open(const InventoryOptions& options);
  ~InventoryCore();

  database::Database& database() { return *database_; }
  InventoryStore& store() { return *store_; }
  Inventory& inventory() { return inventory_; }

 private:
  InventoryCore(std::unique_ptr<database::Database> database, const Clock& clock);
  absl::Status LoadCatalog(const std::string& path, const Clock& clock);

  std::unique_ptr<database::Database> database_;
  std::unique_ptr<InventoryStore> store_;
  Inventory inventory_;
};

}  // namespace orderflow::inventory
