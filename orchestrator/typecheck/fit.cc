#include "orchestrator/typecheck/fit.h"

#include <charconv>
#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "orchestrator/typecheck/path_type.h"

namespace orderflow::typecheck {
namespace {

using json::Value;
using Kind = Type::Kind;

// Types within types that are compared; deeper ones are not.
constexpr int kMaxDepth = 8;

// Kinds of JSON values, as a set.
enum : unsigned {
  kNull = 1,
  kBool = 2,
  kNumber = 4,
  kText = 8,
  kArray = 16,
  kObject = 32,
  kAll = 63
};

unsigned KindOf(const Value& value) {
  switch (value.kind()) {
    case json::Kind::kNull:
      return kNull;
    case json::Kind::kBool:
      return kBool;
    case json::Kind::kInt:
    case json::Kind::kDouble:
      return kNumber;
    case json::Kind::kString:
      return kText;
    case json::Kind::kArray:
      return kArray;
    case json::Kind::kObject:
      return kObject;
  }
  return kAll;
}

// What a value of the type may look like where a task answers it.
unsigned Given(const Type& type) {
  switch (type.kind) {
    case Kind::kAny:
      return kAll;
    case Kind::kNull:
      return kNull;
    case Kind::kBool:
      return kBool;
    case Kind::kInteger:  // one that no int64 holds comes as a text
      return type.max > INT64_MAX ? kNumber | kText : kNumber;
    case Kind::kNumber:  // "NaN"
      return kNumber;
    case Kind::kEnum:  // a value that the type does not name comes as its number
      return kText | kNumber;
    case Kind::kText:
    case Kind::kBytes:
    case Kind::kTime:
    case Kind::kDuration:
      return kText;
    case Kind::kList:
      return kArray;
    case Kind::kMap:
    case Kind::kObject:
      return kObject;
  }
  return kAll;
}

// What may be given for it. Null is the same as absent.
unsigned Taken(const Type& type) {
  switch (type.kind) {
    case Kind::kInteger:
    case Kind::kNumber:
    case Kind::kEnum:
    case Kind::kTime:
      return kNull | kNumber | kText;
    default:
      return kNull | Given(type);
  }
}

std::string Wanted(const Type& type) {
  if (type.kind == Kind::kInteger)
    return absl::StrCat("an integer from ", type.min, " to ", type.max);
  if (type.kind == Kind::kTime) return "a time as of RFC 3339, such as \"2024-05-01T12:00:00Z\"";
  if (type.kind == Kind::kDuration) return "a duration in seconds, such as \"3.5s\"";
  return Describe(type);
}

std::string Found(const Value& literal) {
  switch (literal.kind()) {
    case json::Kind::kInt:
      return absl::StrCat(literal.AsInt());
    case json::Kind::kDouble:
    case json::Kind::kBool:
      return json::Serialize(literal);
    case json::Kind::kString:
      return Quote(literal.AsString(), 60);
    case json::Kind::kNull:
      return "null";
    case json::Kind::kArray:
      return "an array";
    case json::Kind::kObject:
      return "an object";
  }
  return "something else";
}

bool InRange(int64_t number, const Type& type) {
  return number >= type.min && (number < 0 || static_cast<uint64_t>(number) <= type.max);
}

bool IsInteger(const Value& literal, const Type& type) {
  if (literal.IsInt()) return InRange(literal.AsInt(), type);
  if (literal.IsDouble()) {
    // Beyond 2^53 a double may not be the number that was written.
    const double number = literal.AsDouble();
    return std::trunc(number) == number && std::fabs(number) <= 0x1p53 &&
           InRange(static_cast<int64_t>(number), type);
  }
  const std::string& text = literal.AsString();
  const char* end = text.data() + text.size();
  int64_t number = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && at == end)
    return InRange(number, type);
  uint64_t large = 0;
  auto [at, error] = std::from_chars(text.data(), end, large);
  return error == std::errc() && at == end && large <= type.max;
}

bool IsNumber(const Value& literal) {
  if (literal.IsNumber()) return true;
  const std::string& text = literal.AsString();
  double number = 0;
  return text == "NaN" || text == "Infinity" || text == "-Infinity" ||
         absl::SimpleAtod(text, &number);
}

// Not every text that passes is a time, but none that does not is one.
bool MayBeTime(const std::string& text) {
  constexpr std::string_view kDay = "0000-00-00";
  for (size_t i = 0; i < kDay.size(); ++i) {
    const bool fits =
        i < text.size() && (kDay[i] == '0' ? absl::ascii_isdigit(text[i]) : text[i] == kDay[i]);
    if (!fits) return false;
  }
  return text.size() > kDay.size();
}

bool IsBase64(const std::string& text) {
  std::string bytes;
  return absl::Base64Unescape(text, &bytes) || absl::WebSafeBase64Unescape(text, &bytes);
}

std::optional<std::string> MisfitOfEnum(const Value& literal, const Type& wanted) {
  if (!literal.IsString()) return std::nullopt;  // a number: also one without a name may do
  std::vector<std::string> names;
  for (const std::string_view value : wanted.values) {
    if (value == literal.AsString()) return std::nullopt;
    names.emplace_back(value);
  }
  return absl::StrCat(Describe(wanted), " has no value ", Found(literal), "; ",
                      HintFor(literal.AsString(), names));
}

// Whether a literal of a kind that is taken is good.
bool IsGood(const Value& literal, const Type& wanted) {
  if (literal.IsNull()) return true;
  switch (wanted.kind) {
    case Kind::kInteger:
      return IsInteger(literal, wanted);
    case Kind::kNumber:
      return IsNumber(literal);
    case Kind::kBytes:
      return IsBase64(literal.AsString());
    case Kind::kTime:
      return literal.IsNumber() || MayBeTime(literal.AsString());
    case Kind::kDuration:
      return literal.AsString().ends_with('s');
    default:
      return true;
  }
}

std::optional<std::string> MisfitOf(const Type& given, const Type& wanted, int depth);

std::optional<std::string> MisfitOfMembers(const Type& given, const Type& wanted, int depth) {
  for (const Type::Member& member : wanted.members) {
    const Type* found = given.Find(member.name);
    if (found == nullptr) continue;
    if (std::optional<std::string> misfit = MisfitOf(*found, *member.type, depth + 1))
      return absl::StrCat("member '", std::string(member.name), "': ", *misfit);
  }
  return std::nullopt;
}

std::optional<std::string> MisfitOf(const Type& given, const Type& wanted, int depth) {
  if (&given == &wanted || depth == kMaxDepth) return std::nullopt;
  if ((Given(given) & Taken(wanted)) == 0)
    return absl::StrCat("expected ", Wanted(wanted), ", found ", Describe(given));
  if (given.kind == Kind::kObject && wanted.kind == Kind::kObject)
    return MisfitOfMembers(given, wanted, depth);
  const bool same = given.kind == wanted.kind;
  if (same && (given.kind == Kind::kList || given.kind == Kind::kMap)) {
    if (std::optional<std::string> misfit = MisfitOf(*given.item, *wanted.item, depth + 1))
      return absl::StrCat("items: ", *misfit);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Misfit(const Value& literal, const Type& wanted) {
  const bool taken = (KindOf(literal) & Taken(wanted)) != 0;
  if (taken && wanted.kind == Kind::kEnum) return MisfitOfEnum(literal, wanted);
  if (taken && IsGood(literal, wanted)) return std::nullopt;
  return absl::StrCat("expected ", Wanted(wanted), ", found ", Found(literal));
}

std::optional<std::string> Misfit(const Type& given, const Type& wanted) {
  return MisfitOf(given, wanted, 0);
}

bool CanBeAlike(const Type& a, const Type& b) { return (Given(a) & Given(b)) != 0; }

}  // namespace orderflow::typecheck
