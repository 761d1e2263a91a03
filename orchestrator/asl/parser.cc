// Reads a definition as a whole: text, substitutions, the fields of a state machine, its graph.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/duplicate_members.h"
#include "orchestrator/asl/json_problem.h"
#include "orchestrator/asl/language_fields.h"
#include "orchestrator/asl/query_language.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/asl/state_parser.h"
#include "orchestrator/asl/substitutions.h"
#include "orchestrator/asl/validator.h"

namespace orderflow::asl {
namespace {

using json::Value;

// The language's limit on every number of seconds.
constexpr int64_t kMaxSeconds = 99'999'999;

// The message holds the place as well, as the service's does.
void ReportNoJson(std::string_view text, const json::ParseError& error, Diagnostics& diagnostics) {
  const JsonProblem problem = DescribeProblem(text, error);
  const std::string place = PlaceInSource(text, problem.line, problem.column);
  diagnostics.Error(kInvalidJson, place, problem.message + "\n at " + place);
}

// The definition as a value, or nothing after reporting why not.
std::optional<Value> ReadJson(std::string_view text, const ParseOptions& options,
                              Diagnostics& diagnostics) {
  if (text.size() > options.max_definition_bytes) {
    diagnostics.Error(kSchemaValidationFailed, "",
                      "The definition has " + std::to_string(text.size()) + " bytes; at most " +
                          std::to_string(options.max_definition_bytes) + " are allowed");
    return std::nullopt;
  }
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  const json::ParseResult parsed = json::Parse(text);
  if (!blank && !parsed.value.has_value()) {
    ReportNoJson(text, *parsed.error, diagnostics);
    return std::nullopt;
  }
  if (blank || !parsed.value->IsObject()) {
    diagnostics.Error(kSchemaValidationFailed, "", "Definition must be a valid JSON object");
    return std::nullopt;
  }
  ReportDuplicateMembers(text, diagnostics);
  return parsed.value;
}

// A regular expression in a filter (`=~`) takes up to half a millisecond and 32 KiB to compile, and
// may be a few bytes long.
constexpr size_t kMaxPatterns = 1000;

size_t CountPatterns(const Value& definition) {
  size_t count = 0;
  std::vector<const Value*> todo = {&definition};
  while (!todo.empty()) {
    const Value& value = *todo.back();
    todo.pop_back();
    if (value.IsString()) {
      const std::string& text = value.AsString();
      for (size_t at = text.find("=~"); at != std::string::npos; at = text.find("=~", at + 2))
        ++count;
    } else if (value.IsArray()) {
      for (const Value& item : value.AsArray()) todo.push_back(&item);
    } else if (value.IsObject()) {
      for (const json::Member& member : value.AsMembers()) todo.push_back(&member.value);
    }
  }
  return count;
}

// What is not exactly "JSONPath" counts as JSONata, which is not there yet.
const QueryLanguage* ReadQueryLanguage(ObjectReader& reader) {
  if (!reader.Has("QueryLanguage")) return FindQueryLanguage("JSONPath");
  const std::optional<std::string> name = TakeLanguageName(reader);
  const QueryLanguage* language = FindQueryLanguage(name.value_or(""));
  if (language != nullptr) return language;
  ReportMixedLanguages(reader.object(), reader.location(), reader.diagnostics());
  if (!reader.diagnostics().has_errors())
    reader.ErrorAt("QueryLanguage", std::string(kNoJsonata), "use JSONPath");
  return nullptr;
}

StateMachine::Parts ReadMachine(const Value& definition, const ParseOptions& options,
                                Diagnostics& diagnostics) {
  StateMachine::Parts parts;
  ObjectReader reader(definition, "/", diagnostics);
  reader.Require({"States", "StartAt"});
  parts.comment = reader.TakeText("Comment").value_or("");
  reader.TakeOneOf("Version", {"1.0"});
  parts.timeout_seconds = reader.TakeInteger("TimeoutSeconds", 1, kMaxSeconds);
  const QueryLanguage* language = ReadQueryLanguage(reader);
  if (language != nullptr) {
    parts.query_language = std::string(language->name());
    parts.graph = StateParser(options, diagnostics).ParseGraph(reader, *language);
    CheckVariableScopes(parts.graph, reader.location(), diagnostics);
  } else {
    reader.Take("StartAt");
    reader.Take("States");
  }
  reader.ReportUnknown();
  parts.definition = definition;
  return parts;
}

void AppendActivities(const std::vector<std::unique_ptr<State>>& states,
                      std::vector<std::string>& found) {
  for (const auto& state : states) {
    if (const auto* task = std::get_if<TaskState>(&state->kind)) {
      if (task->resource.is_activity) found.push_back(task->resource.text);
    } else if (const auto* parallel = std::get_if<ParallelState>(&state->kind)) {
      for (const StateGraph& branch : parallel->branches) AppendActivities(branch.states, found);
    } else if (const auto* map = std::get_if<MapState>(&state->kind)) {
      AppendActivities(map->processor.states, found);  // of a distributed Map it is empty
    }
  }
}

using References = std::vector<StateMachine::VariableReferences>;

void AppendReferences(const std::vector<std::unique_ptr<State>>& states, References& found) {
  for (const auto& state : states) {
    if (!state->variables.empty()) found.push_back({state->name, state->variables});
    if (const auto* parallel = std::get_if<ParallelState>(&state->kind)) {
      for (const StateGraph& branch : parallel->branches) AppendReferences(branch.states, found);
    } else if (const auto* map = std::get_if<MapState>(&state->kind)) {
      AppendReferences(map->distributed == nullptr ? map->processor.states
                                                   : map->distributed->processor->states(),
                       found);
    }
  }
}

}  // namespace

StateMachine::StateMachine(Parts parts) : parts_(std::move(parts)) {
  AppendActivities(states(), activities_);
  std::sort(activities_.begin(), activities_.end());
  activities_.erase(std::unique(activities_.begin(), activities_.end()), activities_.end());
}

std::vector<StateMachine::VariableReferences> StateMachine::FindVariableReferences() const {
  References found;
  AppendReferences(states(), found);
  return found;
}

StateGraph::StateGraph() = default;
StateGraph::~StateGraph() = default;
StateGraph::StateGraph(StateGraph&&) noexcept = default;
StateGraph& StateGraph::operator=(StateGraph&&) noexcept = default;

const State* StateGraph::Find(std::string_view name) const {
  for (const auto& state : states) {
    if (state->name == name) return state.get();
  }
  return nullptr;
}

ParsedDefinition ParseStateMachine(std::string_view definition, const ParseOptions& options) {
  Diagnostics diagnostics;
  ParsedDefinition result;
  if (const std::optional<Value> json = ReadJson(definition, options, diagnostics)) {
    const Value machine = Substitute(*json, options, diagnostics);
    if (const size_t patterns = CountPatterns(machine); patterns > kMaxPatterns) {
      diagnostics.Error(kSchemaValidationFailed, "",
                        "The definition has " + std::to_string(patterns) +
                            " regular expressions ('=~'); at most " + std::to_string(kMaxPatterns) +
                            " are allowed");
      result.diagnostics = diagnostics.Take();
      return result;
    }
    StateMachine::Parts parts = ReadMachine(machine, options, diagnostics);
    if (!diagnostics.has_errors())
      result.machine = std::make_shared<const StateMachine>(std::move(parts));
  }
  result.diagnostics = diagnostics.Take();
  return result;
}

std::string FormatDiagnostics(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != Diagnostic::Severity::kError) continue;
    if (!text.empty()) text += ", ";
    text.append(diagnostic.code).append(": ").append(diagnostic.message);
    if (!diagnostic.location.empty()) text.append(" at ").append(diagnostic.location);
    if (!diagnostic.hint.empty()) text.append(" (").append(diagnostic.hint).append(")");
  }
  return text;
}

}  // namespace orderflow::asl
