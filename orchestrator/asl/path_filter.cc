#include "orchestrator/asl/path_filter.h"

#include <algorithm>

namespace orderflow::asl {
namespace {

using json::Value;

// Whether a < b, for two numbers or two strings; nothing for other pairs, which have no order.
std::optional<bool> Less(const Value& a, const Value& b) {
  if (a.IsInt() && b.IsInt()) return a.AsInt() < b.AsInt();
  if (a.IsNumber() && b.IsNumber()) return a.AsDouble() < b.AsDouble();
  if (a.IsString() && b.IsString()) return a.AsString() < b.AsString();
  return std::nullopt;
}

bool Contains(const Value& list, const Value& item) {
  if (!list.IsArray()) return false;
  for (const Value& candidate : list.AsArray()) {
    if (candidate == item) return true;
  }
  return false;
}

}  // namespace

std::optional<Value> PathFilter::Get(const Operand& operand, const Value& item,
                                     const Value& document, int64_t& visits) {
  if (operand.path == nullptr) return operand.literal;
  const Value& root = operand.from_item ? item : document;
  const Path& path = *operand.path;
  visits -= static_cast<int64_t>(path.steps_.size()) + 1;
  if (path.is_definite()) return path.Evaluate(root).value;
  std::vector<const Value*> found;
  if (!path.Select(root, document, visits, found) || found.empty()) return std::nullopt;
  json::Array items;
  items.reserve(found.size());
  for (const Value* value : found) items.push_back(*value);
  return Value::FromArray(std::move(items));
}

bool PathFilter::Compare(const std::optional<Value>& a, const std::optional<Value>& b) const {
  if (op == Op::kNe) return !(a.has_value() && b.has_value() && *a == *b);
  if (!a.has_value() || !b.has_value()) return false;
  switch (op) {
    case Op::kEq:
      return *a == *b;
    case Op::kLt:
      return Less(*a, *b).value_or(false);
    case Op::kGt:
      return Less(*b, *a).value_or(false);
    case Op::kLe:
      return Less(*b, *a).has_value() && !*Less(*b, *a);
    case Op::kGe:
      return Less(*a, *b).has_value() && !*Less(*a, *b);
    case Op::kIn:
      return Contains(*b, *a);
    case Op::kNotIn:
      return !Contains(*b, *a);
    case Op::kOr:
    case Op::kAnd:
    case Op::kNot:
    case Op::kExists:
    case Op::kNe:
    case Op::kMatches:
      break;
  }
  return false;
}

// What is neither a text, a number nor a boolean, and what is not there, is matched as an empty
// text; a list matches if one of its items does.
bool PathFilter::MatchesRegex(const Value& item, const Value& document, int64_t& visits) const {
  const Regex& regex = left.regex != nullptr ? *left.regex : *right.regex;
  const std::optional<Value> value =
      Get(left.regex != nullptr ? right : left, item, document, visits);
  const auto matches = [&](const Value& one) {
    std::string text;
    if (one.IsString()) {
      text = one.AsString();
    } else if (one.IsNumber() || one.IsBool()) {
      text = json::Serialize(one);
    }
    constexpr int64_t kBytesPerVisit = 16;
    visits -= 1 + static_cast<int64_t>(text.size()) / kBytesPerVisit;
    return visits >= 0 && regex.Matches(text);
  };
  if (!value.has_value()) return matches(Value());
  if (!value->IsArray()) return matches(*value);
  return std::any_of(value->AsArray().begin(), value->AsArray().end(), matches);
}

bool PathFilter::Matches(const Value& item, const Value& document, int64_t& visits) const {
  if (--visits < 0) return false;
  switch (op) {
    case Op::kOr:
      for (const PathFilter& child : children) {
        if (child.Matches(item, document, visits)) return true;
      }
      return false;
    case Op::kAnd:
      for (const PathFilter& child : children) {
        if (!child.Matches(item, document, visits)) return false;
      }
      return true;
    case Op::kNot:
      return !children.front().Matches(item, document, visits);
    case Op::kExists:
      return Get(left, item, document, visits).has_value();
    case Op::kMatches:
      return MatchesRegex(item, document, visits);
    default: {
      const std::optional<Value> a = Get(left, item, document, visits);
      const std::optional<Value> b = Get(right, item, document, visits);
      if (b.has_value() && b->IsArray())
        visits -= static_cast<int64_t>(b->size());  // `in` looks at each
      return Compare(a, b);
    }
  }
}

}  // namespace orderflow::asl
