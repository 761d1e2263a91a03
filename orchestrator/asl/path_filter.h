#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/path.h"
#include "orchestrator/asl/path_pattern.h"

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
    kEq,  // a number equals the text that reads as it
    kNe,
    kSame,  // of the same type, too
    kNotSame,
    kLt,
    kLe,
    kGt,
    kGe,
    kMatches,
    kIn,
    kNotIn,
    kContains,  // an item, or a text within a text
    kAll,       // the left list holds all items of the right one
    kSubsetOf,
    kAnyOf,
    kNoneOf,
    kSize,  // of a text in characters, or of a list
    kEmpty
  };

  // A literal, or a path from the item (`@`) or from the document (`$`).
  struct Operand {
    json::Value literal;
    std::shared_ptr<const Path> path;  // null for a literal
    bool from_item = false;
  };

  // kOr, kAnd and kNot have children; the others compare `left` with `right` (kExists and
  // kMatches have no right).
  Op op = Op::kExists;
  std::vector<PathFilter> children;
  Operand left;
  Operand right;
  std::shared_ptr<const PathPattern> pattern;  // the right side of kMatches

  // `visits` is what the whole walk may still look at; below zero the answer does not matter any
  // more.
  bool Matches(const json::Value& item, const json::Value& document, int64_t& visits) const;

 private:
  static std::optional<json::Value> Get(const Operand& operand, const json::Value& item,
                                        const json::Value& document, int64_t& visits);
  bool Compare(const json::Value& a, const json::Value& b) const;
  bool MatchesPattern(const json::Value& value, int64_t& visits) const;
};

}  // namespace orderflow::asl
