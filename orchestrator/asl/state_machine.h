#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace orderflow::asl {

struct State;

// States that transit among each other: those of a state machine, of a Parallel branch, or of a
// Map's items. Owns its states; their addresses do not change.
struct StateGraph {
  StateGraph();
  ~StateGraph();
  StateGraph(StateGraph&&) noexcept;
  StateGraph& operator=(StateGraph&&) noexcept;

  // nullptr where there is no such state. Linear: transitions hold pointers and need no look-up.
  const State* Find(std::string_view name) const;

  const State* start = nullptr;
  std::vector<std::unique_ptr<State>> states;  // in the order of the definition
};

// A parsed definition, ready to run: names are resolved, paths compiled.
// Thread-safe: it does not change, and any number of executions share it.
class StateMachine {
 public:
  struct Parts {
    std::string comment;
    std::string query_language;              // "JSONPath"
    std::optional<int64_t> timeout_seconds;  // of a whole execution
    StateGraph graph;
    json::Value definition;
  };
  explicit StateMachine(Parts parts);

  const std::string& comment() const { return parts_.comment; }
  const std::string& query_language() const { return parts_.query_language; }
  std::optional<int64_t> timeout_seconds() const { return parts_.timeout_seconds; }
  const State& start() const { return *parts_.graph.start; }
  const std::vector<std::unique_ptr<State>>& states() const { return parts_.graph.states; }
  const State* FindState(std::string_view name) const { return parts_.graph.Find(name); }
  // The ARNs of the activities that its Tasks name, sorted. Those of a distributed Map's child
  // executions are not among them: what these run is a machine of its own.
  const std::vector<std::string>& activities() const { return activities_; }
  // Which variables the expressions of a state name, sorted; states that name none are left out.
  // States within others are among them.
  struct VariableReferences {
    std::string_view state;
    std::vector<std::string> variables;
  };
  std::vector<VariableReferences> FindVariableReferences() const;
  // The definition with its substitutions made.
  const json::Value& definition() const { return parts_.definition; }

 private:
  Parts parts_;
  std::vector<std::string> activities_;
};

// A finding of the parser or the validator.
struct Diagnostic {
  enum class Severity { kError, kWarning };
  Severity severity = Severity::kError;
  std::string
      code;  // as ValidateStateMachineDefinition names it, such as "SCHEMA_VALIDATION_FAILED"
  std::string location;  // JSON path of the place, such as "/States/CheckInventory/Next"; empty if
                         // there is none
  std::string
      message;  // what is wrong and what was expected, in the service's words where they are known
  std::string
      hint;  // more than the service says, such as where a path stops making sense; may be empty
};

struct ParseOptions {
  // What a `${Name}` in the definition stands for (DefinitionSubstitutions). A name without an
  // entry is an error. Where there is no function, `${Name}` is text like any other.
  std::function<std::optional<std::string>(std::string_view name)> substitute;
  // Whether a Task's Resource can be carried out here; answers what is wrong with it, or nothing.
  std::function<std::optional<std::string>(std::string_view resource)> check_resource;
  // The same for what a Task gives to its resource: its `Parameters` or `Arguments` as they are
  // written, expressions included; null where there are none.
  std::function<std::optional<std::string>(std::string_view resource, const json::Value& arguments)>
      check_arguments;
  size_t max_definition_bytes = 1 << 20;
  // Whether it is for an EXPRESS machine, which cannot wait for others.
  bool express = false;
  // Whether the caller carries out the child executions of distributed Maps (RunTask::child).
  bool distributed_maps = false;
  // Whether it knows what an ItemReader reads and does what a ResultWriter does.
  bool reads_and_writes_for_maps = false;
};

// A parsed definition, or all that is wrong with it. `machine` is set unless a diagnostic is an
// error.
struct ParsedDefinition {
  std::shared_ptr<const StateMachine> machine;
  std::vector<Diagnostic> diagnostics;
};
ParsedDefinition ParseStateMachine(std::string_view definition, const ParseOptions& options);

// All errors (not the warnings) in one line: "SCHEMA_VALIDATION_FAILED: ... at /States/A/Next
// (hint), ...".
std::string FormatDiagnostics(const std::vector<Diagnostic>& diagnostics);

}  // namespace orderflow::asl
