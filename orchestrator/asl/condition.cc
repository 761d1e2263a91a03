#include "orchestrator/asl/condition.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/asl/language_fields.h"
#include "orchestrator/asl/path.h"
#include "orchestrator/asl/path_expression.h"
#include "orchestrator/asl/text_order.h"
#include "orchestrator/asl/timestamp.h"

namespace orderflow::asl {
namespace {

using json::Value;

// Rules within rules, as the JSON parser bounds them as well.
constexpr int kMaxRuleDepth = 64;

enum class Type : uint8_t { kString, kNumber, kBool, kTimestamp };
enum class Relation : uint8_t { kEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kMatches };

// The comparisons, as data. Each but StringMatches also has a form with `Path` at the end of its
// name.
struct Comparison {
  std::string_view name;
  Type type;
  Relation relation;
};
constexpr std::array<Comparison, 17> kComparisons = {{
    {"StringEquals", Type::kString, Relation::kEqual},
    {"StringLessThan", Type::kString, Relation::kLess},
    {"StringGreaterThan", Type::kString, Relation::kGreater},
    {"StringLessThanEquals", Type::kString, Relation::kLessOrEqual},
    {"StringGreaterThanEquals", Type::kString, Relation::kGreaterOrEqual},
    {"StringMatches", Type::kString, Relation::kMatches},
    {"NumericEquals", Type::kNumber, Relation::kEqual},
    {"NumericLessThan", Type::kNumber, Relation::kLess},
    {"NumericGreaterThan", Type::kNumber, Relation::kGreater},
    {"NumericLessThanEquals", Type::kNumber, Relation::kLessOrEqual},
    {"NumericGreaterThanEquals", Type::kNumber, Relation::kGreaterOrEqual},
    {"BooleanEquals", Type::kBool, Relation::kEqual},
    {"TimestampEquals", Type::kTimestamp, Relation::kEqual},
    {"TimestampLessThan", Type::kTimestamp, Relation::kLess},
    {"TimestampGreaterThan", Type::kTimestamp, Relation::kGreater},
    {"TimestampLessThanEquals", Type::kTimestamp, Relation::kLessOrEqual},
    {"TimestampGreaterThanEquals", Type::kTimestamp, Relation::kGreaterOrEqual},
}};

enum class Test : uint8_t { kNull, kPresent, kNumeric, kString, kBoolean, kTimestamp };
constexpr std::array<std::pair<std::string_view, Test>, 6> kTests = {{
    {"IsNull", Test::kNull},
    {"IsPresent", Test::kPresent},
    {"IsNumeric", Test::kNumeric},
    {"IsString", Test::kString},
    {"IsBoolean", Test::kBoolean},
    {"IsTimestamp", Test::kTimestamp},
}};

template <typename T>
bool Relates(const T& a, Relation relation, const T& b) {
  switch (relation) {
    case Relation::kEqual:
      return a == b;
    case Relation::kLess:
      return a < b;
    case Relation::kLessOrEqual:
      return a <= b;
    case Relation::kGreater:
      return a > b;
    case Relation::kGreaterOrEqual:
      return a >= b;
    case Relation::kMatches:
      break;
  }
  return false;
}

bool TextRelates(const std::string& a, Relation relation, const std::string& b) {
  if (relation == Relation::kMatches) return MatchesPattern(a, b);
  if (relation == Relation::kEqual) return a == b;
  return Relates(CompareTexts(a, b), relation, 0);
}

bool IsTimestampText(const Value& value) {
  return value.IsString() && ParseTimestamp(value.AsString()).has_value();
}

// False for values that are not of the type, whatever the relation.
bool Compare(const Comparison& comparison, const Value& a, const Value& b) {
  switch (comparison.type) {
    case Type::kString:
      return a.IsString() && b.IsString() &&
             TextRelates(a.AsString(), comparison.relation, b.AsString());
    case Type::kNumber:
      if (a.IsInt() && b.IsInt()) return Relates(a.AsInt(), comparison.relation, b.AsInt());
      return a.IsNumber() && b.IsNumber() &&
             Relates(a.AsDouble(), comparison.relation, b.AsDouble());
    case Type::kBool:
      return a.IsBool() && b.IsBool() && a.AsBool() == b.AsBool();
    case Type::kTimestamp:
      return IsTimestampText(a) && IsTimestampText(b) &&
             Relates(*ParseTimestamp(a.AsString()), comparison.relation,
                     *ParseTimestamp(b.AsString()));
  }
  return false;
}

// The value at a definite path, without a copy; nullptr where there is none.
const Value* Look(const Path& path, const Scope& scope, std::optional<Value>& storage) {
  const Value* root = scope.Root(path);
  if (root == nullptr) return nullptr;
  if (path.is_simple()) return path.Find(*root);
  storage = path.Evaluate(*root).value;  // never past an array's end: the path is not simple
  return storage.has_value() ? &*storage : nullptr;
}

Failure InvalidReference(const Path& path) {
  return RuntimeFailure("Invalid path '" + path.text() +
                        "': The choice state's condition path references an invalid value.");
}

class ComparisonCondition final : public Condition {
 public:
  ComparisonCondition(Path variable, const Comparison& comparison, Value literal,
                      std::optional<Path> other)
      : variable_(std::move(variable)),
        comparison_(comparison),
        literal_(std::move(literal)),
        other_(std::move(other)) {}

