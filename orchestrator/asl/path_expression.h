#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/asl/intrinsic.h"
#include "orchestrator/asl/path.h"
#include "orchestrator/asl/scope.h"

namespace orderflow::asl {

// What the JSONPath language writes behind `"name.$"` and in fields such as CausePath: a path or an
// intrinsic call. Thread-safe: it does not change.
class PathExpression {
 public:
  static std::optional<PathExpression> Parse(std::string_view text, std::string& problem);

  // Whether a text that is none by its place was probably meant as one: "$.total", "States.UUID()".
  static bool Resembles(std::string_view text);

  // `field` is how a message names the place: "order_id.$".
  Evaluated<json::Value> Evaluate(const Scope& scope, std::string_view field) const;

  const std::string& text() const;
  // Calls `visit` with the path, or with each path in the call.
  void ForEachPath(const std::function<void(const Path&)>& visit) const;
  // Tells which variables it names, and warns of calls with too few or too many arguments.
  void ReportUse(const std::string& location, Diagnostics& diagnostics) const;
  // The path or the call, whichever it is.
  const Path* path() const { return std::get_if<Path>(&content_); }
  const Intrinsic* call() const { return std::get_if<Intrinsic>(&content_); }

 private:
  explicit PathExpression(std::variant<Path, Intrinsic> content) : content_(std::move(content)) {}
  std::variant<Path, Intrinsic> content_;
};

// Warns where the literal in a field that has a form `<name>Path` as well was probably meant for
// it.
void WarnIfPath(std::string_view name, std::string_view literal, ObjectReader& fields);

}  // namespace orderflow::asl
