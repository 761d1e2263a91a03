#include "orchestrator/asl/payload_template.h"

#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace orderflow::asl {

using json::Value;

// The depth of recursion is that of the definition's JSON text, which the JSON parser bounds.
PayloadTemplate PayloadTemplate::Compile(const Value& json, const std::string& location,
                                         Diagnostics& diagnostics) {
  if (json.IsObject()) return CompileObject(json, location, diagnostics);
  if (json.IsArray()) return CompileArray(json, location, diagnostics);
  PayloadTemplate constant;
  constant.constant_ = json;
  return constant;
}

PayloadTemplate::Member PayloadTemplate::CompileMember(const json::Member& member,
                                                       const std::string& location,
                                                       Diagnostics& diagnostics) {
  Member compiled;
  compiled.name = member.key;
  if (member.key.size() < 2 || member.key.substr(member.key.size() - 2) != ".$") {
    const std::string place = ChildLocation(location, member.key);
    if (member.value.IsString() && PathExpression::Resembles(member.value.AsString())) {
      diagnostics.Warning(kNoDollar, place,
                          "No '.$' on a field that appears to be a JSONPath or Intrinsic Function",
                          "the text itself is the value; name the field '" + member.key +
                              ".$' to have it evaluated");
    }
    compiled.value.push_back(Compile(member.value, place, diagnostics));
    return compiled;
  }
  compiled.field = member.key;
  compiled.name.resize(member.key.size() - 2);
  std::string problem = "expected a string";
  std::optional<PathExpression> expression;
  if (member.value.IsString()) expression = PathExpression::Parse(member.value.AsString(), problem);
  if (expression.has_value()) {
    expression->ReportUse(ChildLocation(location, member.key), diagnostics);
    compiled.expression.push_back(*std::move(expression));
  } else {
    diagnostics.Error(kSchemaValidationFailed, location,
                      "The value for the field '" + member.key +
                          "' must be a valid JSONPath or a valid intrinsic function call",
                      problem);
  }
  return compiled;
}

PayloadTemplate PayloadTemplate::CompileObject(const Value& json, const std::string& location,
                                               Diagnostics& diagnostics) {
  PayloadTemplate compiled;
  compiled.constant_ = json;
  absl::flat_hash_set<std::string> names;
  for (const json::Member& member : json.AsMembers()) {
    Member part = CompileMember(member, location, diagnostics);
    if (!names.insert(part.name).second) {
      diagnostics.Error(
          kSchemaValidationFailed, location,
          "The fields '" + part.name + "' and '" + part.name + ".$' cannot both be given");
    }
    const bool constant = !part.value.empty() && part.value.front().kind_ == Kind::kConstant;
    if (!constant) compiled.kind_ = Kind::kObject;
    compiled.members_.push_back(std::move(part));
  }
  if (compiled.kind_ == Kind::kConstant) compiled.members_ = {};
  return compiled;
}

PayloadTemplate PayloadTemplate::CompileArray(const Value& json, const std::string& location,
                                              Diagnostics& diagnostics) {
  PayloadTemplate compiled;
  compiled.constant_ = json;
  for (size_t i = 0; i < json.AsArray().size(); ++i) {
    compiled.items_.push_back(Compile(json.AsArray()[i], ChildLocation(location, i), diagnostics));
    if (compiled.items_.back().kind_ != Kind::kConstant) compiled.kind_ = Kind::kArray;
  }
  if (compiled.kind_ == Kind::kConstant) compiled.items_ = {};
  return compiled;
}

Evaluated<Value> PayloadTemplate::Evaluate(const Scope& scope) const {
  switch (kind_) {
    case Kind::kConstant:
      return constant_;
    case Kind::kObject:
      return EvaluateObject(scope);
    case Kind::kArray:
      break;
  }
  json::Array items;
  items.reserve(items_.size());
  for (const PayloadTemplate& item : items_) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(Value value, item.Evaluate(scope));
    items.push_back(std::move(value));
  }
  return Value::FromArray(std::move(items));
}

Evaluated<Value> PayloadTemplate::EvaluateObject(const Scope& scope) const {
  json::Members members;
  members.reserve(members_.size());
  for (const Member& member : members_) {
    Evaluated<Value> value = member.value.empty()
                                 ? member.expression.front().Evaluate(scope, member.field)
                                 : member.value.front().Evaluate(scope);
    if (!value.ok()) return std::move(value).failure();
    members.push_back({member.name, *std::move(value)});
  }
  return Value::FromMembers(std::move(members));
}

}  // namespace orderflow::asl
