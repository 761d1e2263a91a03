#include "orchestrator/api/machine_finder.h"

#include <utility>

#include "absl/random/random.h"
#include "orchestrator/api/states_error.h"

namespace orderflow::api {
namespace {

int64_t ChooseVersion(const std::vector<store::AliasRoute>& routes) {
  thread_local absl::InsecureBitGen random;
  int left = absl::Uniform(random, 0, 100);
  for (const store::AliasRoute& route : routes) {
    if (left < route.weight) return route.version;
    left -= route.weight;
  }
  return routes.back().version;
}

absl::Status NotFoundAs(const absl::Status& status, const std::string& arn) {
  return absl::IsNotFound(status) ? StateMachineDoesNotExist(arn) : ToStatesError(status);
}

void FindVersion(MachineRegistry& registry, store::VersionStore& versions,
                 const std::string& machine_arn, int64_t number, const std::string& alias,
                 Callback<FoundMachine> done) {
  const std::string given =
      alias.empty() ? VersionArn(machine_arn, number) : AliasArn(machine_arn, alias);
  versions.GetVersion(
      machine_arn, number,
      [&registry, given, number, alias,
       done = std::move(done)](absl::StatusOr<store::VersionRecord> version) mutable {
        if (!version.ok()) return std::move(done)(NotFoundAs(version.status(), given));
        registry.Load(version->revision, [number, alias, done = std::move(done)](
                                             absl::StatusOr<engine::MachinePtr> machine) mutable {
          if (!machine.ok()) return std::move(done)(machine.status());
          std::move(done)(FoundMachine{*std::move(machine), number, alias});
        });
      });
}

}  // namespace

void SetMachine(FoundMachine found, engine::StartRequest& start) {
  start.machine = std::move(found.machine);
  start.version = found.version;
  start.alias = std::move(found.alias);
}

void FindMachine(MachineRegistry& registry, store::VersionStore& versions, const QualifiedArn& arn,
                 Callback<FoundMachine> done) {
  if (arn.version > 0) {
    return FindVersion(registry, versions, arn.machine_arn, arn.version, "", std::move(done));
  }
  if (arn.alias.empty()) {
    return registry.Find(arn.machine_arn, [done = std::move(done)](
                                              absl::StatusOr<engine::MachinePtr> machine) mutable {
      if (!machine.ok()) return std::move(done)(machine.status());
      std::move(done)(FoundMachine{*std::move(machine), 0, ""});
    });
  }
  versions.GetAlias(
      arn.machine_arn, arn.alias,
      [&registry, &versions, arn,
       done = std::move(done)](absl::StatusOr<store::AliasRecord> alias) mutable {
        if (!alias.ok()) {
          return std::move(done)(NotFoundAs(alias.status(), AliasArn(arn.machine_arn, arn.alias)));
        }
        FindVersion(registry, versions, arn.machine_arn, ChooseVersion(alias->routes), arn.alias,
                    std::move(done));
      });
}

}  // namespace orderflow::api
