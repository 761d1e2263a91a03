#pragma once

#include <string>

#include "orchestrator/asl/interpreter.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// The state machine that a child execution of a distributed Map runs, as a machine of its own: it
// is called after the parent's and the Map's label, and shares the rest with the parent.
MachinePtr ChildMachine(const Machine& parent, const asl::ChildExecution& child);

// What an execution on record runs: `root` itself, which is the machine of its revision, or for a
// child of a distributed Map the states within that. Null: there is no such Map state.
MachinePtr MachineOf(const MachinePtr& root, const store::ExecutionRecord& record);

}  // namespace orderflow::engine
