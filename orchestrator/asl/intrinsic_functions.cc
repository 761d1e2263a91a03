#include "orchestrator/asl/intrinsic_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "common/hash/digest.h"
#include "orchestrator/asl/measure.h"

namespace orderflow::asl {
namespace {

using json::Value;
using Arguments = std::vector<IntrinsicArgument>;

// The limits of the service, from its page on intrinsic functions.
constexpr int64_t kMaxRangeItems = 1000;
constexpr size_t kMaxCodedCharacters = 10'000;
// No function makes a text that no state could pass on.
constexpr size_t kMaxResultBytes = 1 << 20;

Failure Wrong(std::string cause) { return Failure{kErrorIntrinsicFailure, std::move(cause)}; }

// --- Arguments of the expected type ---

Evaluated<const json::Array*> ArrayArgument(const Arguments& arguments, size_t at) {
  if (arguments[at].value.IsArray()) return &arguments[at].value.AsArray();
  return Wrong("argument " + std::to_string(at + 1) + " must be an array");
}

Evaluated<const std::string*> TextArgument(const Arguments& arguments, size_t at) {
  if (arguments[at].value.IsString()) return &arguments[at].value.AsString();
  return Wrong("argument " + std::to_string(at + 1) + " must be a string");
}

// Numbers are taken as integers; the service rounds halves up (-1.5 is -1).
Evaluated<int64_t> IntegerArgument(const Arguments& arguments, size_t at) {
  const Value& value = arguments[at].value;
  if (value.IsInt()) return value.AsInt();
  if (!value.IsDouble()) return Wrong("argument " + std::to_string(at + 1) + " must be a number");
  const double rounded = std::floor(value.AsDouble() + 0.5);
  if (!(std::abs(rounded) < 9.0e18))
    return Wrong("argument " + std::to_string(at + 1) + " is out of range");
  return static_cast<int64_t>(rounded);
}

// --- Arrays ---

Evaluated<Value> Array(const Arguments& arguments, Random&) {
  json::Array items;
  for (const IntrinsicArgument& argument : arguments) items.push_back(argument.value);
  return Value::FromArray(std::move(items));
}

Evaluated<Value> ArrayPartition(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t size, IntegerArgument(arguments, 1));
  if (size < 1)
    return Wrong("the chunk size must be a positive number, but is " + std::to_string(size));
  const auto chunk = static_cast<size_t>(size);
  json::Array chunks;
  for (size_t begin = 0; begin < items->size(); begin += std::min(chunk, items->size() - begin)) {
    const auto first = items->begin() + static_cast<std::ptrdiff_t>(begin);
    const size_t count = std::min(chunk, items->size() - begin);
    chunks.push_back(
        Value::FromArray(json::Array(first, first + static_cast<std::ptrdiff_t>(count))));
  }
  return Value::FromArray(std::move(chunks));
}

Evaluated<Value> ArrayContains(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  for (const Value& item : *items) {
    if (item == arguments[1].value) return Value(true);
  }
  return Value(false);
}

Evaluated<Value> ArrayRange(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t first, IntegerArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t last, IntegerArgument(arguments, 1));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t step, IntegerArgument(arguments, 2));
  if (step == 0) return Wrong("the step of a range must not be 0");
  json::Array items;
  int64_t at = first;
  while (step > 0 ? at <= last : at >= last) {
    if (static_cast<int64_t>(items.size()) == kMaxRangeItems)
      return Wrong("a range has at most 1000 items");
    items.push_back(Value(at));
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return Value::FromArray(std::move(items));
}

Evaluated<Value> ArrayGetItem(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t index, IntegerArgument(arguments, 1));
  if (index < 0 || static_cast<size_t>(index) >= items->size()) {
    return Wrong("index " + std::to_string(index) + " is outside of the array's " +
                 std::to_string(items->size()) + " items");
  }
  return (*items)[static_cast<size_t>(index)];
}

Evaluated<Value> ArrayLength(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  return Value(static_cast<int64_t>(items->size()));
}

// 1 and 1.0 are one item.
std::string UniqueKey(const Value& value) {
  if (value.IsDouble() && std::abs(value.AsDouble()) < 9.0e15 &&
      value.AsDouble() == std::floor(value.AsDouble())) {
    return std::to_string(static_cast<int64_t>(value.AsDouble()));
  }
  return json::Serialize(value);
}

Evaluated<Value> ArrayUnique(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  if (!Fits(arguments[0].value, kMaxResultBytes)) return Wrong("the array is too large");
  absl::flat_hash_set<std::string> seen;
  json::Array unique;
  for (const Value& item : *items) {
    if (seen.insert(UniqueKey(item)).second) unique.push_back(item);
  }
  return Value::FromArray(std::move(unique));
}

