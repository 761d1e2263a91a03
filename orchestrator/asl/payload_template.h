#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/asl/path_expression.h"
#include "orchestrator/asl/scope.h"

namespace orderflow::asl {

// A Parameters or ResultSelector field: JSON in which a member `"name.$": "$.path"` becomes
// `"name": value`. Parts without such members are shared by all that it makes, not copied.
// Thread-safe: it does not change.
class PayloadTemplate {
 public:
  // Reports what is wrong with it; `location` is the place of `json` in the definition.
  static PayloadTemplate Compile(const json::Value& json, const std::string& location,
                                 Diagnostics& diagnostics);

  Evaluated<json::Value> Evaluate(const Scope& scope) const;

 private:
  enum class Kind : uint8_t { kConstant, kObject, kArray };
  struct Member {
    std::string name;   // without `.$`
    std::string field;  // with it, for messages; empty where the value is a template
    std::vector<PathExpression> expression;  // one, where the value is an expression
    std::vector<PayloadTemplate> value;      // one, where it is a template
  };

  static PayloadTemplate CompileObject(const json::Value& json, const std::string& location,
                                       Diagnostics& diagnostics);
  static PayloadTemplate CompileArray(const json::Value& json, const std::string& location,
                                      Diagnostics& diagnostics);
  static Member CompileMember(const json::Member& member, const std::string& location,
                              Diagnostics& diagnostics);
  Evaluated<json::Value> EvaluateObject(const Scope& scope) const;

  Kind kind_ = Kind::kConstant;
  json::Value constant_;
  std::vector<Member> members_;
  std::vector<PayloadTemplate> items_;
};

}  // namespace orderflow::asl
