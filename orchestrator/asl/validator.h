#pragma once

#include <string>

#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {

// Turns the names of all transitions into pointers and reports what is wrong with the graph as a
// whole: targets that do not exist, states that nothing leads to, no way to end. `location` is the
// place of the object that has StartAt and States.
void LinkGraph(StateGraph& graph, const std::string& start_at, const std::string& location,
               Diagnostics& diagnostics);

// Reports variables that are assigned within a Parallel or Map and also around it: the language
// wants different names, since the inner one could not change the outer one.
void CheckVariableScopes(const StateGraph& graph, const std::string& location,
                         Diagnostics& diagnostics);

}  // namespace orderflow::asl