// --- Texts ---

// As the service prints values: {name=value, list=[1, 2]}, texts without quotes.
void AppendPlain(const Value& value, std::string& out) {
  const char* separator = "";
  switch (value.kind()) {
    case json::Kind::kString:
      out += value.AsString();
      return;
    case json::Kind::kArray:
      out += '[';
      for (const Value& item : value.AsArray()) {
        out += std::exchange(separator, ", ");
        AppendPlain(item, out);
      }
      out += ']';
      return;
    case json::Kind::kObject:
      out += '{';
      for (const json::Member& member : value.AsMembers()) {
        out.append(std::exchange(separator, ", ")).append(member.key).append("=");
        AppendPlain(member.value, out);
      }
      out += '}';
      return;
    default:
      json::AppendSerialized(value, out);
  }
}

Evaluated<Value> Format(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, TextArgument(arguments, 0));
  const std::string_view pattern =
      arguments[0].is_literal_text ? arguments[0].raw : std::string_view(*text);
  std::string out;
  size_t next = 1;
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size() &&
        std::string_view("'{}\\").find(pattern[at + 1]) != std::string_view::npos) {
      out += pattern[++at];
    } else if (pattern.substr(at, 2) == "{}") {
      if (next == arguments.size()) return Wrong("there are more '{}' than arguments");
      if (!Fits(arguments[next].value, kMaxResultBytes)) return Wrong("an argument is too large");
      AppendPlain(arguments[next++].value, out);
      if (out.size() > kMaxResultBytes) return Wrong("the text is too large");
      ++at;
    } else {
      out += pattern[at];
    }
  }
  if (next != arguments.size()) return Wrong("there are more arguments than '{}'");
  return Value(std::move(out));
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Evaluated<Value> StringToJson(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, TextArgument(arguments, 0));
  if (IsBlank(*text)) return Value();
  const json::ParseResult parsed = json::Parse(*text);
  if (parsed.value.has_value()) return *parsed.value;
  return Wrong("the text is not JSON: " + parsed.error->message + " at column " +
               std::to_string(parsed.error->column));
}

Evaluated<Value> JsonToString(const Arguments& arguments, Random&) {
  if (!Fits(arguments[0].value, kMaxResultBytes)) return Wrong("the value is too large");
  return Value(json::Serialize(arguments[0].value));
}

// The bytes of the character that `text` has at `at`.
std::string_view CharacterAt(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return text.substr(at, size);
}

Evaluated<Value> StringSplit(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, TextArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* delimiters, TextArgument(arguments, 1));
  absl::flat_hash_set<std::string> ends;
  for (size_t at = 0; at < delimiters->size();) {
    const std::string_view character = CharacterAt(*delimiters, at);
    ends.insert(std::string(character));
    at += character.size();
  }
  json::Array pieces;
  std::string piece;
  for (size_t at = 0; at < text->size();) {
    const std::string_view character = CharacterAt(*text, at);
    at += character.size();
    if (!ends.contains(std::string(character))) {
      piece += character;
    } else if (!piece.empty()) {
      pieces.push_back(Value(std::exchange(piece, {})));
    }
  }
  if (!piece.empty()) pieces.push_back(Value(std::move(piece)));
  return Value::FromArray(std::move(pieces));
}

Evaluated<Value> Base64Encode(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, TextArgument(arguments, 0));
  if (text->size() > kMaxCodedCharacters) return Wrong("the text has more than 10000 characters");
  return Value(absl::Base64Escape(*text));
}

// Whether the bytes are UTF-8 (RFC 3629), which every text of a JSON value is.
bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const size_t size = CharacterAt(text, at).size();
    if (byte(at) >= 0x80) {
      if (byte(at) < 0xc2 || byte(at) > 0xf4) return false;
      const size_t expected = byte(at) < 0xe0 ? 2 : byte(at) < 0xf0 ? 3 : 4;
      if (size != expected) return false;
      for (size_t i = at + 1; i < at + size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return false;
      }
      if (byte(at) == 0xe0 && byte(at + 1) < 0xa0) return false;  // longer than needed
      if (byte(at) == 0xed && byte(at + 1) > 0x9f) return false;  // a surrogate
      if (byte(at) == 0xf0 && byte(at + 1) < 0x90) return false;  // longer than needed
      if (byte(at) == 0xf4 && byte(at + 1) > 0x8f) return false;  // beyond the last code point
    }
    at += size;
  }
  return true;
}

