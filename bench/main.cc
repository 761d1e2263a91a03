#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/command.h"

int main(int argc, char** argv) {
  CLI::App app(
      "Measures orders through the orchestrator next to hand-written calls of the same services.",
      "orderflow-bench");
  orderflow::bench::CommandFlags flags;
  app.add_option("--address", flags.servers.orchestrator, "Where the orchestrator listens")
      ->capture_default_str();
  app.add_option("--inventory-address", flags.servers.inventory,
                 "Where the inventory service listens")
      ->capture_default_str();
  app.add_flag("--json", flags.json, "Print JSON for programs");
  orderflow::bench::AddFlags(app, flags);
  CLI11_PARSE(app, argc, argv);

  const absl::StatusOr<bool> all_well = orderflow::bench::RunCommand(flags, std::cout, std::cerr);
  if (!all_well.ok()) std::cerr << "orderflow-bench: " << all_well.status() << "\n";
  return all_well.ok() && *all_well ? 0 : 1;
}