  Evaluated<bool> Holds(const Scope& scope) const override {
    std::optional<Value> variable_storage, other_storage;
    const Value* variable = Look(variable_, scope, variable_storage);
    if (variable == nullptr) return InvalidReference(variable_);
    if (!other_.has_value()) return Compare(comparison_, *variable, literal_);
    const Value* other = Look(*other_, scope, other_storage);
    if (other == nullptr) return InvalidReference(*other_);
    return Compare(comparison_, *variable, *other);
  }

 private:
  const Path variable_;
  const Comparison& comparison_;
  const Value literal_;
  const std::optional<Path> other_;
};

class TestCondition final : public Condition {
 public:
  TestCondition(Path variable, Test test, bool expected)
      : variable_(std::move(variable)), test_(test), expected_(expected) {}

  Evaluated<bool> Holds(const Scope& scope) const override {
    std::optional<Value> storage;
    const Value* value = Look(variable_, scope, storage);
    if (test_ == Test::kPresent) return (value != nullptr) == expected_;
    if (value == nullptr) return InvalidReference(variable_);
    return Passes(*value) == expected_;
  }

 private:
  bool Passes(const Value& value) const {
    switch (test_) {
      case Test::kNull:
        return value.IsNull();
      case Test::kPresent:
        return true;
      case Test::kNumeric:
        return value.IsNumber();
      case Test::kString:
        return value.IsString();
      case Test::kBoolean:
        return value.IsBool();
      case Test::kTimestamp:
        return IsTimestampText(value);
    }
    return false;
  }

  const Path variable_;
  const Test test_;
  const bool expected_;
};

// And, Or; Not is kNone of one.
class CompositeCondition final : public Condition {
 public:
  enum class Needs : uint8_t { kAll, kAny, kNone };
  CompositeCondition(Needs needs, std::vector<std::unique_ptr<const Condition>> parts)
      : needs_(needs), parts_(std::move(parts)) {}

  Evaluated<bool> Holds(const Scope& scope) const override {
    for (const auto& part : parts_) {
      ORDERFLOW_ASL_ASSIGN_OR_FAIL(const bool holds, part->Holds(scope));
      if (holds != (needs_ == Needs::kAll)) return needs_ == Needs::kAny;
    }
    return needs_ != Needs::kAny;
  }

