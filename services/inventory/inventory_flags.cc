#include "services/inventory/inventory_flags.h"

#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/database/database_flags.h"

ABSL_FLAG(std::string, catalog, "",
          "JSON file with the products that a new database starts with; empty: none. Read at every "
          "start, loaded at the "
          "first.");
ABSL_FLAG(absl::Duration, reservation_ttl, absl::ZeroDuration(),
          "How long a reservation may stay open before its stock is given back, such as 24h; 0: "
          "for ever.");
ABSL_FLAG(absl::Duration, sweep_pause, absl::Minutes(1),
          "The pause between two sweeps of expired reservations.");

namespace orderflow::inventory {

InventoryOptions OptionsFromFlags() {
  return {.database = database::OptionsFromFlags("inventory"),
          .catalog = absl::GetFlag(FLAGS_catalog),
          .reservation_ttl = absl::GetFlag(FLAGS_reservation_ttl),
          .sweep_pause = absl::GetFlag(FLAGS_sweep_pause)};
}

}  // namespace orderflow::inventory
