#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/asl/intrinsic_functions.h"
#include "orchestrator/asl/path.h"
#include "orchestrator/asl/scope.h"

namespace orderflow::asl {

// A call of an intrinsic function, `States.Format('order {}', $.order_id)`, parsed once and
// evaluated for each execution. Thread-safe: it does not change.
class Intrinsic {
 public:
  // How deep calls nest, as the service limits it.
  static constexpr int kMaxDepth = 10;

  // Whether a text means a call rather than a path.
  static bool LooksLikeCall(std::string_view text) { return text.substr(0, 7) == "States."; }

  // `problem` says what is wrong where nothing comes back.
  static std::optional<Intrinsic> Parse(std::string_view text, std::string& problem);

  // Whatever goes wrong is States.Runtime, as the service has it, and names the whole call.
  Evaluated<json::Value> Evaluate(const Scope& scope) const;

  const std::string& text() const { return text_; }
  // "States.Format"
  std::string_view name() const { return function_->name; }
  // Calls `visit` with each path among its arguments, those of calls within it included.
  void ForEachPath(const std::function<void(const Path&)>& visit) const;
  // Calls `visit` with what is wrong with each call, this one or one within it, that has too few or
  // too many arguments. Like the service, we find that out when it is evaluated.
  void ForEachMiscount(const std::function<void(const std::string&)>& visit) const;

 private:
  friend class IntrinsicParser;

  // An argument: a nested call, a path, or a literal.
  struct Argument {
    std::shared_ptr<const Intrinsic> call;
    std::optional<Path> path;
    json::Value literal;
    std::string raw;  // of a literal text, with its escapes
  };
  bool TakesItsArguments() const;
  // `whole` is the outermost call, which messages name.
  Evaluated<json::Value> EvaluateWithin(const Intrinsic& whole, const Scope& scope) const;
  Evaluated<IntrinsicArgument> EvaluateArgument(const Argument& argument, const Intrinsic& whole,
                                                const Scope& scope) const;
  // What a path leads to; of the outermost call.
  Evaluated<json::Value> ArgumentAt(const Path& path, const Scope& scope) const;
  Failure ArgumentNotFound(const Path& path, const Scope& scope) const;

  std::string text_;
  const IntrinsicFunction* function_ = nullptr;
  std::vector<Argument> arguments_;
};

}  // namespace orderflow::asl
