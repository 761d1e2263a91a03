#pragma once

#include <memory>
#include <string>

#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/query_language.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {

// Reads single states. Transitions keep their names: linking them is the graph's business (see
// validator.h). Borrows options and diagnostics. One thread only.
class StateParser {
 public:
  StateParser(const ParseOptions& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics) {}

  // Never null; where diagnostics were added, the state may lack parts.
  std::unique_ptr<State> Parse(const std::string& name, const json::Value& json,
                               const std::string& location, const QueryLanguage& machine_language);

 private:
  const QueryLanguage* ReadLanguage(ObjectReader& reader, const QueryLanguage& machine_language);
  void ReadTransition(ObjectReader& reader, State& state);
  void ReadKind(ObjectReader& reader, State& state);
  TaskState ReadTask(ObjectReader& reader, const State& state);
  ChoiceState ReadChoice(ObjectReader& reader, const State& state);
  ChoiceRule ReadChoiceRule(const json::Value& json, const std::string& location,
                            const QueryLanguage& language);
  WaitState ReadWait(ObjectReader& reader, const State& state);
  Resource ReadResource(ObjectReader& reader);

  const ParseOptions& options_;
  Diagnostics& diagnostics_;
};

}  // namespace orderflow::asl
