#include "orchestrator/asl/jsonpath_language.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "orchestrator/asl/condition.h"
#include "orchestrator/asl/describe.h"
#include "orchestrator/asl/path.h"
#include "orchestrator/asl/path_expression.h"
#include "orchestrator/asl/payload_template.h"
#include "orchestrator/asl/timestamp.h"

namespace orderflow::asl {
namespace {

using json::Value;

// The service's limit on every number of seconds.
constexpr int64_t kMaxSeconds = 99'999'999;

// A path field that may be absent (`$`) or null.
struct PathField {
  bool is_null = false;
  std::optional<Path> path;  // nothing: as if it were `$`
};

enum class PathUse : uint8_t { kRead, kWrite };

PathField TakePathField(ObjectReader& fields, std::string_view name, PathUse use) {
  PathField field;
  const Value* value = fields.Take(name);
  if (value == nullptr) return field;
  if (value->IsNull()) {
    field.is_null = true;
    return field;
  }
  std::string problem = "expected a string or null";
  if (value->IsString()) field.path = Path::Parse(value->AsString(), problem);
  if (!field.path.has_value()) {
    fields.ErrorAt(name, "Value must be a valid JSONPath.", problem);
  } else if (use == PathUse::kWrite && !field.path->is_reference()) {
    fields.ErrorAt(name, "Value is not a Reference Path",
                   "a place to put a result is named by '$', names and single indexes only");
  }
  if (field.path.has_value() && !field.path->variable().empty())
    fields.diagnostics().UsesVariable(field.path->variable());
  // `$` is what an absent path means: the fast way.
  if (field.path.has_value() && field.path->is_root() && field.path->from_input())
    field.path.reset();
  return field;
}

// What an InputPath or OutputPath selects.
Evaluated<Value> Select(const PathField& field, const Scope& scope) {
  if (field.is_null) return Value::Object({});
  if (!field.path.has_value()) return scope.input;
  const Path& path = *field.path;
  if (path.from_input() && !path.is_root() && scope.input.IsNull()) return NothingToSelectFrom();
  const Value* root = scope.Root(path);
  if (root == nullptr) {
    return RuntimeFailure("Invalid path '" + path.text() + "' : No value has been assigned to '$" +
                          path.variable() + "'");
  }
  Path::Result found = path.Evaluate(*root);
  if (found.value.has_value()) return *std::move(found.value);
  return RuntimeFailure(
      "Invalid path '" + path.text() +
      "' : " + (found.too_expensive ? "it looks at too many values" : path.DescribeMiss(*root)));
}

// `result` put where a ResultPath says.
Evaluated<Value> Combine(const PathField& result_path, const Value& input, const Value& result) {
  if (result_path.is_null) return input;
  if (!result_path.path.has_value()) return result;
  std::optional<Value> combined = result_path.path->Put(input, result);
  if (combined.has_value()) return *std::move(combined);
  return Failure{kErrorResultPathMatchFailure, "Unable to apply Reference Path '" +
                                                   result_path.path->text() + "' to input '" +
                                                   DescribeInput(input) + "'"};
}

// What a field has made, shown to whoever watches.
Evaluated<Value> Shown(const Scope& scope, Stage stage, Evaluated<Value> value) {
  if (scope.inspector != nullptr && value.ok()) scope.inspector->OnValue(stage, *value);
  return value;
}

bool SelectsAPart(const PathField& field) {
  return !field.path.has_value() || field.path->is_reference();
}

std::optional<PayloadTemplate> TakeTemplate(ObjectReader& fields, std::string_view name,
                                            bool must_be_object) {
  const Value* json = must_be_object ? fields.TakeObject(name) : fields.Take(name);
  if (json == nullptr) return std::nullopt;
  return PayloadTemplate::Compile(*json, fields.LocationOf(name), fields.diagnostics());
}

// Whether something in a JSON value looks like an expression. The depth of recursion is that of the
// definition's JSON text, which the JSON parser bounds.
bool HasExpression(const Value& json) {
  if (json.IsString()) return PathExpression::Resembles(json.AsString());
  if (json.IsArray())
    return std::any_of(json.AsArray().begin(), json.AsArray().end(), HasExpression);
  if (!json.IsObject()) return false;
  return std::any_of(json.AsMembers().begin(), json.AsMembers().end(),
                     [](const json::Member& member) { return HasExpression(member.value); });
}

class JsonPathDataFlow final : public DataFlow {
 public:
  JsonPathDataFlow(StateType type, ObjectReader& fields) {
    input_path_ = TakePathField(fields, "InputPath", PathUse::kRead);
    output_path_ = TakePathField(fields, "OutputPath", PathUse::kRead);
    const bool can_select =
        type == StateType::kTask || type == StateType::kParallel || type == StateType::kMap;
    has_result_ = can_select || type == StateType::kPass;
    if (type == StateType::kPass) WarnIfStatic(fields);
    if (has_result_) {
      // A Map's Parameters are for its items.
      if (type != StateType::kMap)
        parameters_ = TakeTemplate(fields, "Parameters", /*must_be_object=*/false);
      result_path_ = TakePathField(fields, "ResultPath", PathUse::kWrite);
    }
    if (can_select)
      result_selector_ = TakeTemplate(fields, "ResultSelector", /*must_be_object=*/true);
  }