 private:
  const Needs needs_;
  const std::vector<std::unique_ptr<const Condition>> parts_;
};

std::unique_ptr<const Condition> CompileRule(ObjectReader& rule, int depth);

// The path in a member. Must lead to one value.
std::optional<Path> TakePath(ObjectReader& rule, std::string_view name) {
  const std::optional<std::string> text = rule.TakeText(name);
  if (!text.has_value()) return std::nullopt;
  std::string problem;
  std::optional<Path> path = Path::Parse(*text, problem);
  if (path.has_value()) {
    if (!path->variable().empty()) rule.diagnostics().UsesVariable(path->variable());
    return path;
  }
  rule.ErrorAt(name,
               text->starts_with("$")
                   ? "Value is not a Reference Path"
                   : "Value is not a Reference Path: Reference path didn't start with '$'",
               problem);
  return std::nullopt;
}

std::unique_ptr<const Condition> CompileNested(const Value& json, const std::string& location,
                                               Diagnostics& diagnostics, int depth) {
  if (!json.IsObject() || depth > kMaxRuleDepth) {
    diagnostics.Error(
        kSchemaValidationFailed, location,
        json.IsObject() ? "Choice rules nest at most 64 deep" : "Expected value of type [OBJECT]");
    return nullptr;
  }
  ObjectReader rule(json, location, diagnostics);
  ReportForeignRuleFields("JSONPath", rule);
  rule.Take("Comment");
  std::unique_ptr<const Condition> condition = CompileRule(rule, depth);
  rule.ReportUnknown();
  return condition;
}

std::unique_ptr<const Condition> CompileList(ObjectReader& rule, std::string_view name,
                                             CompositeCondition::Needs needs, int depth) {
  const json::Array* items = rule.TakeList(name, /*allow_empty=*/false);
  if (items == nullptr) return nullptr;
  std::vector<std::unique_ptr<const Condition>> parts;
  bool complete = true;
  for (size_t i = 0; i < items->size(); ++i) {
    parts.push_back(CompileNested((*items)[i], ChildLocation(rule.LocationOf(name), i),
                                  rule.diagnostics(), depth + 1));
    complete = complete && parts.back() != nullptr;
  }
  if (!complete) return nullptr;
  return std::make_unique<CompositeCondition>(needs, std::move(parts));
}

bool IsOfType(Type type, const Value& value) {
  switch (type) {
    case Type::kString:
      return value.IsString();
    case Type::kNumber:
      return value.IsNumber();
    case Type::kBool:
      return value.IsBool();
    case Type::kTimestamp:
      return IsTimestampText(value);
  }
  return false;
}

const char* TypeText(Type type) {
  switch (type) {
    case Type::kString:
      return "Expected value of type String";
    case Type::kNumber:
      return "Expected value of type Number";
    case Type::kBool:
      return "Expected value of type Boolean";
    case Type::kTimestamp:
      return "String does not match RFC3339 timestamp";
  }
  return "";
}

// One operator of a comparison, as found in a rule.
struct Operator {
  std::string name;
  const Comparison* comparison = nullptr;
  bool is_path = false;
  std::optional<Test> test;
};

std::vector<Operator> FindOperators(const ObjectReader& rule) {
  std::vector<Operator> found;
  for (const Comparison& comparison : kComparisons) {
    const std::string name(comparison.name);
    if (rule.Has(name)) found.push_back({.name = name, .comparison = &comparison, .test = {}});
    const std::string path_name = name + "Path";
    if (comparison.relation != Relation::kMatches && rule.Has(path_name)) {
      found.push_back({.name = path_name, .comparison = &comparison, .is_path = true, .test = {}});
    }
  }
  for (const auto& [name, test] : kTests) {
    if (rule.Has(name)) found.push_back({.name = std::string(name), .test = test});
  }
  return found;
}

std::string NamesOfOperators() {
  std::string names;
  const auto add = [&names](std::string_view name) {
    names.append(names.empty() ? "[" : ", ").append(name);
  };
  for (const Comparison& comparison : kComparisons) {
    add(comparison.name);
    if (comparison.relation != Relation::kMatches) add(std::string(comparison.name) + "Path");
  }
  for (const auto& [name, test] : kTests) add(name);
  return names + "]";
}

std::unique_ptr<const Condition> CompileComparison(ObjectReader& rule) {
  std::optional<Path> variable = TakePath(rule, "Variable");
  const std::vector<Operator> operators = FindOperators(rule);
  for (const Operator& candidate : operators) rule.Take(candidate.name);
  if (operators.size() != 1) {
    rule.Error((operators.empty() ? "This object should have only one of the following fields: "
                                  : "There should only be one of the following fields: ") +
               NamesOfOperators());
    return nullptr;
  }
  const Operator& op = operators.front();
  if (op.test.has_value()) {
    const std::optional<bool> expected = rule.TakeBool(op.name);
    if (!variable.has_value() || !expected.has_value()) return nullptr;
    return std::make_unique<TestCondition>(*std::move(variable), *op.test, *expected);
  }
  std::optional<Path> other;
  Value literal;
  if (op.is_path) {
    other = TakePath(rule, op.name);
    if (!other.has_value()) return nullptr;
  } else {
    literal = *rule.Take(op.name);
    if (!IsOfType(op.comparison->type, literal)) {
      rule.ErrorAt(op.name, TypeText(op.comparison->type));
      return nullptr;
    }
    if (literal.IsString() && op.comparison->relation != Relation::kMatches)
      WarnIfPath(op.name, literal.AsString(), rule);
  }
  if (!variable.has_value()) return nullptr;
  return std::make_unique<ComparisonCondition>(*std::move(variable), *op.comparison,
                                               std::move(literal), std::move(other));
}

std::unique_ptr<const Condition> CompileRule(ObjectReader& rule, int depth) {
  int kinds = 0;
  for (const std::string_view kind : {"And", "Or", "Not", "Variable", "Condition"})
    kinds += rule.Take(kind) != nullptr ? 1 : 0;
  if (kinds != 1) {
    for (const Operator& operation : FindOperators(rule)) rule.Take(operation.name);
    rule.Error(
        "The object must have only one of the following fields, [And, Or, Not, Variable, "
        "Condition]");
    return nullptr;
  }
  if (rule.Has("Condition")) return nullptr;  // JSONata's, and told as such
  using Needs = CompositeCondition::Needs;
  if (rule.Has("And")) return CompileList(rule, "And", Needs::kAll, depth);
  if (rule.Has("Or")) return CompileList(rule, "Or", Needs::kAny, depth);
  if (!rule.Has("Not")) return CompileComparison(rule);
  const Value* negated = rule.TakeObject("Not");
  if (negated == nullptr) return nullptr;
  std::vector<std::unique_ptr<const Condition>> parts;
  parts.push_back(CompileNested(*negated, rule.LocationOf("Not"), rule.diagnostics(), depth + 1));
  if (parts.front() == nullptr) return nullptr;
  return std::make_unique<CompositeCondition>(Needs::kNone, std::move(parts));
}

}  // namespace

std::unique_ptr<const Condition> CompileJsonPathCondition(ObjectReader& rule) {
  return CompileRule(rule, 1);
}

bool MatchesPattern(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0;
  // Where to go on when a later part does not match: the last star, and how much of the text it has
  // eaten. Only the last one matters, so that the time is at most |text| x |pattern|.
  size_t star = std::string_view::npos, eaten = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      eaten = t;
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\' &&
                         (pattern[p + 1] == '*' || pattern[p + 1] == '\\');
    const size_t at = escaped ? p + 1 : p;
    if (at < pattern.size() && pattern[at] == text[t]) {
      p = at + 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++eaten;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace orderflow::asl
