// Boost.JSON reads the text; what is built here are our own values, so that a text is walked over
// once.

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/json/text_walk.h"
#include "common/json/value.h"

namespace orderflow::json {
namespace {

namespace bj = boost::json;

// Builds values bottom up: children wait on a stack until their container ends and takes them, so
// that every array and object is allocated once, in its final size.
struct Builder {
  static constexpr size_t max_array_size = -1;
  static constexpr size_t max_object_size = -1;
  static constexpr size_t max_string_size = -1;
  static constexpr size_t max_key_size = -1;

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_array_begin(bj::error_code&) { return Begin(false); }
  bool on_object_begin(bj::error_code&) { return Begin(true); }

  bool on_array_end(size_t count, bj::error_code&) {
    auto first = values.end() - static_cast<ptrdiff_t>(count);
    Array items(std::make_move_iterator(first), std::make_move_iterator(values.end()));
    values.erase(first, values.end());
    return End(Value::FromArray(std::move(items)));
  }
  bool on_object_end(size_t count, bj::error_code&) {
    Members members;
    members.reserve(count);
    size_t value = values.size() - count;
    for (size_t key = keys.size() - count; key < keys.size(); ++key, ++value) {
      members.push_back({std::move(keys[key]), std::move(values[value])});
    }
    keys.resize(keys.size() - count);
    values.resize(values.size() - count);
    return End(Value::FromMembers(std::move(members)));
  }

  bool on_string_part(bj::string_view part, size_t, bj::error_code&) { return Keep(part); }
  bool on_key_part(bj::string_view part, size_t, bj::error_code&) { return Keep(part); }
  bool on_number_part(bj::string_view part, bj::error_code&) { return Keep(part); }

  bool on_string(bj::string_view rest, size_t, bj::error_code&) { return Add(Value(Take(rest))); }
  bool on_key(bj::string_view rest, size_t, bj::error_code&) {
    keys.push_back(Take(rest));
    after_key = true;
    return true;
  }
  bool on_int64(int64_t value, bj::string_view, bj::error_code&) {
    partial.clear();
    return Add(Value(value));
  }
  bool on_uint64(uint64_t value, bj::string_view rest, bj::error_code& error) {
    return on_double(static_cast<double>(value), rest, error);
  }
  // Boost's own conversion may be off by a digit in the last place, so that the text would not come
  // back.
  bool on_double(double approximate, bj::string_view rest, bj::error_code& error) {
    const std::string text = Take(rest);
    double exact = 0;
    auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), exact);
    if (failure == std::errc::result_out_of_range) {
      if (std::fabs(approximate) > 1) {
        error = bj::error::exponent_overflow;
        return false;
      }
      exact = 0;  // closer to zero than any double
    } else if (failure != std::errc()) {
      error = bj::error::syntax;
      return false;
    }
    return Add(Value(exact));
  }
  bool on_bool(bool value, bj::error_code&) { return Add(Value(value)); }
  bool on_null(bj::error_code&) { return Add(Value()); }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }

  bool Begin(bool object) {
    open.push_back(object);
    after_key = after_value = false;
    return true;
  }
  bool End(Value container) {
    open.pop_back();
    return Add(std::move(container));
  }
  bool Add(Value value) {
    values.push_back(std::move(value));
    after_key = false;
    after_value = true;
    return true;
  }
  bool Keep(bj::string_view part) {
    partial.append(part.data(), part.size());
    return true;
  }
  std::string Take(bj::string_view rest) {
    if (partial.empty()) return std::string(rest.data(), rest.size());
    std::string whole = std::exchange(partial, {});
    return whole.append(rest.data(), rest.size());
  }

  std::vector<Value> values;
  std::vector<std::string> keys;
  std::vector<bool> open;  // the containers we are in: true for an object
  std::string partial;     // what is known of a string or number that came in parts
  bool after_key = false;
  bool after_value = false;
};

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The last character before `offset` that is no white space, or 0.
char LastBefore(std::string_view text, size_t offset) {
  while (offset > 0 && IsBlank(text[offset - 1])) --offset;
  return offset == 0 ? '\0' : text[offset - 1];
}

std::string Expected(std::string_view text, size_t offset, const Builder& builder) {
  if (builder.open.empty()) return builder.after_value ? "the end of the text" : "a JSON value";
  const bool object = builder.open.back();
  const char last = LastBefore(text, offset);
  if (builder.after_key) return last == ':' ? "a value" : "':'";
  if (last == ',') return object ? "a member name in double quotes" : "a value";
  if (builder.after_value) return object ? "',' or '}'" : "',' or ']'";
  return object ? "a member name in double quotes or '}'" : "a value or ']'";
}

