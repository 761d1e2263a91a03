#include "orchestrator/asl/json_problem.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"

namespace orderflow::asl {
namespace {

constexpr std::string_view kValues =
    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// Roughly what Java lets an identifier be made of.
bool IsWordCharacter(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || c == '_' || c == '$' || absl::ascii_isalnum(u);
}

// The number of bytes of the character at the beginning of a text that is not empty.
size_t SizeOfCharacter(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(size, text.size());
}

// 'a' (code 97), '中' (code 20013 / 0x4e2d), (CTRL-CHAR, code 0)
std::string DescribeCharacter(std::string_view text) {
  const std::string_view character = text.substr(0, SizeOfCharacter(text));
  uint32_t code = static_cast<unsigned char>(character[0]);
  if (character.size() > 1) code &= 0x7fu >> character.size();
  for (const char c : character.substr(1))
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3f);
  if (code < 0x20 || (code >= 0x7f && code < 0xa0))
    return "(CTRL-CHAR, code " + std::to_string(code) + ")";
  std::string described = "'" + std::string(character) + "' (code " + std::to_string(code);
  if (code > 0xff) {
    char hex[16];
    std::snprintf(hex, sizeof(hex), " / 0x%x", code);
    described += hex;
  }
  return described + ")";
}

std::string PlaceWithoutSource(int line, int column) {
  return "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: " +
         std::to_string(line) + ", column: " + std::to_string(column) + "]";
}

// Which of its versions words the complaints.
enum class Jackson : uint8_t { kOld, kNew };

// Reads a text as Jackson does, up to its first complaint. Recursion-free: the containers that are
// open are on a list.
class Reader {
 public:
  Reader(std::string_view text, Jackson version) : text_(text), version_(version) {}

  // The complaint, or nothing.
  std::optional<JsonProblem> FindProblem() {
    while (Step()) {
    }
    return problem_;
  }

 private:
  enum class Expected : uint8_t { kFirst, kNext, kMemberValue, kSeparator };
  struct Container {
    bool is_object;
    size_t begin;
  };

  // --- Complaints: all return false. `end` is how far the text has been read. ---
  bool Fail(size_t end, std::string message) {
    problem_ = At(end);
    problem_->message = std::move(message);
    return false;
  }
  // About the character before `end`.
  bool FailAtCharacter(size_t end, std::string message) {
    Fail(end, std::move(message));
    if (version_ == Jackson::kNew) --problem_->column;
    return false;
  }
  bool Ends(std::string_view where) {
    return Fail(text_.size(), "Unexpected end-of-input" + std::string(where));
  }
  bool Unexpected(std::string_view comment) {
    const std::string_view rest = text_.substr(at_);
    return FailAtCharacter(
        at_ + SizeOfCharacter(rest),
        "Unexpected character (" + DescribeCharacter(rest) + "): " + std::string(comment));
  }
  bool UnexpectedInNumber(std::string_view comment) {
    const std::string_view rest = text_.substr(at_);
    return FailAtCharacter(at_ + SizeOfCharacter(rest),
                           "Unexpected character (" + DescribeCharacter(rest) +
                               ") in numeric value: " + std::string(comment));
  }
  bool NotClosed() {
    const JsonProblem begin = At(open_.back().begin);
    return Ends(": expected close marker for " + std::string(Context()) + " (start marker at " +
                Place(begin) + ")");
  }

  std::string Place(const JsonProblem& at) const {
    return version_ == Jackson::kNew ? PlaceWithoutSource(at.line, at.column)
                                     : PlaceInSource(text_, at.line, at.column);
  }
  JsonProblem At(size_t end) const {
    JsonProblem place;
    for (const char c : text_.substr(0, end)) {
      if (c == '\n') {
        ++place.line;
        place.column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
        ++place.column;
      }
    }
    return place;
  }
  std::string_view Context() const {
    return open_.empty() ? "root" : open_.back().is_object ? "Object" : "Array";
  }

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }

