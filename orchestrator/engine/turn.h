#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// One input that an execution took, and what follows from it once the input is durable.
struct Turn {
  store::ExecutionKey execution = 0;
  int64_t sequence = 0;  // 0: the start, which is on record already
  asl::Input input;
  std::vector<asl::Effect> effects;
  std::vector<asl::HistoryEvent> events;    // only where the execution is logged
  int64_t redrives = 0;                     // if the input is a redrive: so many with it
  std::vector<std::string> map_runs = {};   // begun, which no row of a child tells of
  std::unique_ptr<ExecutionResult> result;  // if this input ended the execution
};

}  // namespace orderflow::engine
