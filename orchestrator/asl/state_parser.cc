#include "orchestrator/asl/state_parser.h"

#include <set>
#include <utility>

#include "orchestrator/asl/integration_parameters.h"
#include "orchestrator/asl/language_fields.h"
#include "orchestrator/asl/validator.h"

namespace orderflow::asl {
namespace {

using json::Value;

// The language's limit on names.
constexpr size_t kMaxNameCharacters = 80;

size_t Characters(std::string_view utf8) {
  size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

bool HasTransition(StateType type) {
  return type != StateType::kChoice && type != StateType::kSucceed && type != StateType::kFail;
}

bool CanFail(StateType type) {
  return type == StateType::kTask || type == StateType::kParallel || type == StateType::kMap;
}

bool CanAssign(StateType type) { return type != StateType::kSucceed && type != StateType::kFail; }

void CheckName(const std::string& name, const std::string& location, Diagnostics& diagnostics) {
  if (name.empty()) {
    diagnostics.Error(kInvalidStateName, location, "Invalid State name: a name cannot be empty");
  } else if (Characters(name) > kMaxNameCharacters) {
    diagnostics.Error(kInvalidStateName, location,
                      "Invalid State name: State '" + name +
                          "' exceeds the 80-character limit allowed by the service");
  }
}

// Takes every member, where it makes no sense to look closer.
void TakeAll(ObjectReader& reader) {
  for (const json::Member& member : reader.object().AsMembers()) reader.Take(member.key);
}

}  // namespace

// The depth of recursion is that of the definition's JSON text, which the JSON parser bounds.
StateGraph StateParser::ParseGraph(ObjectReader& reader, const QueryLanguage& language) {
  StateGraph graph;
  language_ = &language;
  const std::string start_at = reader.TakeName("StartAt").value_or("");
  const Value* states = reader.TakeObject("States");
  if (states == nullptr) return graph;
  const std::string location = reader.LocationOf("States");
  if (states->size() == 0) reader.ErrorAt("States", "Value cannot be empty");
  for (const json::Member& member : states->AsMembers()) {
    graph.states.push_back(
        Parse(member.key, member.value, ChildLocation(location, member.key), language));
  }
  LinkGraph(graph, start_at, reader.location(), diagnostics_);
  return graph;
}

std::unique_ptr<State> StateParser::Parse(const std::string& name, const Value& json,
                                          const std::string& location,
                                          const QueryLanguage& machine_language) {
  auto state = std::make_unique<State>();
  state->name = name;
  CheckName(name, location, diagnostics_);
  // Twice in one object is told by the reader of the text.
  if (!names_.insert(name).second && !diagnostics_.HasErrorAt(location)) {
    diagnostics_.Error(kDuplicateStateName, location, "Duplicate State name: " + name,
                       "names are unique in the whole state machine");
  }
  if (!json.IsObject()) {
    diagnostics_.Error(kSchemaValidationFailed, location, "Expected value of type [OBJECT]");
    return state;
  }
  // The graph within a state keeps its own account of variables.
  const std::set<std::string> outer = diagnostics_.TakeVariables();
  ReadState(json, location, machine_language, *state);
  const std::set<std::string> used = diagnostics_.TakeVariables();
  state->variables.assign(used.begin(), used.end());
  for (const std::string& name : outer) diagnostics_.UsesVariable(name);
  return state;
}

void StateParser::ReadState(const Value& json, const std::string& location,
                            const QueryLanguage& machine_language, State& state) {
  ObjectReader reader(json, location, diagnostics_);
  reader.Require({"Type"});
  const std::optional<std::string> type_name = reader.TakeText("Type");
  if (!type_name.has_value()) return;
  const std::optional<StateType> type = ParseStateType(*type_name);
  if (!type.has_value()) {
    reader.ErrorAt("Type",
                   "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, "
                   "Fail, Choice, "
                   "Parallel, Map]",
                   "but was '" + *type_name + "'");
    return;
  }
  state.type = *type;
  state.comment = reader.TakeText("Comment").value_or("");
  if (HasTransition(*type)) ReadTransition(reader, state);
  state.language = ReadLanguage(reader, *type, machine_language);
  if (state.language == nullptr) {
    TakeAll(reader);
  } else {
    ReadKind(reader, state);
  }
  reader.ReportUnknown();
}

const QueryLanguage* StateParser::ReadLanguage(ObjectReader& reader, StateType type,
                                               const QueryLanguage& machine_language) {
  const QueryLanguage* language = &machine_language;
  const size_t before = diagnostics_.count();
  if (const Value* name = reader.object().Find("QueryLanguage")) {
    // What is not exactly "JSONPath" counts as JSONata, which is not there yet.
    language = name->IsString() ? FindQueryLanguage(name->AsString()) : nullptr;
    ReportForeignFields(type, language == nullptr ? "JSONata" : language->name(), reader);
    TakeLanguageName(reader);
  } else {
    ReportForeignFields(type, language->name(), reader);
  }
  if (language == nullptr && diagnostics_.count() == before)
    reader.ErrorAt("QueryLanguage", std::string(kNoJsonata), "use JSONPath");
  return language;
}

void StateParser::ReadTransition(ObjectReader& reader, State& state) {
  state.next_name = reader.TakeName("Next").value_or("");
  const bool ends = reader.TakeBool("End").value_or(false);
  if (reader.Has("Next") && ends) {
    reader.Error("There should only be one of the following fields: [Next, End]");
  } else if (!reader.Has("Next") && !ends) {
    reader.Error("This object should have only one of the following fields: [Next, End]",
                 "name the next state, or write \"End\": true");
  }
}

void StateParser::ReadKind(ObjectReader& reader, State& state) {
  if (state.type != StateType::kFail)
    state.data = state.language->CompileDataFlow(state.type, reader);
  if (CanAssign(state.type)) state.assign = state.language->CompileAssignment(reader);
  if (CanFail(state.type)) {
    state.retriers = ReadRetriers(reader);
    state.catchers = ReadCatchers(*state.language, reader);
  }
  switch (state.type) {
    case StateType::kTask:
      state.kind = ReadTask(reader, state);
      break;
    case StateType::kPass: {
      const Value* result = reader.Take("Result");
      state.kind =
          PassState{.result = result == nullptr ? std::nullopt : std::optional<Value>(*result)};
      break;
    }
    case StateType::kChoice:
      state.kind = ReadChoice(reader, state);
      break;
    case StateType::kWait:
      state.kind = ReadWait(reader, state);
      break;
    case StateType::kSucceed:
      state.kind = SucceedState{};
      break;
    case StateType::kFail:
      state.kind =
          FailState{.error = state.language->CompileField("Error", FieldType::kText, reader),
                    .cause = state.language->CompileField("Cause", FieldType::kText, reader)};
      break;
    case StateType::kParallel:
      state.kind = ReadParallel(reader);
      break;
    case StateType::kMap:
      state.kind = ReadMap(reader, state);
      break;
  }
  NoteAssigned(state);
}

void StateParser::NoteAssigned(State& state) {
  const auto note = [&](const std::unique_ptr<const Assignment>& assign) {
    if (assign == nullptr) return;
    for (std::string& name : assign->Names()) state.assigned.push_back(std::move(name));
  };
  note(state.assign);
  for (const Catcher& catcher : state.catchers) note(catcher.assign);
  if (const auto* choice = std::get_if<ChoiceState>(&state.kind)) {
    for (const ChoiceRule& rule : choice->rules) note(rule.assign);
  }
}

namespace {

std::string NotRecognized(const Resource& resource) {
  return "The resource provided " + resource.text +
         " is not recognized. The value is not a valid resource ARN, or the resource is not "
         "available in this region.";
}

// What the service does not know either is told in its words.
void ReportResource(const Resource& resource, std::string problem, ObjectReader& reader) {
  if (!resource.type.empty()) return reader.ErrorAt("Resource", std::move(problem));
  reader.ErrorAt("Resource",
                 resource.text.starts_with("arn:") ? NotRecognized(resource)
                                                   : "Value is not a valid resource ARN",
                 std::move(problem));
}

}  // namespace

Resource StateParser::ReadResource(ObjectReader& reader) {
  reader.Require({"Resource"});
  const std::optional<std::string> text = reader.TakeName("Resource");
  if (!text.has_value()) return ParseResource("");
  Resource resource = ParseResource(*text);
  if (diagnostics_.HasErrorAt(reader.LocationOf("Resource"))) return resource;
  if (!IsKnownIntegration(resource)) {
    reader.ErrorAt("Resource", NotRecognized(resource));
  } else if (express_ && (resource.is_submitted || resource.is_activity)) {
    // The blank at the end of the one text is the service's.
    reader.ErrorAt("Resource",
                   resource.is_activity ? "Express state machine does not support Activity ARN"
                   : resource.waits_for_token
                       ? "Express state machine does not support '.waitForTaskToken' service "
                         "integration "
                       : "Express state machine does not support '.sync' service integration");
  } else if (std::optional<std::string> problem =
                 options_.check_resource ? options_.check_resource(*text) : std::nullopt) {
    ReportResource(resource, *std::move(problem), reader);
  } else {
    CheckArguments(resource, reader);
  }
  return resource;
}

void StateParser::CheckArguments(const Resource& resource, ObjectReader& reader) {
  if (!CheckIntegrationParameters(resource, reader)) return;
  if (!options_.check_arguments) return;
  const char* field = reader.Has("Arguments") ? "Arguments" : "Parameters";
  const Value* arguments = reader.object().Find(field);
  if (std::optional<std::string> problem =
          options_.check_arguments(resource.text, arguments == nullptr ? Value() : *arguments)) {
    reader.ErrorAt(field, *std::move(problem));
  }
}

TaskState StateParser::ReadTask(ObjectReader& reader, const State& state) {
  TaskState task;
  task.resource = ReadResource(reader);
  task.timeout_seconds =
      state.language->CompileField("TimeoutSeconds", FieldType::kPositiveSeconds, reader);
  task.heartbeat_seconds =
      state.language->CompileField("HeartbeatSeconds", FieldType::kPositiveSeconds, reader);
  task.credentials = state.language->CompileTemplate("Credentials", reader);
  if (const Value* credentials = reader.object().Find("Credentials");
      credentials != nullptr && credentials->IsObject() &&
      credentials->Find("RoleArn") == nullptr && credentials->Find("RoleArn.$") == nullptr) {
    reader.ErrorAt("Credentials", "The field 'RoleArn' is required but was missing");
  } else if (credentials != nullptr && task.resource.is_activity) {
    reader.ErrorAt("Credentials", "The field 'Credentials' is not supported for activities");
  }
  const Value* timeout = reader.object().Find("TimeoutSeconds");
  const Value* heartbeat = reader.object().Find("HeartbeatSeconds");
  if (timeout != nullptr && heartbeat != nullptr && timeout->IsInt() && heartbeat->IsInt() &&
      heartbeat->AsInt() >= timeout->AsInt()) {
    reader.ErrorAt("HeartbeatSeconds", "HeartbeatSeconds (" + std::to_string(heartbeat->AsInt()) +
                                           ") must be smaller than TimeoutSeconds (" +
                                           std::to_string(timeout->AsInt()) + ")");
  }
  return task;
}

ChoiceRule StateParser::ReadChoiceRule(const Value& json, const std::string& location,
                                       const QueryLanguage& language) {
  ChoiceRule rule;
  if (!json.IsObject()) {
    diagnostics_.Error(kSchemaValidationFailed, location, "Expected value of type [OBJECT]");
    return rule;
  }
  ObjectReader reader(json, location, diagnostics_);
  ReportForeignRuleFields(language.name(), reader);
  reader.Require({"Next"});
  rule.next_name = reader.TakeName("Next").value_or("");
  reader.Take("Comment");
  rule.assign = language.CompileAssignment(reader);
  rule.condition = language.CompileCondition(reader);
  reader.ReportUnknown();
  return rule;
}

ChoiceState StateParser::ReadChoice(ObjectReader& reader, const State& state) {
  ChoiceState choice;
  reader.Require({"Choices"});
  if (const json::Array* rules = reader.TakeList("Choices", /*allow_empty=*/false)) {
    for (const Value& rule : *rules) {
      const std::string location = ChildLocation(reader.LocationOf("Choices"), choice.rules.size());
      choice.rules.push_back(ReadChoiceRule(rule, location, *state.language));
    }
  }
  choice.default_name = reader.TakeName("Default").value_or("");
  return choice;
}

WaitState StateParser::ReadWait(ObjectReader& reader, const State& state) {
  WaitState wait;
  if (!reader.CheckChoiceOf({"SecondsPath", "Seconds", "TimestampPath", "Timestamp"},
                            /*needed=*/true)) {
    return wait;
  }
  wait.seconds = state.language->CompileField("Seconds", FieldType::kSeconds, reader);
  wait.timestamp = state.language->CompileField("Timestamp", FieldType::kTimestamp, reader);
  return wait;
}

ParallelState StateParser::ReadParallel(ObjectReader& reader) {
  ParallelState parallel;
  reader.Require({"Branches"});
  const json::Array* branches = reader.TakeList("Branches", /*allow_empty=*/false);
  if (branches == nullptr) return parallel;
  for (size_t i = 0; i < branches->size(); ++i) {
    const std::string location = ChildLocation(reader.LocationOf("Branches"), i);
    if (!(*branches)[i].IsObject()) {
      diagnostics_.Error(kSchemaValidationFailed, location, "Expected value of type [OBJECT]");
      continue;
    }
    ObjectReader branch((*branches)[i], location, diagnostics_);
    branch.Require({"States", "StartAt"});
    branch.Take("Comment");
    parallel.branches.push_back(ParseGraph(branch, *language_));
    branch.ReportUnknown();
  }
  return parallel;
}

}  // namespace orderflow::asl
