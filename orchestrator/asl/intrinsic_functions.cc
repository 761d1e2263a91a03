#include "orchestrator/asl/intrinsic_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "common/hash/digest.h"
#include "orchestrator/asl/java_values.h"
#include "orchestrator/asl/json_problem.h"
#include "orchestrator/asl/measure.h"

namespace orderflow::asl {
namespace {

using json::Value;
using Arguments = std::vector<IntrinsicArgument>;

// The limits of the service, from its page on intrinsic functions.
constexpr size_t kMaxRangeItems = 1000;
constexpr size_t kMaxCodedCharacters = 10'000;
// No function makes a text that no state could pass on.
constexpr size_t kMaxResultBytes = 1 << 20;

// The arguments are not what the function takes; the service does not say in which way.
Failure Invalid() { return Failure{}; }

// --- Arguments of the expected type ---

Evaluated<const json::Array*> ArrayArgument(const Arguments& arguments, size_t at) {
  if (!arguments[at].value.IsArray()) return Invalid();
  return &arguments[at].value.AsArray();
}

Evaluated<const std::string*> TextArgument(const Arguments& arguments, size_t at) {
  if (!arguments[at].value.IsString()) return Invalid();
  return &arguments[at].value.AsString();
}

// A text that is to be encoded, decoded or hashed.
Evaluated<const std::string*> CodedArgument(const Arguments& arguments, size_t at) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, TextArgument(arguments, at));
  if (JavaLength(*text) > kMaxCodedCharacters) return Invalid();
  return text;
}

// A number of 32 bits, as all of the service's integers are.
Evaluated<int32_t> ToInteger(double number) {
  if (!(number >= std::numeric_limits<int32_t>::min() &&
        number <= std::numeric_limits<int32_t>::max()))
    return Invalid();
  return static_cast<int32_t>(number);
}

// Sizes, indexes and bounds lose their fraction: 1.6 is 1.
Evaluated<int32_t> IntegerArgument(const Arguments& arguments, size_t at) {
  const Value& value = arguments[at].value;
  if (!value.IsNumber()) return Invalid();
  return ToInteger(std::trunc(value.AsDouble()));
}

// Operands of a sum are rounded, halves up: -1.5 is -1.
Evaluated<int32_t> OperandArgument(const Arguments& arguments, size_t at) {
  const Value& value = arguments[at].value;
  if (!value.IsNumber()) return Invalid();
  return ToInteger(std::floor(value.AsDouble() + 0.5));
}

// --- Arrays ---

Evaluated<Value> Array(const Arguments& arguments, Random&) {
  json::Array items;
  for (const IntrinsicArgument& argument : arguments) items.push_back(argument.value);
  return Value::FromArray(std::move(items));
}

Evaluated<Value> ArrayPartition(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int32_t size, IntegerArgument(arguments, 1));
  if (size < 1) return Invalid();
  json::Array chunks;
  for (size_t begin = 0; begin < items->size();) {
    const size_t end = begin + std::min(static_cast<size_t>(size), items->size() - begin);
    chunks.push_back(
        Value::FromArray(json::Array(items->begin() + static_cast<std::ptrdiff_t>(begin),
                                     items->begin() + static_cast<std::ptrdiff_t>(end))));
    begin = end;
  }
  return Value::FromArray(std::move(chunks));
}

// Items are compared by their texts: true is found where "true" stands, but {"a":1,"b":2} is not
// where {"b":2,"a":1} does.
Evaluated<Value> ArrayContains(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  const auto text = [](const Value& value) {
    return value.IsString() ? value.AsString() : json::Serialize(value);
  };
  if (!Fits(arguments[0].value, kMaxResultBytes) || !Fits(arguments[1].value, kMaxResultBytes))
    return Invalid();
  const std::string wanted = text(arguments[1].value);
  for (const Value& item : *items) {
    if (text(item) == wanted) return Value(true);
  }
  return Value(false);
}

Evaluated<Value> ArrayRange(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t first, IntegerArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t last, IntegerArgument(arguments, 1));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t step, IntegerArgument(arguments, 2));
  if (step == 0) return Invalid();
  json::Array items;
  for (int64_t at = first; step > 0 ? at <= last : at >= last; at += step) {
    if (items.size() == kMaxRangeItems) return Invalid();
    items.push_back(Value(at));
  }
  return Value::FromArray(std::move(items));
}

Evaluated<Value> ArrayGetItem(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int32_t index, IntegerArgument(arguments, 1));
  if (items->empty()) return Value();
  if (index < 0 || static_cast<size_t>(index) >= items->size()) return Invalid();
  return (*items)[static_cast<size_t>(index)];
}

Evaluated<Value> ArrayLength(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  return Value(static_cast<int64_t>(items->size()));
}

Evaluated<Value> ArrayUnique(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const json::Array* items, ArrayArgument(arguments, 0));
  if (!Fits(arguments[0].value, kMaxResultBytes)) return Invalid();
  return Value::FromArray(InHashSetOrder(*items));
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

// "Hello {}, \{not here\}" with a value for each {}.
class Template {
 public:
  explicit Template(std::string_view text) : text_(text) {}

