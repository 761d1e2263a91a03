#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/path.h"
#include "orchestrator/asl/regex.h"

namespace orderflow::asl {

// The condition of a JSONPath filter, `?(@.price > 10 && !(@.sold == true))`: decides for one item
// of a list. Thread-safe: it does not change.
class PathFilter {
 public:
  enum class Op : uint8_t {
    kOr,
    kAnd,
    kNot,
    kExists,
    kEq,
    kNe,
    kLt,
    kLe,
    kGt,
    kGe,
    kIn,
    kNotIn,
    kMatches
  };

  // A literal, a path from the item (`@`) or from the document (`$`), or a regular expression.
  struct Operand {
    json::Value literal;
    std::shared_ptr<const Path> path;    // null for others
    std::shared_ptr<const Regex> regex;  // null for others
    bool from_item = false;
  };

  // kOr, kAnd and kNot have children; the others compare `left` with `right` (kExists has no
  // right). One side of kMatches is a regular expression, and only of that.
  Op op = Op::kExists;
  std::vector<PathFilter> children;
  Operand left;
  Operand right;

  // `visits` is what the whole walk may still look at; below zero the answer does not matter any
  // more.
  bool Matches(const json::Value& item, const json::Value& document, int64_t& visits) const;

 private:
  bool MatchesRegex(const json::Value& item, const json::Value& document, int64_t& visits) const;
  static std::optional<json::Value> Get(const Operand& operand, const json::Value& item,
                                        const json::Value& document, int64_t& visits);
  bool Compare(const std::optional<json::Value>& a, const std::optional<json::Value>& b) const;
};

}  // namespace orderflow::asl
