#include <cstdint>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/rpc/server_flags.h"
#include "common/rpc/server_main.h"
#include "common/settings/settings.h"
#include "services/inventory/inventory_flags.h"
#include "services/inventory/inventory_module.h"

ABSL_FLAG(int64_t, low_stock, 10,
          "Products with so many units available, or fewer, are low in the metrics.");
ABSL_FLAG(absl::Duration, stock_watch_pause, absl::Seconds(30),
          "The pause between two looks at the whole stock for the metrics.");

namespace {

constexpr char kUsage[] =
    "Keeps stock, prices and reservations: the gRPC service "
    "orderflow.inventory.v1.InventoryService.\n\n"
    "Usage: orderflow-inventory [flags]";

}  // namespace

int main(int argc, char** argv) {
  using namespace orderflow;
  rpc::SetServerFlagDefaults({.listen = "127.0.0.1:50052", .database = "sqlite:inventory.db"});
  settings::ParseSettings(argc, argv, kUsage);
  return rpc::RunServer("inventory", [] {
    return inventory::OpenInventoryModule(inventory::OptionsFromFlags(),
                                          {.low_stock = absl::GetFlag(FLAGS_low_stock),
                                           .pause = absl::GetFlag(FLAGS_stock_watch_pause)});
  });
}
