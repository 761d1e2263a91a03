#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::api {

// A definition that a process brings along.
struct Deployment {
  std::string name;  // of the state machine
  std::string definition;
  std::string source;                       // where it comes from, for messages
  std::optional<engine::LogLevel> logging;  // not set: as it is, OFF for a new one
};

// Creates the state machine, or updates it if anything is different. Blocks.
// INVALID_ARGUMENT: the definition has mistakes; the message has a line for each.
absl::Status Deploy(MachineRegistry& registry, store::ExecutionStore& store,
                    const Deployment& deployment);

}  // namespace orderflow::api
