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
  if (path.from_input() && scope.input.IsNull()) return NothingToSelectFrom();
  const json::Value* root = scope.Root(path);
  Path::Result found = root == nullptr ? Path::Result{} : path.Evaluate(*root);
  if (found.value.has_value()) return *std::move(found.value);
  const std::string where =
      "The JSONPath '" + path.text() + "' specified for the field '" + std::string(field) + "' ";
  if (found.too_expensive) return RuntimeFailure(where + "looks at too many values");
  const json::Value& searched = path.from_context() ? *root : scope.input;
  return RuntimeFailure(where + "could not be found in the input '" + DescribeInput(searched) +
                        "'");
}

const std::string& PathExpression::text() const {
  const auto* call = std::get_if<Intrinsic>(&content_);
  return call != nullptr ? call->text() : std::get_if<Path>(&content_)->text();
}

void PathExpression::ForEachPath(const std::function<void(const Path&)>& visit) const {
  if (const auto* call = std::get_if<Intrinsic>(&content_)) return call->ForEachPath(visit);
  visit(*std::get_if<Path>(&content_));
}

void PathExpression::ReportUse(const std::string& location, Diagnostics& diagnostics) const {
  ForEachPath([&](const Path& path) {
    if (!path.variable().empty()) diagnostics.UsesVariable(path.variable());
  });
  if (call() == nullptr) return;
  call()->ForEachMiscount([&](const std::string& miscount) {
    diagnostics.Warning(kWrongArguments, location, miscount, "evaluating it would fail");
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