  Evaluated<Value> View(const Scope& scope) const override {
    return Shown(scope, Stage::kAfterInputPath, Select(input_path_, scope));
  }

  Evaluated<Value> Arguments(const Scope& scope) const override {
    return Shown(scope, Stage::kAfterParameters,
                 parameters_.has_value() ? parameters_->Evaluate(scope) : scope.input);
  }

  Evaluated<Value> Output(const Scope& scope, const Value& result) const override {
    Value selected = result;
    if (result_selector_.has_value()) {
      ORDERFLOW_ASL_ASSIGN_OR_FAIL(selected, result_selector_->Evaluate(scope.WithInput(result)));
    }
    if (has_result_ && scope.inspector != nullptr)
      scope.inspector->OnValue(Stage::kAfterResultSelector, selected);
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value combined,
                                 Combine(result_path_, scope.input, selected));
    if (has_result_ && scope.inspector != nullptr)
      scope.inspector->OnValue(Stage::kAfterResultPath, combined);
    return Select(output_path_, scope.WithInput(combined));
  }

  std::optional<OutputBound> BoundOfOutput() const override {
    if (result_selector_.has_value() || !SelectsAPart(output_path_)) return std::nullopt;
    OutputBound bound;
    if (result_path_.path.has_value()) {
      bound.combines = true;
      // An escaped character takes up to six bytes; each step may add an object around it.
      bound.extra_bytes = 6 * result_path_.path->text().size() + 16;
      bound.extra_depth = static_cast<int>(result_path_.path->text().size());
    }
    return bound;
  }

  bool ArgumentsAreBounded() const override {
    return !parameters_.has_value() && SelectsAPart(input_path_);
  }

 private:
  static void WarnIfStatic(ObjectReader& fields) {
    const Value* result = fields.object().Find("Result");
    if (result == nullptr || !HasExpression(*result)) return;
    fields.diagnostics().Warning(kPassResultIsStatic, fields.LocationOf("Result"),
                                 "Attempt to use a path in the result of a pass state",
                                 "it stands for itself; Parameters are evaluated");
  }

