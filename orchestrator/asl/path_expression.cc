#include "orchestrator/asl/path_expression.h"

#include <utility>

#include "orchestrator/asl/describe.h"

namespace orderflow::asl {

std::optional<PathExpression> PathExpression::Parse(std::string_view text, std::string& problem) {
  if (Intrinsic::LooksLikeCall(text)) {
    std::optional<Intrinsic> call = Intrinsic::Parse(text, problem);
    if (!call.has_value()) return std::nullopt;
    return PathExpression(*std::move(call));
  }
  std::optional<Path> path = Path::Parse(text, problem);
  if (!path.has_value()) return std::nullopt;
  return PathExpression(*std::move(path));
}

bool PathExpression::Resembles(std::string_view text) {
  const bool begins_like_one = text.starts_with("$.") || text.starts_with("$[") ||
                               text.starts_with("$$.") || Intrinsic::LooksLikeCall(text);
  std::string problem;
  return begins_like_one && Parse(text, problem).has_value();
}

Evaluated<json::Value> PathExpression::Evaluate(const Scope& scope, std::string_view field) const {
  if (const auto* call = std::get_if<Intrinsic>(&content_)) return call->Evaluate(scope);
  const Path& path = *std::get_if<Path>(&content_);
  const json::Value* root = scope.Root(path);
  const Path::Result found = root == nullptr ? Path::Result{} : path.Evaluate(*root);
  if (found.value.has_value()) return *found.value;
  if (found.too_expensive) {
    return RuntimeFailure("The JSONPath '" + path.text() + "' specified for the field '" +
                          std::string(field) + "' looks at too many values");
  }
  return RuntimeFailure("The JSONPath '" + path.text() + "' specified for the field '" +
                        std::string(field) + "' could not be found in the input '" +
                        DescribeInput(scope.input) + "'");
}

const std::string& PathExpression::text() const {
  const auto* call = std::get_if<Intrinsic>(&content_);
  return call != nullptr ? call->text() : std::get_if<Path>(&content_)->text();
}

void PathExpression::ForEachPath(const std::function<void(const Path&)>& visit) const {
  if (const auto* call = std::get_if<Intrinsic>(&content_)) return call->ForEachPath(visit);
  visit(*std::get_if<Path>(&content_));
}

void PathExpression::ForEachVariable(const std::function<void(const std::string&)>& visit) const {
  ForEachPath([&](const Path& path) {
    if (!path.variable().empty()) visit(path.variable());
  });
}

void WarnIfPath(std::string_view name, std::string_view literal, ObjectReader& fields) {
  if (!PathExpression::Resembles(literal)) return;
  fields.diagnostics().Warning(
      kNoPath, fields.LocationOf(name),
      "The value of the field looks like a path, but the field's name does not end with 'Path'",
      "the text itself is the value; write '" + std::string(name) + "Path' to have it evaluated");
}

}  // namespace orderflow::asl
