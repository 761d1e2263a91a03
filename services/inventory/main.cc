#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/rpc/server_flags.h"
#include "common/rpc/server_main.h"
#include "common/settings/settings.h"
#include "services/inventory/inventory_module.h"

ABSL_FLAG(std::string, catalog, "",
          "JSON file with the products that a new database starts with; empty: none. Read at every "
          "start, loaded at the "
          "first.");
ABSL_FLAG(absl::Duration, reservation_ttl, absl::ZeroDuration(),
          "How long a reservation may stay open before its stock is given back, such as 24h; 0: "
          "for ever.");
ABSL_FLAG(absl::Duration, sweep_pause, absl::Minutes(1),
          "The pause between two sweeps of expired reservations.");
ABSL_FLAG(int64_t, low_stock, 10,
          "Products with so many units available, or fewer, are low in the metrics.");
ABSL_FLAG(absl::Duration, stock_watch_pause, absl::Seconds(30),
          "The pause between two looks at the whole stock for the metrics.");

namespace {

constexpr char kUsage[] =
    "Keeps stock, prices and reservations: the gRPC service "
    "orderflow.inventory.v1.InventoryService.\n\n"
    "Usage: orderflow-inventory [flags]";

orderflow::inventory::InventoryOptions OptionsFromFlags() {
  return {.database = orderflow::rpc::DatabaseOptionsFromFlags("inventory"),
          .catalog = absl::GetFlag(FLAGS_catalog),
          .reservation_ttl = absl::GetFlag(FLAGS_reservation_ttl),
          .sweep_pause = absl::GetFlag(FLAGS_sweep_pause),
          .watch = {.low_stock = absl::GetFlag(FLAGS_low_stock),
                    .pause = absl::GetFlag(FLAGS_stock_watch_pause)}};
}

}  // namespace

int main(int argc, char** argv) {
  using namespace orderflow;
  rpc::SetServerFlagDefaults({.listen = "127.0.0.1:50052", .database = "sqlite:inventory.db"});
  settings::ParseSettings(argc, argv, kUsage);
  return rpc::RunServer("inventory",
                        [] { return inventory::OpenInventoryModule(OptionsFromFlags()); });
}