std::string Found(std::string_view text, size_t offset) {
  if (offset >= text.size()) return "the text ends";
  const auto c = static_cast<unsigned char>(text[offset]);
  if (c == '\'') return "found a single quote";
  if (c <= 0x20 || c >= 0x7f) return absl::StrCat("found byte 0x", absl::Hex(c, absl::kZeroPad2));
  constexpr size_t kMaxShown = 16;
  size_t end = offset;
  while (end < text.size() && end - offset < kMaxShown && absl::ascii_isalpha(text[end])) ++end;
  return absl::StrCat("found '",
                      std::string(text.substr(offset, std::max<size_t>(end - offset, 1))), "'");
}

// Where `offset` is within a string that was opened but not closed before it.
bool InString(std::string_view text, size_t offset) {
  bool inside = false;
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    if (inside && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      inside = !inside;
    }
  }
  return inside;
}

// Moves back to the first letter or digit of a word such as `tru` or `01`, which Boost may have
// entered.
size_t StartOfWord(std::string_view text, size_t offset) {
  auto in_word = [](char c) { return absl::ascii_isalnum(c) || c == '.' || c == '+' || c == '-'; };
  while (offset > 0 && in_word(text[offset - 1])) --offset;
  return offset;
}

constexpr char kHalfPair[] = "half of a surrogate pair in a \\u escape";

// Whether the six characters before `offset` are an escape from \uD800 to \uDBFF.
bool FollowsLeadingSurrogate(std::string_view text, size_t offset) {
  if (offset < 6) return false;
  const std::string_view escape = text.substr(offset - 6, 6);
  return escape.substr(0, 2) == "\\u" && absl::ascii_tolower(escape[2]) == 'd' &&
         std::string_view("89abAB").find(escape[3]) != std::string_view::npos;
}

std::string DescribeInString(std::string_view text, size_t offset) {
  if (offset >= text.size()) return "the text ends within a string; expected '\"'";
  const auto c = static_cast<unsigned char>(text[offset]);
  if (c < 0x20) {
    return absl::StrCat("control character 0x", absl::Hex(c, absl::kZeroPad2),
                        " in a string; expected an escape such as \\n");
  }
  if (FollowsLeadingSurrogate(text, offset)) return kHalfPair;
  if (c < 0x80) {
    return "invalid escape in a string; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX";
  }
  return "invalid UTF-8 in a string";
}

// Boost says little more than "syntax error": name what stands there and what could.
std::string DescribeSyntax(std::string_view text, size_t& offset, const Builder& builder) {
  if (InString(text, offset)) return DescribeInString(text, offset);
  const size_t start = StartOfWord(text, offset);
  if (start < offset && !builder.after_value) {
    offset = start;
    return absl::StrCat("invalid number or word; expected ", Expected(text, start, builder));
  }
  return absl::StrCat(Found(text, offset), "; expected ", Expected(text, offset, builder));
}

std::string Describe(const bj::error_code& code, std::string_view text, size_t& offset,
                     const Builder& builder, const ParseLimits& limits) {
  if (code == bj::error::too_deep) {
    return absl::StrCat("nested deeper than ", limits.max_depth, " levels");
  }
  if (code == bj::error::exponent_overflow) return "number too large for a double";
  if (code == bj::error::extra_data) return "more text after the JSON value";
  if (code == bj::error::illegal_leading_surrogate || code == bj::error::expected_utf16_escape ||
      code == bj::error::illegal_trailing_surrogate) {
    return kHalfPair;
  }
  if (code == bj::error::expected_hex_digit) return "expected four hexadecimal digits after \\u";
  return DescribeSyntax(text, offset, builder);
}

ParseResult Fail(std::string message, std::string_view text, size_t offset) {
  ParseError error{.message = std::move(message), .offset = offset};
  const TextPosition position = PositionOf(text, offset);
  error.line = position.line;
  error.column = position.column;
  return {.value = std::nullopt, .error = std::move(error)};
}

}  // namespace

ParseResult Parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Fail(
        absl::StrCat("text of ", text.size(), " bytes; at most ", limits.max_bytes, " are allowed"),
        text, 0);
  }
  bj::parse_options options;
  options.max_depth = static_cast<size_t>(limits.max_depth);
  bj::basic_parser<Builder> parser(options);
  bj::error_code code;
  size_t offset = parser.write_some(false, text.data(), text.size(), code);
  if (!code && offset < text.size()) code = bj::error::extra_data;
  if (code) {
    std::string message = Describe(code, text, offset, parser.handler(), limits);
    return Fail(std::move(message), text, offset);
  }
  return {.value = std::move(parser.handler().values.back()), .error = std::nullopt};
}

}  // namespace orderflow::json