Evaluated<Value> Base64Decode(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, TextArgument(arguments, 0));
  if (text->size() > kMaxCodedCharacters) return Wrong("the text has more than 10000 characters");
  std::string decoded;
  if (!absl::Base64Unescape(*text, &decoded)) return Wrong("the text is not Base64");
  if (!IsUtf8(decoded)) return Wrong("the decoded bytes are not UTF-8 text");
  return Value(std::move(decoded));
}

// --- Objects, numbers, identifiers ---

Evaluated<Value> JsonMerge(const Arguments& arguments, Random&) {
  for (size_t at = 0; at < 2; ++at) {
    if (!arguments[at].value.IsObject())
      return Wrong("argument " + std::to_string(at + 1) + " must be an object");
  }
  const Value& deep = arguments[2].value;
  if (!deep.IsBool()) return Wrong("argument 3 must be true or false");
  if (deep.AsBool()) return Wrong("only the shallow merge is supported: argument 3 must be false");
  json::Members members = arguments[0].value.AsMembers();
  for (const json::Member& member : arguments[1].value.AsMembers()) members.push_back(member);
  return Value::FromMembers(std::move(members));
}

Evaluated<Value> MathAdd(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t a, IntegerArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t b, IntegerArgument(arguments, 1));
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return Wrong("the sum is out of range");
  return Value(sum);
}

Evaluated<Value> MathRandom(const Arguments& arguments, Random& random) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t from, IntegerArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t to, IntegerArgument(arguments, 1));
  if (from >= to) return Wrong("the start must be smaller than the end");
  uint64_t drawn = 0;
  if (arguments.size() > 2) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t seed, IntegerArgument(arguments, 2));
    drawn = Random(static_cast<uint64_t>(seed)).Next();
  } else {
    drawn = random.Next();
  }
  const uint64_t width = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
  return Value(static_cast<int64_t>(static_cast<uint64_t>(from) + drawn % width));
}

// Version 4, variant 1 (RFC 4122), from the execution's own stream of numbers, so that a replay
// gives the same one.
Evaluated<Value> Uuid(const Arguments&, Random& random) {
  const uint64_t high = (random.Next() & ~uint64_t{0xf000}) | 0x4000;
  const uint64_t low = (random.Next() & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
  char text[37];
  std::snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16 & 0xffff),
                static_cast<unsigned>(high & 0xffff), static_cast<unsigned>(low >> 48),
                static_cast<unsigned long long>(low & 0xffffffffffff));
  return Value(std::string(text));
}

Evaluated<Value> Hash(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* algorithm, TextArgument(arguments, 1));
  // What is no text is hashed as its JSON.
  const Value& data = arguments[0].value;
  if (!Fits(data, kMaxResultBytes)) return Wrong("the data is too large");
  const std::string text = data.IsString() ? data.AsString() : json::Serialize(data);
  if (text.size() > kMaxCodedCharacters) return Wrong("the data has more than 10000 characters");
  const std::optional<std::string> digest = DigestHex(*algorithm, text);
  if (digest.has_value()) return Value(*digest);
  return Wrong("there is no algorithm '" + *algorithm +
               "'; expected MD5, SHA-1, SHA-256, SHA-384 or SHA-512");
}

constexpr std::array<IntrinsicFunction, 18> kFunctions = {{
    {"States.Array", 0, -1, Array},
    {"States.ArrayContains", 2, 2, ArrayContains},
    {"States.ArrayGetItem", 2, 2, ArrayGetItem},
    {"States.ArrayLength", 1, 1, ArrayLength},
    {"States.ArrayPartition", 2, 2, ArrayPartition},
    {"States.ArrayRange", 3, 3, ArrayRange},
    {"States.ArrayUnique", 1, 1, ArrayUnique},
    {"States.Base64Decode", 1, 1, Base64Decode},
    {"States.Base64Encode", 1, 1, Base64Encode},
    {"States.Format", 1, -1, Format},
    {"States.Hash", 2, 2, Hash},
    {"States.JsonMerge", 3, 3, JsonMerge},
    {"States.JsonToString", 1, 1, JsonToString},
    {"States.MathAdd", 2, 2, MathAdd},
    {"States.MathRandom", 2, 3, MathRandom},
    {"States.StringSplit", 2, 2, StringSplit},
    {"States.StringToJson", 1, 1, StringToJson},
    {"States.UUID", 0, 0, Uuid},
}};

}  // namespace

const IntrinsicFunction* FindIntrinsicFunction(std::string_view name) {
  for (const IntrinsicFunction& function : kFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::string IntrinsicFunctionNames() {
  std::string names;
  for (const IntrinsicFunction& function : kFunctions) {
    if (!names.empty()) names += ", ";
    names += function.name;
  }
  return names;
}

}  // namespace orderflow::asl