  bool SkipBlanks() {
    for (; !AtEnd(); ++at_) {
      const auto c = static_cast<unsigned char>(Peek());
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
      if (c < 0x20) {
        return FailAtCharacter(at_ + 1,
                               "Illegal character (" + DescribeCharacter(text_.substr(at_)) +
                                   "): only regular white space (\\r, \\n, \\t) is allowed between "
                                   "tokens");
      }
      if (c == '/') {
        return Unexpected(
            "maybe a (non-standard) comment? (not recognized as one since Feature "
            "'ALLOW_COMMENTS' not enabled for parser)");
      }
      break;
    }
    return true;
  }

  // One value, name or separator. False at the end, and after a complaint.
  bool Step() {
    if (!SkipBlanks()) return false;
    if (open_.empty()) {
      if (AtEnd()) return false;  // what is missing is told otherwise
      return ReadValue();
    }
    if (AtEnd()) {
      if (expected_ == Expected::kFirst || expected_ == Expected::kSeparator) return NotClosed();
      return Ends(" within/between " + std::string(Context()) + " entries");
    }
    if (expected_ == Expected::kMemberValue) return ReadValue();
    if (expected_ != Expected::kNext && (Peek() == ']' || Peek() == '}')) return Close();
    if (expected_ == Expected::kSeparator) {
      if (Peek() != ',')
        return Unexpected("was expecting comma to separate " + std::string(Context()) + " entries");
      ++at_;
      expected_ = Expected::kNext;
      return true;
    }
    return open_.back().is_object ? ReadName() : ReadValue();
  }

  bool Close() {
    const Container container = open_.back();
    const char closing = container.is_object ? '}' : ']';
    if (Peek() != closing) {
      const JsonProblem begin = At(container.begin);
      return Fail(at_ + 1, std::string("Unexpected close marker '") + Peek() + "': expected '" +
                               closing + "' (for " + std::string(Context()) + " starting at " +
                               Place(begin) + ")");
    }
    ++at_;
    open_.pop_back();
    expected_ = Expected::kSeparator;
    return true;
  }

  bool ReadName() {
    if (Peek() != '"') return Unexpected("was expecting double-quote to start field name");
    if (!ReadText("name", " in field name") || !SkipBlanks()) return false;
    if (AtEnd()) return Ends(" within/between Object entries");
    if (Peek() != ':') return Unexpected("was expecting a colon to separate field name and value");
    ++at_;
    expected_ = Expected::kMemberValue;
    return true;
  }

  bool ReadValue() {
    expected_ = Expected::kSeparator;
    const char c = Peek();
    if (c == '{' || c == '[') {
      ++at_;
      open_.push_back({.is_object = c == '{', .begin = at_ - 1});
      expected_ = Expected::kFirst;
      return true;
    }
    if (c == '"')
      return ReadText("string value", ": was expecting closing quote for a string value");
    if (c == '-' || IsDigit(c)) return ReadNumber();
    if (c == '}') return Unexpected("expected a value");
    if (c == '+') {
      ++at_;
      return AtEnd() ? Ends(" in a Number value") : NoDigitAfterSign();
    }
    if (IsWordCharacter(c)) return ReadWord();
    return Unexpected("expected a valid value " + std::string(kValues));
  }

