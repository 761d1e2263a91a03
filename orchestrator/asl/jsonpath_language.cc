#include "orchestrator/asl/jsonpath_language.h"

#include <optional>
#include <string>
#include <utility>

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
    fields.ErrorAt(name, "Value is not a valid JSONPath", problem);
  } else if (use == PathUse::kWrite && !field.path->is_reference()) {
    fields.ErrorAt(name, "Value is not a Reference Path",
                   "a place to put a result is named by '$', names and single indexes only");
  }
  // `$` is what an absent path means: the fast way.
  if (field.path.has_value() && field.path->is_root() && !field.path->from_context())
    field.path.reset();
  return field;
}

// What an InputPath or OutputPath selects.
Evaluated<Value> Select(const PathField& field, const Scope& scope) {
  if (field.is_null) return Value::Object({});
  if (!field.path.has_value()) return scope.input;
  const Path& path = *field.path;
  const Value& root = path.from_context() ? scope.context.value() : scope.input;
  Path::Result found = path.Evaluate(root);
  if (found.value.has_value()) return *std::move(found.value);
  return RuntimeFailure(
      "Invalid path '" + path.text() +
      "' : " + (found.too_expensive ? "it looks at too many values" : path.DescribeMiss(root)));
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

bool SelectsAPart(const PathField& field) {
  return !field.path.has_value() || (field.path->is_simple() && !field.path->from_context());
}

class JsonPathDataFlow final : public DataFlow {
 public:
  JsonPathDataFlow(StateType type, ObjectReader& fields) {
    input_path_ = TakePathField(fields, "InputPath", PathUse::kRead);
    output_path_ = TakePathField(fields, "OutputPath", PathUse::kRead);
    const bool has_result =
        type == StateType::kTask || type == StateType::kParallel || type == StateType::kMap;
    if (has_result || type == StateType::kPass) {
      parameters_ = TakeTemplate(fields, "Parameters", /*must_be_object=*/false);
      result_path_ = TakePathField(fields, "ResultPath", PathUse::kWrite);
    }
    if (has_result)
      result_selector_ = TakeTemplate(fields, "ResultSelector", /*must_be_object=*/true);
  }

  Evaluated<Value> View(const Scope& scope) const override { return Select(input_path_, scope); }

  Evaluated<Value> Arguments(const Scope& scope) const override {
    if (!parameters_.has_value()) return scope.input;
    return parameters_->Evaluate(scope);
  }

  Evaluated<Value> Output(const Scope& scope, const Value& result) const override {
    Value selected = result;
    if (result_selector_.has_value()) {
      ORDERFLOW_ASL_ASSIGN_OR_FAIL(selected, result_selector_->Evaluate(scope.WithInput(result)));
    }
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value combined,
                                 Combine(result_path_, scope.input, selected));
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
  static std::optional<PayloadTemplate> TakeTemplate(ObjectReader& fields, std::string_view name,
                                                     bool must_be_object) {
    const Value* json = must_be_object ? fields.TakeObject(name) : fields.Take(name);
    if (json == nullptr) return std::nullopt;
    return PayloadTemplate::Compile(*json, fields.LocationOf(name), fields.diagnostics());
  }

  PathField input_path_;
  std::optional<PayloadTemplate> parameters_;
  std::optional<PayloadTemplate> result_selector_;
  PathField result_path_;
  PathField output_path_;
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
    if (type_ == FieldType::kText)
      return value.ok() ? CheckText(*std::move(value)) : std::move(value);
    if (!value.ok()) return Wrong("does not reference an input value", nullptr);
    return type_ == FieldType::kTimestamp ? CheckTimestamp(*std::move(value))
                                          : CheckSeconds(*std::move(value));
  }

 private:
  Failure Wrong(std::string_view what, const Value* value) const {
    std::string cause =
        "The " + field_ + " parameter " + std::string(what) + ": " + expression_.text();
    if (value != nullptr)
      cause += " == " + (value->IsString() ? value->AsString() : DescribeInput(*value));
    return RuntimeFailure(std::move(cause));
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

  Evaluated<Value> CheckSeconds(Value value) const {
    if (!value.IsInt()) return Wrong("cannot be parsed as a long value", &value);
    if (value.AsInt() < 0) return Wrong("references a negative value", &value);
    if (value.AsInt() > kMaxSeconds)
      return Wrong("references a value greater than 99999999", &value);
    if (value.AsInt() == 0 && type_ == FieldType::kPositiveSeconds) {
      return Wrong("references a value that is not positive", &value);
    }
    return value;
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
  std::optional<std::string> text = fields.TakeText(name);
  if (!text.has_value()) return nullptr;
  if (type == FieldType::kTimestamp && !ParseTimestamp(*text).has_value()) {
    fields.ErrorAt(name, "String does not match RFC3339 timestamp", "such as 2024-01-02T03:04:05Z");
    return nullptr;
  }
  return std::make_unique<ConstantExpression>(Value(*std::move(text)));
}

}  // namespace

std::unique_ptr<const DataFlow> JsonPathLanguage::CompileDataFlow(StateType type,
                                                                  ObjectReader& fields) const {
  return std::make_unique<JsonPathDataFlow>(type, fields);
}

std::unique_ptr<const CatchOutput> JsonPathLanguage::CompileCatchOutput(
    ObjectReader& catcher) const {
  return std::make_unique<JsonPathCatchOutput>(catcher);
}

std::unique_ptr<const Condition> JsonPathLanguage::CompileCondition(ObjectReader& rule) const {
  return CompileJsonPathCondition(rule);
}

std::unique_ptr<const Expression> JsonPathLanguage::CompileField(std::string_view name,
                                                                 FieldType type,
                                                                 ObjectReader& fields) const {
  const std::string path_name = std::string(name) + "Path";
  std::unique_ptr<const Expression> literal = TakeLiteral(name, type, fields);
  const std::optional<std::string> text = fields.TakeText(path_name);
  if (!text.has_value()) return literal;
  if (fields.Has(name)) {
    fields.Error("The fields '" + std::string(name) + "' and '" + path_name +
                 "' cannot both be given");
    return literal;
  }
  std::string problem;
  std::optional<PathExpression> expression = PathExpression::Parse(*text, problem);
  const bool is_call = expression.has_value() && expression->path() == nullptr;
  if (!expression.has_value() || (is_call && type != FieldType::kText)) {
    fields.ErrorAt(path_name,
                   type == FieldType::kText
                       ? "Value is not a valid JSONPath or intrinsic function call"
                       : "Value is not a Reference Path",
                   problem);
    return nullptr;
  }
  return std::make_unique<PathFieldExpression>(path_name, type, *std::move(expression));
}

const QueryLanguage* FindQueryLanguage(std::string_view name) {
  static const JsonPathLanguage json_path;
  return name == json_path.name() ? &json_path : nullptr;
}

}  // namespace orderflow::asl