  // Nothing where the arguments from the second one on do not fit; problem() says why.
  std::optional<std::string> Fill(const Arguments& arguments) {
    size_t next = 1;
    for (size_t at = 0; at < text_.size(); ++at) {
      if (text_[at] == '\\' && at + 1 < text_.size() && IsEscapable(text_[at + 1])) {
        out_ += text_[++at];
      } else if (text_.substr(at, 2) == "{}") {
        if (next < arguments.size() && !Print(arguments[next])) return std::nullopt;
        ++next;
        ++at;
      } else if (text_[at] == '{' || text_[at] == '}') {
        return Unpaired(text_[at]);
      } else {
        out_ += text_[at];
      }
    }
    if (next == arguments.size()) return std::move(out_);
    problem_ =
        "Invalid arguments in States.Format: number of arguments do not match the "
        "occurrences of {}.";
    return std::nullopt;
  }
  // Empty: the arguments are invalid otherwise.
  const std::string& problem() const { return problem_; }

 private:
  static bool IsEscapable(char c) {
    return std::string_view("'{}\\").find(c) != std::string_view::npos;
  }
  bool Print(const IntrinsicArgument& argument) {
    if (!Fits(argument.value, kMaxResultBytes)) return false;
    if (argument.is_parsed_json)
      json::AppendSerialized(argument.value, out_);
    else
      AppendPlain(argument.value, out_);
    return out_.size() <= kMaxResultBytes;
  }
  std::nullopt_t Unpaired(char brace) {
    problem_ = brace == '{' ? "Invalid template in States.Format: matching '}' not found for '{'."
                            : "Invalid template in States.Format: matching '{' not found for '}'.";
    return std::nullopt;
  }

  const std::string_view text_;
  std::string out_;
  std::string problem_;
};

Evaluated<Value> Format(const Arguments& arguments, Random&) {
  if (!Fits(arguments[0].value, kMaxResultBytes)) return Invalid();
  std::string plain;
  if (!arguments[0].is_literal_text) AppendPlain(arguments[0].value, plain);
  Template text(arguments[0].is_literal_text ? arguments[0].raw : plain);
  std::optional<std::string> filled = text.Fill(arguments);
  if (filled.has_value()) return Value(*std::move(filled));
  return text.problem().empty() ? Invalid() : RuntimeFailure(text.problem());
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Evaluated<Value> StringToJson(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, TextArgument(arguments, 0));
  if (IsBlank(*text)) return Value();
  const json::ParseResult parsed = json::Parse(*text);
  if (parsed.value.has_value()) return *parsed.value;
  return RuntimeFailure("Cannot convert String to Json in States.StringToJson, caused by: " +
                        DescribeWithoutSource(*text, *parsed.error));
}

Evaluated<Value> JsonToString(const Arguments& arguments, Random&) {
  if (!Fits(arguments[0].value, kMaxResultBytes)) return Invalid();
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
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, CodedArgument(arguments, 0));
  return Value(absl::Base64Escape(*text));
}

Evaluated<Value> Base64Decode(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const std::string* text, CodedArgument(arguments, 0));
  return Value(DecodeBase64Text(*text));
}

// --- Objects, numbers, identifiers ---

// Deep merges are not supported; what is no boolean counts as false.
Evaluated<Value> JsonMerge(const Arguments& arguments, Random&) {
  if (!arguments[0].value.IsObject() || !arguments[1].value.IsObject()) return Invalid();
  const Value& deep = arguments[2].value;
  if (deep.IsBool() && deep.AsBool()) return Invalid();
  json::Members members = arguments[0].value.AsMembers();
  for (const json::Member& member : arguments[1].value.AsMembers()) members.push_back(member);
  return Value::FromMembers(std::move(members));
}

Evaluated<Value> MathAdd(const Arguments& arguments, Random&) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t a, OperandArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t b, OperandArgument(arguments, 1));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t sum, ToInteger(static_cast<double>(a + b)));
  return Value(sum);
}

// A seed gives the number that it gives in Java.
Evaluated<Value> MathRandom(const Arguments& arguments, Random& random) {
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t from, IntegerArgument(arguments, 0));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t to, IntegerArgument(arguments, 1));
  if (from >= to) return Invalid();
  const int64_t width = to - from;
  if (arguments.size() == 2)
    return Value(from + static_cast<int64_t>(random.Next() % static_cast<uint64_t>(width)));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int32_t seed, IntegerArgument(arguments, 2));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int32_t bound, ToInteger(static_cast<double>(width)));
  return Value(from + JavaRandomBelow(bound, seed));
}

// Version 4, variant 1 (RFC 4122), from the execution's own stream of numbers, so that a replay
// gives the same one. Arguments are ignored.
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
  if (!Fits(data, kMaxResultBytes)) return Invalid();
  const std::string text = data.IsString() ? data.AsString() : json::Serialize(data);
  if (JavaLength(text) > kMaxCodedCharacters) return Invalid();
  const std::optional<std::string> digest = DigestHex(*algorithm, text);
  if (!digest.has_value()) return Invalid();
  return Value(*digest);
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
    {"States.UUID", 0, -1, Uuid},
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