  // true, false, null, or a mistake.
  bool ReadWord() {
    size_t end = at_;
    while (end < text_.size() && IsWordCharacter(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    if (word == "true" || word == "false" || word == "null") {
      at_ = end;
      return true;
    }
    if (word == "NaN" || word == "Infinity") {
      return Fail(end, "Non-standard token '" + std::string(word) +
                           "': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow");
    }
    constexpr size_t kMaxShown = 256;
    std::string shown(word.substr(0, kMaxShown));
    if (word.size() > kMaxShown) shown += "...";
    return Fail(end, "Unrecognized token '" + shown + "': was expecting " + std::string(kValues));
  }

  bool NoDigitAfterSign() {
    return UnexpectedInNumber("expected digit (0-9) to follow minus sign, for valid numeric value");
  }

  bool ReadNumber() {
    if (Peek() == '-') {
      ++at_;
      if (AtEnd()) return Ends(" in a Number value");
      if (!IsDigit(Peek())) return NoDigitAfterSign();
    }
    if (Peek() == '0' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))
      return Fail(at_ + 1, "Invalid numeric value: Leading zeroes not allowed");
    SkipDigits();
    if (Peek() == '.') {
      ++at_;
      if (!ReadDigits("Decimal point not followed by a digit")) return false;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!ReadDigits("Exponent indicator not followed by a digit")) return false;
    }
    constexpr std::string_view kBlanks = " \t\r\n";
    if (open_.empty() && !AtEnd() && kBlanks.find(Peek()) == std::string_view::npos)
      return Unexpected("Expected space separating root-level values");
    return true;
  }
  void SkipDigits() {
    while (IsDigit(Peek())) ++at_;
  }
  bool ReadDigits(std::string_view complaint) {
    if (AtEnd()) return Ends(" in a Number value");
    if (!IsDigit(Peek())) return UnexpectedInNumber(complaint);
    SkipDigits();
    return true;
  }

  bool ReadText(std::string_view what, std::string_view open_end) {
    for (++at_; !AtEnd(); ++at_) {
      const auto c = static_cast<unsigned char>(Peek());
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) {
        return FailAtCharacter(
            at_ + 1, "Illegal unquoted character (" + DescribeCharacter(text_.substr(at_)) +
                         "): has to be escaped using backslash to be included in " +
                         std::string(what));
      }
      if (c == '\\' && !ReadEscape()) return false;
    }
    return Ends(open_end);
  }

  // Leaves the last character of the escape to the caller.
  bool ReadEscape() {
    constexpr std::string_view kKnown = "\"\\/bfnrtu";
    ++at_;
    if (AtEnd()) return Ends(" in character escape sequence");
    if (kKnown.find(Peek()) == std::string_view::npos) {
      const std::string_view rest = text_.substr(at_);
      return FailAtCharacter(at_ + SizeOfCharacter(rest),
                             "Unrecognized character escape " + DescribeCharacter(rest));
    }
    if (Peek() != 'u') return true;
    for (int i = 0; i < 4; ++i) {
      ++at_;
      if (AtEnd()) return Ends(" in character escape sequence");
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(Peek())))
        return Unexpected("expected a hex-digit for character escape sequence");
    }
    return true;
  }

  const std::string_view text_;
  const Jackson version_;
  size_t at_ = 0;
  std::vector<Container> open_;
  Expected expected_ = Expected::kSeparator;
  std::optional<JsonProblem> problem_;
};

}  // namespace

std::string PlaceInSource(std::string_view text, int line, int column) {
  constexpr size_t kMaxShown = 500;
  size_t shown = std::min(text.size(), kMaxShown);
  // Characters are kept whole.
  while (shown < text.size() && (static_cast<unsigned char>(text[shown]) & 0xc0) == 0x80) --shown;
  std::string source = "\"" + std::string(text.substr(0, shown)) + "\"";
  if (shown < text.size())
    source += "[truncated " + std::to_string(text.size() - shown) + " chars]";
  return "[Source: (String)" + source + "; line: " + std::to_string(line) +
         ", column: " + std::to_string(column) + "]";
}

namespace {

JsonProblem Describe(std::string_view text, const json::ParseError& error, Jackson version) {
  std::optional<JsonProblem> problem = Reader(text, version).FindProblem();
  if (problem.has_value()) return *std::move(problem);
  return {.message = error.message, .line = error.line, .column = error.column};
}

}  // namespace

JsonProblem DescribeProblem(std::string_view text, const json::ParseError& error) {
  return Describe(text, error, Jackson::kOld);
}

std::string DescribeWithoutSource(std::string_view text, const json::ParseError& error) {
  const JsonProblem problem = Describe(text, error, Jackson::kNew);
  return problem.message + "\n at " + PlaceWithoutSource(problem.line, problem.column);
}

}  // namespace orderflow::asl