  bool has_result_;  // of its own: others pass their input on
  PathField input_path_;
  std::optional<PayloadTemplate> parameters_;
  std::optional<PayloadTemplate> result_selector_;
  PathField result_path_;
  PathField output_path_;
};

class JsonPathItemFlow final : public ItemFlow {
 public:
  explicit JsonPathItemFlow(ObjectReader& fields) {
    items_path_ = TakePathField(fields, "ItemsPath", PathUse::kRead);
    fields.CheckChoiceOf({"ItemSelector", "Parameters"}, /*needed=*/false);
    selector_ = TakeTemplate(fields, "ItemSelector", /*must_be_object=*/false);
    // What older definitions call it.
    std::optional<PayloadTemplate> parameters =
        TakeTemplate(fields, "Parameters", /*must_be_object=*/false);
    if (!selector_.has_value()) selector_ = std::move(parameters);
  }

  Evaluated<Value> Items(const Scope& scope) const override {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(Value items, Select(items_path_, scope));
    if (items.IsArray()) return Shown(scope, Stage::kAfterItemsPath, std::move(items));
    std::string path = items_path_.path.has_value() ? items_path_.path->text() : "$";
    // The service names a place in the Context Object as one in the input.
    if (items_path_.path.has_value() && items_path_.path->from_context()) path.erase(0, 1);
    return RuntimeFailure("Reference path \"" + path + "\" must point to array.");
  }
  bool SelectsItems() const override { return selector_.has_value(); }
  Evaluated<Value> Item(const Scope& scope) const override { return selector_->Evaluate(scope); }

 private:
  PathField items_path_;
  std::optional<PayloadTemplate> selector_;
};

class JsonPathCatchOutput final : public CatchOutput {
 public:
  explicit JsonPathCatchOutput(ObjectReader& catcher)
      : result_path_(TakePathField(catcher, "ResultPath", PathUse::kWrite)) {}

  Evaluated<Value> Output(const Scope& scope, const Value& error) const override {
    return Combine(result_path_, scope.input, error);
  }

 private:
  const PathField result_path_;
};

class JsonPathAssignment final : public Assignment {
 public:
  JsonPathAssignment(PayloadTemplate values, std::vector<std::string> names)
      : values_(std::move(values)), names_(std::move(names)) {}

  Evaluated<Value> Values(const Scope& scope, const Value& result) const override {
    return values_.Evaluate(scope.WithInput(result));
  }
  std::vector<std::string> Names() const override { return names_; }

 private:
  const PayloadTemplate values_;
  const std::vector<std::string> names_;
};

class TemplateExpression final : public Expression {
 public:
  explicit TemplateExpression(PayloadTemplate json) : json_(std::move(json)) {}
  Evaluated<Value> Evaluate(const Scope& scope) const override { return json_.Evaluate(scope); }

 private:
  const PayloadTemplate json_;
};

class ConstantExpression final : public Expression {
 public:
  explicit ConstantExpression(Value value) : value_(std::move(value)) {}
  Evaluated<Value> Evaluate(const Scope&) const override { return value_; }

 private:
  const Value value_;
};

// A field such as SecondsPath: a path, and what its value must be.
class PathFieldExpression final : public Expression {
 public:
  PathFieldExpression(std::string field, FieldType type, PathExpression expression)
      : field_(std::move(field)), type_(type), expression_(std::move(expression)) {}

  Evaluated<Value> Evaluate(const Scope& scope) const override {
    Evaluated<Value> value = expression_.Evaluate(scope, field_);
    switch (type_) {
      case FieldType::kText:
        return value.ok() ? CheckText(*std::move(value)) : std::move(value);
      case FieldType::kCount:
        return value.ok() ? CheckCount(*std::move(value)) : std::move(value);
      case FieldType::kPercentage:
        return value.ok() ? CheckPercentage(*std::move(value)) : std::move(value);
      case FieldType::kTimestamp:
      case FieldType::kSeconds:
      case FieldType::kPositiveSeconds:
        break;
    }
    if (!value.ok()) return Wrong("does not reference an input value", nullptr);
    return type_ == FieldType::kTimestamp ? CheckTimestamp(*std::move(value))
                                          : CheckSeconds(*std::move(value));
  }

