#include "orchestrator/typecheck/state_check.h"

#include <optional>
#include <utility>
#include <vector>

#include "orchestrator/asl/resource.h"
#include "orchestrator/typecheck/fit.h"

namespace orderflow::typecheck {

using asl::ChildLocation;
using json::Value;
using Kind = Type::Kind;

namespace {

// "order_id.$" is order_id, and an expression.
bool IsExpression(std::string_view name) { return name.size() > 2 && name.ends_with(".$"); }
std::string_view PlainName(std::string_view name) {
  return IsExpression(name) ? name.substr(0, name.size() - 2) : name;
}

const Type::Member* FindParameter(const Type& type, std::string_view name) {
  for (const Type::Member& member : type.members) {
    if (member.name == name) return &member;
  }
  for (const Type::Member& member : type.members) {
    if (member.other_name == name) return &member;
  }
  return nullptr;
}

}  // namespace

void StateCheck::Report(std::string_view code, std::string location, std::string message,
                        std::string hint) {
  if (sink_ != nullptr)
    sink_->Warning(code, std::move(location), std::move(message), std::move(hint));
}

const asl::PathExpression* StateCheck::Parse(const std::string& text) {
  const auto [entry, is_new] = expressions_.try_emplace(text);
  if (is_new) {
    std::string problem;
    if (std::optional<asl::PathExpression> parsed = asl::PathExpression::Parse(text, problem))
      entry->second = std::make_unique<const asl::PathExpression>(*std::move(parsed));
  }
  return entry->second.get();
}

const Type* StateCheck::Evaluate(const Value& text, const std::string& location,
                                 const Roots& roots) {
  const asl::PathExpression* expression = text.IsString() ? Parse(text.AsString()) : nullptr;
  if (expression == nullptr) return AnyType();
  if (sink_ != nullptr) {
    expression->ForEachPath([&](const asl::Path& path) {
      PathType found = TypeOfPath(path, roots, types_);
      if (found.dead_end.has_value() && !IsAsked(path.text()))
        Report(kImpossiblePath, location, std::move(found.dead_end->message),
               std::move(found.dead_end->hint));
    });
  }
  return TypeOfExpression(*expression, roots, types_);
}

const Type* StateCheck::Select(const FlowState& state, std::string_view field, const Roots& roots) {
  const Value* path = state.json->Find(field);
  if (path == nullptr) return roots.input;
  if (path->IsNull()) return types_.Object({}, /*open=*/false);
  return Evaluate(*path, ChildLocation(state.location, field), roots);
}

const Type* StateCheck::Template(const FlowState& state, std::string_view field, const Roots& roots,
                                 const Type* otherwise) {
  const Value* json = state.json->Find(field);
  if (json == nullptr) return otherwise;
  return TypeOfTemplate(*json, ChildLocation(state.location, field), roots);
}

void StateCheck::Read(const FlowState& state, std::string_view field, const Roots& roots,
                      Kind wanted) {
  const Value* path = state.json->Find(field);
  if (path == nullptr) return;
  const std::string location = ChildLocation(state.location, field);
  const Type* type = Evaluate(*path, location, roots);
  if (CanBeAlike(*type, *PlainType(wanted))) return;
  Report(kWrongType, location,
         std::string(field) + " needs " + Describe(*PlainType(wanted)) + ", but leads to " +
             Describe(*type));
}

const Type* StateCheck::Item(const FlowState& state, const Roots& view) {
  const Type* items = Select(state, "ItemsPath", view);
  if (items->kind == Kind::kList) return items->item;
  if (items->kind != Kind::kAny) {
    const bool has_path = state.json->Find("ItemsPath") != nullptr;
    Report(kWrongType, has_path ? ChildLocation(state.location, "ItemsPath") : state.location,
           "A Map needs an array of items, but is given " + Describe(*items));
  }
  return AnyType();
}

// The depth of recursion is that of the definition's JSON text, which the JSON parser bounds.
const Type* StateCheck::TypeOfTemplate(const Value& json, const std::string& location,
                                       const Roots& roots) {
  if (json.IsArray()) {
    const Type* item = nullptr;
    for (size_t i = 0; i < json.size(); ++i) {
      const Type* each = TypeOfTemplate(json.AsArray()[i], ChildLocation(location, i), roots);
      item = item == nullptr ? each : types_.Join(item, each);
    }
    return types_.List(item == nullptr ? AnyType() : item);
  }
  if (!json.IsObject()) return types_.Of(json);
  std::vector<Type::Member> members;
  members.reserve(json.size());
  for (const json::Member& member : json.AsMembers()) {
    const std::string at = ChildLocation(location, member.key);
    const Type* type = IsExpression(member.key) ? Evaluate(member.value, at, roots)
                                                : TypeOfTemplate(member.value, at, roots);
    members.push_back({.name = PlainName(member.key), .other_name = {}, .type = type});
  }
  return types_.Object(std::move(members), /*open=*/false);
}

const Type* StateCheck::Combine(const Value& holder, const Type* input, const Type* result) {
  const Value* field = holder.Find("ResultPath");
  if (field == nullptr) return result;
  if (field->IsNull()) return input;
  const asl::PathExpression* expression = field->IsString() ? Parse(field->AsString()) : nullptr;
  if (expression == nullptr || expression->path() == nullptr) return AnyType();
  // From the inside out: each object on the way is made anew.
  std::vector<std::pair<const Type*, std::string_view>> way;
  const Type* at = input;
  for (const asl::Path::Step& step : expression->path()->steps()) {
    if (step.kind != asl::Path::Step::Kind::kName) return AnyType();
    way.emplace_back(at, step.name);
    const Type* member = at->kind == Kind::kObject ? at->Find(step.name)
                         : at->kind == Kind::kMap  ? at->item
                                                   : nullptr;
    const bool may_be_any = at->kind == Kind::kAny || at->open;
    // What is not there becomes an object.
    at = member != nullptr ? member : may_be_any ? AnyType() : types_.Object({}, /*open=*/false);
  }
  for (auto step = way.rbegin(); step != way.rend(); ++step)
    result = types_.With(step->first, step->second, result);
  return result;
}

const Type* StateCheck::Assign(const Value& holder, const std::string& location,
                               const Roots& roots) {
  const Value* assign = holder.Find("Assign");
  if (assign == nullptr || !assign->IsObject()) return roots.variables;
  const Type* values = TypeOfTemplate(*assign, ChildLocation(location, "Assign"), roots);
  if (values->kind != Kind::kObject) return AnyType();
  const Type* variables = roots.variables;
  for (const Type::Member& each : values->members)
    variables = types_.With(variables, each.name, each.type);
  return variables;
}

// --- Tasks ---

void StateCheck::ReportProblem(const absl::Status& problem, const FlowState& state) {
  const std::string message(problem.message());
  if (sink_ == nullptr) return;
  const std::string location = ChildLocation(state.location, "Resource");
  if (absl::IsUnimplemented(problem)) return Report(kTaskCannotBeCalled, location, message);
  if (told_.insert(message).second) {
    Report(kTaskTypesUnknown, location, message,
           "what the task is given and answers is not checked");
  }
}

const Type* StateCheck::Task(const FlowState& state, const Roots& view) {
  Read(state, "TimeoutSecondsPath", view, Kind::kInteger);
  Read(state, "HeartbeatSecondsPath", view, Kind::kInteger);
  if (state.json->Find("Credentials") != nullptr) Template(state, "Credentials", view, AnyType());
  const Type* arguments = Template(state, "Parameters", view, view.input);
  const std::string resource(TextOf(*state.json, "Resource"));
  const auto found = resources_.find(resource);
  if (found == resources_.end()) return AnyType();
  if (!found->second.ok()) {
    ReportProblem(found->second.status(), state);
    return AnyType();
  }
  const TaskTypes& types = *found->second;
  const Value* parameters = state.json->Find("Parameters");
  if (sink_ != nullptr && parameters != nullptr) {
    CheckArguments(*parameters, ChildLocation(state.location, "Parameters"), *types.request, view);
  } else if (sink_ != nullptr) {
    if (std::optional<std::string> misfit = Misfit(*arguments, *types.request))
      Report(kWrongType, ChildLocation(state.location, "Resource"),
             "The state's input does not fit " + Describe(*types.request) + ": " + *misfit);
  }
  // Such a task is answered by somebody else.
  return asl::ParseResource(resource).is_submitted ? AnyType() : types.response;
}

void StateCheck::CheckArguments(const Value& json, const std::string& location, const Type& wanted,
                                const Roots& roots) {
  if (json.IsObject() && (wanted.kind == Kind::kObject || wanted.kind == Kind::kMap))
    return CheckMembers(json, location, wanted, roots);
  if (json.IsArray() && wanted.kind == Kind::kList) {
    for (size_t i = 0; i < json.size(); ++i)
      CheckArguments(json.AsArray()[i], ChildLocation(location, i), *wanted.item, roots);
    return;
  }
  if (std::optional<std::string> misfit = Misfit(json, wanted))
    Report(kWrongType, location, "Wrong value: " + *misfit);
}

void StateCheck::CheckMembers(const Value& json, const std::string& location, const Type& wanted,
                              const Roots& roots) {
  for (const json::Member& member : json.AsMembers()) {
    const std::string_view name = PlainName(member.key);
    const std::string at = ChildLocation(location, member.key);
    const Type* type = wanted.item;
    if (wanted.kind == Kind::kObject) {
      const Type::Member* parameter = FindParameter(wanted, name);
      if (parameter == nullptr) {
        if (wanted.open) continue;
        std::vector<std::string> names;
        for (const Type::Member& each : wanted.members) names.emplace_back(each.name);
        Report(kUnknownParameter, at,
               Describe(wanted) + " has no field '" + std::string(name) +
                   "', so the value is left out of the request",
               HintFor(name, names));
        continue;
      }
      type = parameter->type;
    }
    if (!IsExpression(member.key)) {
      CheckArguments(member.value, at, *type, roots);
      continue;
    }
    const asl::PathExpression* expression =
        member.value.IsString() ? Parse(member.value.AsString()) : nullptr;
    if (expression == nullptr) continue;
    const Type* given = TypeOfExpression(*expression, roots, types_);
    if (std::optional<std::string> misfit = Misfit(*given, *type))
      Report(kWrongType, at, "Wrong value for '" + std::string(name) + "': " + *misfit);
  }
}

// --- Choices ---

void StateCheck::ReadChoices(const FlowState& state, const Roots& roots) {
  const Value* rules = state.json->Find("Choices");
  if (sink_ == nullptr || rules == nullptr || !rules->IsArray()) return;
  const std::string location = ChildLocation(state.location, "Choices");
  // In order: what one rule asks for guards those behind it.
  for (size_t i = 0; i < rules->size(); ++i)
    ReadCondition(rules->AsArray()[i], ChildLocation(location, i), roots);
  asked_.clear();
}

bool StateCheck::IsAsked(std::string_view path) const {
  if (asked_.empty()) return false;
  for (size_t end = 1; end < path.size(); ++end) {
    if ((path[end] == '.' || path[end] == '[') && asked_.contains(path.substr(0, end))) return true;
  }
  return asked_.contains(path);
}

void StateCheck::ReadCondition(const Value& rule, const std::string& location, const Roots& roots) {
  for (const char* field : {"And", "Or"}) {
    const Value* parts = rule.Find(field);
    if (parts == nullptr || !parts->IsArray()) continue;
    const std::string at = ChildLocation(location, field);
    for (size_t i = 0; i < parts->size(); ++i)
      ReadCondition(parts->AsArray()[i], ChildLocation(at, i), roots);
  }
  if (const Value* part = rule.Find("Not"))
    ReadCondition(*part, ChildLocation(location, "Not"), roots);
  if (rule.Find("Variable") != nullptr) ReadComparison(rule, location, roots);
}

void StateCheck::ReadComparison(const Value& rule, const std::string& location,
                                const Roots& roots) {
  const std::string_view variable = TextOf(rule, "Variable");
  if (rule.Find("IsPresent") != nullptr) {
    asked_.insert(variable);
    return;
  }
  const Type* type = Evaluate(*rule.Find("Variable"), ChildLocation(location, "Variable"), roots);
  for (const json::Member& member : rule.AsMembers()) {
    if (member.key == "Variable" || member.key == "Next" || member.key == "Comment") continue;
    const std::string at = ChildLocation(location, member.key);
    if (member.key.ends_with("Path")) {
      Evaluate(member.value, at, roots);
    } else {
      CheckComparison(member.key, member.value, *type, at);
    }
  }
}

// A comparison with a value of another kind never holds.
void StateCheck::CheckComparison(std::string_view name, const Value& literal, const Type& variable,
                                 const std::string& location) {
  const Type* compared = name.starts_with("String")      ? PlainType(Kind::kText)
                         : name.starts_with("Timestamp") ? PlainType(Kind::kText)
                         : name.starts_with("Boolean")   ? PlainType(Kind::kBool)
                                                         : nullptr;
  if (name.starts_with("Numeric")) compared = PlainType(Kind::kNumber);
  if (compared == nullptr) return;
  const std::string never = std::string(name) + " can never hold: ";
  if (!CanBeAlike(variable, *compared)) {
    return Report(kWrongType, location,
                  never + "the variable is " + Describe(variable) + ", not " + Describe(*compared));
  }
  if (variable.kind != Kind::kEnum || name != "StringEquals") return;
  if (std::optional<std::string> misfit = Misfit(literal, variable))
    Report(kWrongType, location, never + *misfit);
}

}  // namespace orderflow::typecheck
