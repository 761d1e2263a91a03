#include "orchestrator/asl/path_filter.h"

#include "orchestrator/asl/text_order.h"

namespace orderflow::asl {
namespace {

using json::Value;

// Whether a < b, for two numbers or two strings; nothing for other pairs, which have no order.
std::optional<bool> Less(const Value& a, const Value& b) {
  if (a.IsInt() && b.IsInt()) return a.AsInt() < b.AsInt();
  if (a.IsNumber() && b.IsNumber()) return a.AsDouble() < b.AsDouble();
  if (a.IsString() && b.IsString()) return CompareTexts(a.AsString(), b.AsString()) < 0;
  return std::nullopt;
}

// The number that a text reads as.
std::optional<Value> NumberIn(const std::string& text) {
  json::ParseResult parsed = json::Parse(text);
  if (!parsed.value.has_value() || !parsed.value->IsNumber()) return std::nullopt;
  return *std::move(parsed.value);
}

// As the service's paths compare: 1 equals "1".
bool Equal(const Value& a, const Value& b) {
  if (a.IsNumber() && b.IsString()) return Equal(b, a);
  if (!a.IsString() || !b.IsNumber()) return a == b;
  const std::optional<Value> number = NumberIn(a.AsString());
  return number.has_value() && *number == b;
}

bool Holds(const Value& list, const Value& item) {
  if (!list.IsArray()) return false;
  for (const Value& candidate : list.AsArray()) {
    if (Equal(candidate, item)) return true;
  }
  return false;
}

// How many items of `a` are in `b`.
size_t CountWithin(const Value& a, const Value& b) {
  size_t count = 0;
  for (const Value& item : a.AsArray()) count += Holds(b, item) ? 1 : 0;
  return count;
}

bool ComparesSets(PathFilter::Op op) {
  using Op = PathFilter::Op;
  return op == Op::kAll || op == Op::kSubsetOf || op == Op::kAnyOf || op == Op::kNoneOf;
}

// In characters or items; nothing for what has no size.
std::optional<int64_t> SizeOf(const Value& value) {
  if (value.IsArray()) return static_cast<int64_t>(value.size());
  if (!value.IsString()) return std::nullopt;
  int64_t characters = 0;
  for (const char c : value.AsString())
    characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return characters;
}

}  // namespace

std::optional<Value> PathFilter::Get(const Operand& operand, const Value& item,
                                     const Value& document, int64_t& visits) {
  if (operand.path == nullptr) return operand.literal;
  const Value& root = operand.from_item ? item : document;
  const Path& path = *operand.path;
  visits -= static_cast<int64_t>(path.steps_.size()) + 1;
  if (path.is_definite()) {
    Path::Result found = path.Evaluate(root);
    return found.past_the_end ? std::nullopt : std::move(found.value);
  }
  std::vector<const Value*> found;
  if (!path.Select(root, document, visits, found) || found.empty()) return std::nullopt;
  json::Array items;
  items.reserve(found.size());
  for (const Value* value : found) items.push_back(*value);
  return Value::FromArray(std::move(items));
}

bool PathFilter::Compare(const Value& a, const Value& b) const {
  if (ComparesSets(op) && (!a.IsArray() || !b.IsArray())) return false;
  switch (op) {
    case Op::kEq:
      return Equal(a, b);
    case Op::kNe:
      return !Equal(a, b);
    case Op::kSame:
      return a == b;
    case Op::kNotSame:
      return !(a == b);
    case Op::kLt:
      return Less(a, b).value_or(false);
    case Op::kGt:
      return Less(b, a).value_or(false);
    case Op::kLe:
      return Less(b, a).has_value() && !*Less(b, a);
    case Op::kGe:
      return Less(a, b).has_value() && !*Less(a, b);
    case Op::kIn:
      return Holds(b, a);
    case Op::kNotIn:
      return !Holds(b, a);
    case Op::kContains:
      if (a.IsString() && b.IsString()) return a.AsString().find(b.AsString()) != std::string::npos;
      return Holds(a, b);
    case Op::kAll:
      return CountWithin(b, a) == b.size();
    case Op::kSubsetOf:
      return CountWithin(a, b) == a.size();
    case Op::kAnyOf:
      return CountWithin(a, b) > 0;
    case Op::kNoneOf:
      return CountWithin(a, b) == 0;
    case Op::kSize:
      return SizeOf(a).has_value() && b.IsInt() && *SizeOf(a) == b.AsInt();
    case Op::kEmpty:
      return SizeOf(a).has_value() && b.IsBool() && (*SizeOf(a) == 0) == b.AsBool();
    case Op::kOr:
    case Op::kAnd:
    case Op::kNot:
    case Op::kExists:
    case Op::kMatches:
      break;
  }
  return false;
}

// Numbers and booleans by the text that they are written as.
bool PathFilter::MatchesPattern(const Value& value, int64_t& visits) const {
  if (value.IsArray() || value.IsObject() || value.IsNull()) return false;
  const std::string text = value.IsString() ? value.AsString() : json::Serialize(value);
  visits -= static_cast<int64_t>(text.size() / 64);
  return pattern->Matches(text);
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
    case Op::kExists: {
      const std::optional<Value> value = Get(left, item, document, visits);
      return value.has_value() && !value->IsNull();
    }
    case Op::kMatches: {
      const std::optional<Value> value = Get(left, item, document, visits);
      return value.has_value() && MatchesPattern(*value, visits);
    }
    default: {
      const std::optional<Value> a = Get(left, item, document, visits);
      const std::optional<Value> b = Get(right, item, document, visits);
      // What is not there differs from everything, and is in no list.
      if (!a.has_value() || !b.has_value())
        return op == Op::kNe || op == Op::kNotSame || op == Op::kNotIn;
      // Some look at each item of a list, or at each pair.
      const auto items = [](const Value& value) {
        return value.IsArray() ? static_cast<int64_t>(value.size()) : int64_t{1};
      };
      visits -= ComparesSets(op) ? items(*a) * items(*b) : items(*a) + items(*b);
      return visits >= 0 && Compare(*a, *b);
    }
  }
}

}  // namespace orderflow::asl