 private:
  Failure Wrong(std::string_view what, const Value* value) const {
    std::string cause =
        "The " + field_ + " parameter " + std::string(what) + ": " + expression_.text();
    if (value != nullptr) cause += " == " + Printed(*value);
    return RuntimeFailure(std::move(cause));
  }

  static std::string Printed(const Value& value) {
    return value.IsString() ? value.AsString() : DescribeInput(value);
  }

  Evaluated<Value> CheckCount(const Value& value) const {
    const std::optional<int64_t> count = Integer(value);
    if (!count.has_value()) return NotValid(value, "integer");
    if (*count >= 0) return Value(*count);
    return RuntimeFailure(field_.substr(0, field_.size() - 4) + " cannot be negative.");
  }

  Evaluated<Value> CheckPercentage(const Value& value) const {
    double percentage = 0;
    bool is_number = value.IsNumber();
    if (is_number) {
      percentage = value.AsDouble();
    } else if (value.IsString()) {
      is_number = absl::SimpleAtod(value.AsString(), &percentage) && std::isfinite(percentage);
    }
    if (!is_number) return NotValid(value, "float");
    if (percentage >= 0 && percentage <= 100) return Value(percentage);
    return RuntimeFailure(field_.substr(0, field_.size() - 4) + " must be between 0 and 100.");
  }

  Failure NotValid(const Value& value, const std::string& type) const {
    return RuntimeFailure("The " + field_ + " field refers to value \"" + Printed(value) +
                          "\" which is not a valid " + type + ": " + expression_.text());
  }

  Evaluated<Value> CheckText(Value value) const {
    if (value.IsString()) return value;
    return Wrong("does not reference a string", &value);
  }

  Evaluated<Value> CheckTimestamp(Value value) const {
    if (value.IsString() && ParseTimestamp(value.AsString()).has_value()) return value;
    return Wrong("does not reference a valid ISO-8601 extended offset date-time format string",
                 &value);
  }

  // An integer, perhaps written as a text.
  static std::optional<int64_t> Integer(const Value& value) {
    if (value.IsInt()) return value.AsInt();
    int64_t integer = 0;
    if (!value.IsString() || value.AsString().find_first_of(" \t\r\n") != std::string::npos ||
        !absl::SimpleAtoi(value.AsString(), &integer))
      return std::nullopt;
    return integer;
  }

  Evaluated<Value> CheckSeconds(const Value& value) const {
    const std::optional<int64_t> seconds = Integer(value);
    if (!seconds.has_value()) return Wrong("cannot be parsed as a long value", &value);
    if (*seconds < 0) return Wrong("references a negative value", &value);
    if (*seconds > kMaxSeconds) return Wrong("references a value greater than 99999999", &value);
    if (*seconds == 0 && type_ == FieldType::kPositiveSeconds)
      return Wrong("references a value that is not positive", &value);
    return Value(*seconds);
  }

  const std::string field_;
  const FieldType type_;
  const PathExpression expression_;
};

std::unique_ptr<const Expression> TakeLiteral(std::string_view name, FieldType type,
                                              ObjectReader& fields) {
  if (type == FieldType::kSeconds || type == FieldType::kPositiveSeconds) {
    const std::optional<int64_t> seconds =
        fields.TakeInteger(name, type == FieldType::kSeconds ? 0 : 1, kMaxSeconds);
    if (!seconds.has_value()) return nullptr;
    return std::make_unique<ConstantExpression>(Value(*seconds));
  }
  if (type == FieldType::kPercentage) {
    const std::optional<double> percentage = fields.TakeNumber(name, 0, 100);
    if (!percentage.has_value()) return nullptr;
    return std::make_unique<ConstantExpression>(Value(*percentage));
  }
  if (type == FieldType::kCount) {
    const std::optional<int64_t> count =
        fields.TakeInteger(name, 0, std::numeric_limits<int64_t>::max());
    if (!count.has_value()) return nullptr;
    return std::make_unique<ConstantExpression>(Value(*count));
  }
  std::optional<std::string> text = fields.TakeText(name);
  if (!text.has_value()) return nullptr;
  if (type == FieldType::kTimestamp && !ParseTimestamp(*text).has_value()) {
    fields.ErrorAt(name, "String does not match RFC3339 timestamp", "such as 2024-01-02T03:04:05Z");
    return nullptr;
  }
  if (type == FieldType::kText) WarnIfPath(name, *text, fields);
  return std::make_unique<ConstantExpression>(Value(*std::move(text)));
}

}  // namespace

