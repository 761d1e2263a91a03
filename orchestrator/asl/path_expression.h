#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/json/value.h"
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

  // `field` is how a message names the place: "order_id.$".
  Evaluated<json::Value> Evaluate(const Scope& scope, std::string_view field) const;

  const std::string& text() const;
  // Calls `visit` with the name of each variable in it.
  void ForEachVariable(const std::function<void(const std::string&)>& visit) const;
  // The path, where it is one.
  const Path* path() const { return std::get_if<Path>(&content_); }

 private:
  explicit PathExpression(std::variant<Path, Intrinsic> content) : content_(std::move(content)) {}
  std::variant<Path, Intrinsic> content_;
};

}  // namespace orderflow::asl
