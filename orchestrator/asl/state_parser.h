#pragma once

#include <memory>
#include <set>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/query_language.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {

// Reads graphs of states, and the graphs within them. Borrows options and diagnostics. One thread
// only.
class StateParser {
 public:
  StateParser(const ParseOptions& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics), express_(options.express) {}

  // StartAt and States of a machine, a branch or an item processor, linked.
  StateGraph ParseGraph(ObjectReader& reader, const QueryLanguage& language);

 private:
  // Never null; where diagnostics were added, the state may lack parts.
  std::unique_ptr<State> Parse(const std::string& name, const json::Value& json,
                               const std::string& location, const QueryLanguage& machine_language);
  void ReadState(const json::Value& json, const std::string& location,
                 const QueryLanguage& machine_language, State& state);
  static void NoteAssigned(State& state);
  const QueryLanguage* ReadLanguage(ObjectReader& reader, StateType type,
                                    const QueryLanguage& machine_language);
  void ReadTransition(ObjectReader& reader, State& state);
  void ReadKind(ObjectReader& reader, State& state);
  TaskState ReadTask(ObjectReader& reader, const State& state);
  ChoiceState ReadChoice(ObjectReader& reader, const State& state);
  ChoiceRule ReadChoiceRule(const json::Value& json, const std::string& location,
                            const QueryLanguage& language);
  WaitState ReadWait(ObjectReader& reader, const State& state);
  ParallelState ReadParallel(ObjectReader& reader);
  MapState ReadMap(ObjectReader& reader, const State& state);
  // `fields` are those of the Map around the item processor.
  void ReadProcessor(ObjectReader& processor, MapState& map, ObjectReader& fields,
                     const State& state);
  std::unique_ptr<const DistributedMap> ReadDistributed(ObjectReader& reader, const State& state,
                                                        StateMachine::Parts parts, bool express);
  Resource ReadResource(ObjectReader& reader);
  void CheckArguments(const Resource& resource, ObjectReader& reader);

  const ParseOptions& options_;
  Diagnostics& diagnostics_;
  const QueryLanguage* language_ = nullptr;  // of the machine
  bool express_;                             // whether the graph is for EXPRESS executions
  std::set<std::string> labels_;             // of all Maps so far
  absl::flat_hash_set<std::string> names_;   // of all states so far
};

}  // namespace orderflow::asl
