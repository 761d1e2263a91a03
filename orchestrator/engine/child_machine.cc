#include "orchestrator/engine/child_machine.h"

#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::engine {
namespace {

using States = std::vector<std::unique_ptr<asl::State>>;

// Names of states are unique in a definition, however deep they stand.
const asl::DistributedMap* FindMap(const States& states, std::string_view name) {
  for (const auto& state : states) {
    const asl::DistributedMap* found = nullptr;
    if (const auto* map = std::get_if<asl::MapState>(&state->kind)) {
      if (map->distributed == nullptr) {
        found = FindMap(map->processor.states, name);
      } else if (state->name == name) {
        return map->distributed.get();
      } else {
        found = FindMap(map->distributed->processor->states(), name);
      }
    } else if (const auto* parallel = std::get_if<asl::ParallelState>(&state->kind)) {
      for (const asl::StateGraph& branch : parallel->branches) {
        if (found == nullptr) found = FindMap(branch.states, name);
      }
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

MachinePtr Derive(const Machine& parent, std::shared_ptr<const asl::StateMachine> definition,
                  bool express, std::string_view map_run_arn) {
  auto machine = std::make_shared<Machine>();
  const std::optional<Arn> arn = ParseArn(map_run_arn);
  machine->record.name = arn ? std::string(arn->machine) : parent.record.name;
  machine->record.arn =
      arn ? StateMachineArn(arn->region, arn->account, arn->machine) : parent.record.arn;
  machine->record.type = express ? store::MachineType::kExpress : store::MachineType::kStandard;
  machine->record.revision = parent.record.revision;
  machine->record.revision_id = parent.record.revision_id;
  machine->record.role_arn = parent.record.role_arn;
  machine->record.create_time = parent.record.create_time;
  machine->record.update_time = parent.record.update_time;
  machine->definition = std::move(definition);
  machine->token_key = parent.token_key;
  machine->log_level = parent.log_level;
  machine->log_execution_data = parent.log_execution_data;
  return machine;
}

}  // namespace

MachinePtr ChildMachine(const Machine& parent, const asl::ChildExecution& child) {
  return Derive(parent, child.machine, child.express, child.map_run_arn);
}

MachinePtr MachineOf(const MachinePtr& root, const store::ExecutionRecord& record) {
  if (record.map_state.empty()) return root;
  const asl::DistributedMap* map = FindMap(root->definition->states(), record.map_state);
  if (map == nullptr) return nullptr;
  return Derive(*root, map->processor, map->express, record.map_run_arn);
}

}  // namespace orderflow::engine
