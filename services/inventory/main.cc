#include "common/rpc/server_flags.h"
#include "common/rpc/server_main.h"
#include "common/settings/settings.h"
#include "services/inventory/inventory_flags.h"
#include "services/inventory/inventory_module.h"

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
  return rpc::RunServer(
      "inventory", [] { return inventory::OpenInventoryModule(inventory::OptionsFromFlags()); });
}
