#include "orchestrator/asl/test_state_checks.h"

#include <string_view>
#include <utility>

#include "orchestrator/asl/path.h"
#include "orchestrator/asl/result_schema.h"
#include "orchestrator/asl/timestamp.h"

namespace orderflow::asl {
namespace {

using json::Value;

Refusal Invalid(std::string message) {
  return {Refusal::Kind::kValidation, std::move(message), {}};
}

Refusal InvalidState(std::string message) {
  return {Refusal::Kind::kDefinition, std::move(message), {}};
}

bool CanBeMocked(StateType type) {
  return type == StateType::kTask || type == StateType::kParallel || type == StateType::kMap;
}

bool WritesResults(const State& state) {
  const auto* map = std::get_if<MapState>(&state.kind);
  return map != nullptr && map->distributed != nullptr && map->distributed->writes_results;
}

bool HasState(const StateGraph& graph, std::string_view name);

// Whether a state of this name is within a Parallel or Map.
bool HasWithin(const State& state, std::string_view name) {
  if (const auto* parallel = std::get_if<ParallelState>(&state.kind)) {
    for (const StateGraph& branch : parallel->branches) {
      if (HasState(branch, name)) return true;
    }
  } else if (const auto* map = std::get_if<MapState>(&state.kind)) {
    if (map->distributed == nullptr) return HasState(map->processor, name);
    for (const auto& inner : map->distributed->processor->states()) {
      if (inner->name == name || HasWithin(*inner, name)) return true;
    }
  }
  return false;
}

bool HasState(const StateGraph& graph, std::string_view name) {
  for (const auto& state : graph.states) {
    if (state->name == name || HasWithin(*state, name)) return true;
  }
  return false;
}

std::optional<Refusal> CheckConfiguration(const StateTestRequest& request, const State& state) {
  if (request.map_iteration_failure_count.has_value() && state.type != StateType::kMap) {
    return Invalid("MapIterationFailureCount is for states of type 'Map', not '" +
                   std::string(StateTypeName(state.type)) + "'");
  }
  if (request.map_item_reader_data.has_value()) {
    const auto* map = std::get_if<MapState>(&state.kind);
    if (map == nullptr || map->distributed == nullptr || map->distributed->item_reader.IsNull())
      return Invalid("MapItemReaderData is for Map states with an 'ItemReader'");
  }
  if (request.error_caused_by_state.has_value() &&
      !HasWithin(state, *request.error_caused_by_state)) {
    return Invalid("ErrorCausedByState must name a state within the Map or Parallel under test: '" +
                   *request.error_caused_by_state + "'");
  }
  return std::nullopt;
}

// What a member of a Context Object must be where it is there.
enum class Kind : uint8_t { kText, kTime, kCount, kObject };
struct ContextMember {
  std::string_view parent, name;
  Kind kind;
};
constexpr ContextMember kContextMembers[] = {
    {"", "Execution", Kind::kObject},
    {"", "State", Kind::kObject},
    {"", "StateMachine", Kind::kObject},
    {"", "Task", Kind::kObject},
    {"", "Map", Kind::kObject},
    {"Execution", "Id", Kind::kText},
    {"Execution", "Name", Kind::kText},
    {"Execution", "RoleArn", Kind::kText},
    {"Execution", "StartTime", Kind::kTime},
    {"Execution", "RedriveCount", Kind::kCount},
    {"State", "Name", Kind::kText},
    {"State", "EnteredTime", Kind::kTime},
    {"State", "RetryCount", Kind::kCount},
    {"StateMachine", "Id", Kind::kText},
    {"StateMachine", "Name", Kind::kText},
    {"Task", "Token", Kind::kText},
};

std::string_view Expected(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "a string";
    case Kind::kTime:
      return "an ISO 8601 timestamp";
    case Kind::kCount:
      return "a number from 0";
    case Kind::kObject:
      break;
  }
  return "an object";
}

bool Is(Kind kind, const Value& value) {
  switch (kind) {
    case Kind::kText:
      return value.IsString();
    case Kind::kTime:
      return value.IsString() && ParseTimestamp(value.AsString()).has_value();
    case Kind::kCount:
      return value.IsInt() && value.AsInt() >= 0;
    case Kind::kObject:
      break;
  }
  return value.IsObject();
}

Refusal InvalidContext(std::string why) {
  return Invalid("Invalid Context object provided: " + std::move(why));
}

std::optional<Refusal> CheckContextMembers(const Value& context) {
  for (const ContextMember& known : kContextMembers) {
    const Value* parent = known.parent.empty() ? &context : context.Find(known.parent);
    const Value* value = parent == nullptr ? nullptr : parent->Find(known.name);
    if (value == nullptr || value->IsNull() || Is(known.kind, *value)) continue;
    const std::string path = known.parent.empty() ? "" : std::string(known.parent) + ".";
    return InvalidContext("'" + path + std::string(known.name) + "' must be " +
                          std::string(Expected(known.kind)));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> CheckTogether(const StateTestRequest& request) {
  if (request.mock.has_value()) {
    if (request.reveal_secrets)
      return Invalid("TestState does not support RevealSecrets when a mock is specified.");
    if (request.mock->result.has_value() == request.mock->failure.has_value()) {
      return Invalid(
          "A test mock should have only one of the following fields: [result, errorOutput].");
    }
    return std::nullopt;
  }
  const std::pair<bool, std::string_view> need_mock[] = {
      {request.context.has_value(), "Context"},
      {request.retrier_retry_count.has_value(), "RetrierRetryCount"},
      {request.error_caused_by_state.has_value(), "ErrorCausedByState"},
      {request.map_iteration_failure_count.has_value(), "MapIterationFailureCount"},
      {request.map_item_reader_data.has_value(), "MapItemReaderData"},
  };
  for (const auto& [given, name] : need_mock) {
    if (!given) continue;
    return Invalid("TestState does not support " + std::string(name) +
                   " when a mock is not specified.");
  }
  return std::nullopt;
}

std::optional<Refusal> CheckState(const StateTestRequest& request, const State& state) {
  if (request.mock.has_value()) {
    if (CanBeMocked(state.type)) return CheckConfiguration(request, state);
    return Invalid("State type '" + std::string(StateTypeName(state.type)) +
                   "' is not supported when a mock is specified");
  }
  if (state.type == StateType::kMap || state.type == StateType::kParallel) {
    return InvalidState(
        "TestState API does not support Map or Parallel states. Supported state types include: "
        "[Task, Wait, Pass, Succeed, Fail, Choice]");
  }
  const auto* task = std::get_if<TaskState>(&state.kind);
  if (task == nullptr) return std::nullopt;
  if (task->resource.is_activity || task->resource.is_submitted) {
    return InvalidState(
        "TestState API does not support Activity tasks or the '.sync' and '.waitForTaskToken' "
        "service integration patterns when a mock is not specified: " +
        task->resource.text);
  }
  if (!request.has_role) return Invalid("RoleArn must be specified when testing a Task state");
  return std::nullopt;
}

std::variant<Value, Refusal> ReadMockedResult(const StateMock& mock, const State& state) {
  json::ParseResult parsed = json::Parse(*mock.result);
  if (!parsed.value.has_value()) return Invalid("Mocked result must be valid JSON");
  const Value& result = *parsed.value;
  if (WritesResults(state)) {
    if (!result.IsObject()) return Invalid("Mocked result must be a JSON object.");
  } else if (const auto* task = std::get_if<TaskState>(&state.kind)) {
    if (mock.validation == MockValidation::kNone) return result;
    std::optional<std::string> problem = CheckServiceResult(
        task->resource, result, /*with_required=*/mock.validation == MockValidation::kStrict);
    if (problem.has_value())
      return Invalid("Mock result schema validation error: " + *std::move(problem));
  } else if (!result.IsArray()) {
    return Invalid("Mocked result must be an array.");
  }
  const auto* parallel = std::get_if<ParallelState>(&state.kind);
  if (parallel != nullptr && result.size() != parallel->branches.size()) {
    return Invalid(
        "Mocked result must contain the same number of items as number of Parallel branches.");
  }
  return result;
}

std::variant<Value, Refusal> ReadContext(const std::string& text, const State& state) {
  json::ParseResult parsed = json::Parse(text);
  if (!parsed.value.has_value()) return InvalidContext("Context object must be valid JSON");
  if (!parsed.value->IsObject()) return InvalidContext("Context object must be a JSON object");
  const auto* task = std::get_if<TaskState>(&state.kind);
  if (parsed.value->Find("Task") != nullptr && (task == nullptr || !task->resource.is_submitted)) {
    return InvalidContext(
        "Context object contains 'Task' when state is not a Task state with a '.sync' or "
        "'.waitForTaskToken' service integration pattern");
  }
  if (std::optional<Refusal> refusal = CheckContextMembers(*parsed.value))
    return *std::move(refusal);
  return *std::move(parsed.value);
}

std::variant<Value, Refusal> ReadVariables(const std::optional<std::string>& text) {
  if (!text.has_value()) return Value();
  json::ParseResult parsed = json::Parse(*text);
  if (!parsed.value.has_value()) return Invalid("Variables must be valid JSON");
  if (!parsed.value->IsObject()) return Invalid("Variables must be a JSON object");
  for (const json::Member& variable : parsed.value->AsMembers()) {
    if (IsVariableName(variable.key) && variable.key != "states") continue;
    return Invalid("The name '" + variable.key + "' is not valid for a variable");
  }
  return parsed.value->size() == 0 ? Value() : *std::move(parsed.value);
}

}  // namespace orderflow::asl
