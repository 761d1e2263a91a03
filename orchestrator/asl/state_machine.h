#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace orderflow::asl {

class StateMachine;
class State;

// A finding of the parser or the validator.
struct Diagnostic {
  enum class Severity { kError, kWarning };
  Severity severity = Severity::kError;
  std::string code;      // as ValidateStateMachineDefinition names it, such as "SCHEMA_VALIDATION_FAILED"
  std::string location;  // JSON path of the place, such as "/States/CheckInventory/Next"
  std::string message;   // what is wrong and what was expected
};

struct ParseOptions {
  // What a `${Name}` in the definition stands for (DefinitionSubstitutions). A name without an entry is an error.
  std::function<std::optional<std::string>(std::string_view name)> substitute;
  // Whether a Task's Resource can be carried out here; answers what is wrong with it, or nothing.
  std::function<std::optional<std::string>(std::string_view resource)> check_resource;
  size_t max_definition_bytes = 1 << 20;
};

// A parsed definition, or all that is wrong with it. `machine` is set unless a diagnostic is an error.
struct ParsedDefinition {
  std::shared_ptr<const StateMachine> machine;
  std::vector<Diagnostic> diagnostics;
};
ParsedDefinition ParseStateMachine(std::string_view definition, const ParseOptions& options);

}  // namespace orderflow::asl
