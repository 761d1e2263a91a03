#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/callback.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/history.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::api {

// An execution as its journal tells it.
struct ReplayedExecution {
  store::ExecutionRecord record;
  engine::MachinePtr machine;  // of its revision; a child of a map run runs a part of it
  std::vector<asl::HistoryEvent> events;
  std::shared_ptr<const engine::HistoryReplayer> replayer;  // as it stands now
  const asl::Execution& execution() const { return replayer->execution(); }
};

// Reads an execution's row and journal and replays it. ExecutionDoesNotExist. Borrows store and
// registry until `done` is called.
void ReplayExecution(store::ExecutionStore& store, MachineRegistry& registry,
                     const asl::Limits& limits, std::string execution_arn,
                     Callback<ReplayedExecution> done);

}  // namespace orderflow::api
