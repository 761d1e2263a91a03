#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "bench/command.h"
#include "cli/session.h"

namespace orderflow::cli {

void AddBenchCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "bench",
      "Measure orders through the orchestrator next to hand-written calls of the same services");
  auto flags = std::make_shared<bench::CommandFlags>();
  bench::AddFlags(*command, *flags);
  command->callback([&session, flags] {
    session.action = [&session, flags] {
      flags->json = session.json;
      flags->servers.orchestrator = session.orchestrator_address;
      flags->servers.inventory = session.inventory_address;
      const absl::StatusOr<bool> all_well = bench::RunCommand(*flags, session.out(), session.err());
      if (!all_well.ok()) return session.Fail(all_well.status());
      return *all_well ? ExitCode::kOk : ExitCode::kNotConfirmed;
    };
  });
}

}  // namespace orderflow::cli