std::unique_ptr<const DataFlow> JsonPathLanguage::CompileDataFlow(StateType type,
                                                                  ObjectReader& fields) const {
  return std::make_unique<JsonPathDataFlow>(type, fields);
}

std::unique_ptr<const ItemFlow> JsonPathLanguage::CompileItemFlow(ObjectReader& fields) const {
  return std::make_unique<JsonPathItemFlow>(fields);
}

std::unique_ptr<const CatchOutput> JsonPathLanguage::CompileCatchOutput(
    ObjectReader& catcher) const {
  return std::make_unique<JsonPathCatchOutput>(catcher);
}

std::unique_ptr<const Condition> JsonPathLanguage::CompileCondition(ObjectReader& rule) const {
  return CompileJsonPathCondition(rule);
}

std::unique_ptr<const Assignment> JsonPathLanguage::CompileAssignment(ObjectReader& fields) const {
  const Value* json = fields.TakeObject("Assign");
  if (json == nullptr) return nullptr;
  std::vector<std::string> names;
  for (const json::Member& member : json->AsMembers()) {
    std::string_view name = member.key;
    if (name.size() > 2 && name.substr(name.size() - 2) == ".$") name.remove_suffix(2);
    if (!IsVariableName(name) || name == "states") {
      fields.ErrorAt("Assign", "The name '" + std::string(name) + "' is not valid for a variable",
                     name == "states" ? "it is reserved"
                                      : "up to 80 letters, digits and '_', no digit in front");
    }
    names.emplace_back(name);
  }
  return std::make_unique<JsonPathAssignment>(
      PayloadTemplate::Compile(*json, fields.LocationOf("Assign"), fields.diagnostics()),
      std::move(names));
}

std::unique_ptr<const Expression> JsonPathLanguage::CompileTemplate(std::string_view name,
                                                                    ObjectReader& fields) const {
  std::optional<PayloadTemplate> json = TakeTemplate(fields, name, /*must_be_object=*/true);
  if (!json.has_value()) return nullptr;
  return std::make_unique<TemplateExpression>(*std::move(json));
}

std::unique_ptr<const Expression> JsonPathLanguage::CompileField(std::string_view name,
                                                                 FieldType type,
                                                                 ObjectReader& fields) const {
  const std::string path_name = std::string(name) + "Path";
  std::unique_ptr<const Expression> literal = TakeLiteral(name, type, fields);
  const std::optional<std::string> text = fields.TakeText(path_name);
  if (!text.has_value()) return literal;
  if (!fields.CheckChoiceOf({name, path_name}, /*needed=*/false)) return literal;
  std::string problem;
  std::optional<PathExpression> expression = PathExpression::Parse(*text, problem);
  const bool is_call = expression.has_value() && expression->path() == nullptr;
  if (!expression.has_value() || (is_call && type != FieldType::kText)) {
    fields.ErrorAt(path_name,
                   text->starts_with("$") ? "Value is not a Reference Path"
                                          : "Value must be a valid JSONPath.",
                   problem);
    return nullptr;
  }
  expression->ReportUse(fields.LocationOf(path_name), fields.diagnostics());
  return std::make_unique<PathFieldExpression>(path_name, type, *std::move(expression));
}

const QueryLanguage* FindQueryLanguage(std::string_view name) {
  static const JsonPathLanguage json_path;
  return name == json_path.name() ? &json_path : nullptr;
}

}  // namespace orderflow::asl
