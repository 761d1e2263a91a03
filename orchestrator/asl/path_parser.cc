// The JSONPath grammar: reads text once, when a definition is created.

#include <charconv>

#include "absl/strings/ascii.h"
#include "orchestrator/asl/path.h"
#include "orchestrator/asl/path_filter.h"

namespace orderflow::asl {

// Reads one path, front to back; the first mistake ends it.
class PathParser {
 public:
  PathParser(std::string_view text, int filter_depth) : text_(text), filter_depth_(filter_depth) {}

  // A path that begins with `$`, or with `@` where an item is meant. Stops at the first character
  // that cannot belong to it.
  std::optional<Path> ParsePath() {
    Path path;
    const size_t begin = at_;
    if (!Accept('$') && !Accept('@')) return Fail("a path begins with '$'");
    if (text_[begin] == '$' && Accept('$')) {
      path.from_context_ = true;
    } else if (text_[begin] == '$' && BeginsVariable(Peek()) && !ParseVariable(path.variable_)) {
      return std::nullopt;
    }
    while (ok() && (Peek() == '.' || Peek() == '[')) {
      if (path.steps_.size() == Path::kMaxSteps) return Fail("a path has at most 128 steps");
      Path::Step step;
      if (!ParseStep(step)) return std::nullopt;
      path.steps_.push_back(std::move(step));
    }
    if (!ok()) return std::nullopt;
    Classify(path);
    path.text_ = std::string(text_.substr(begin, at_ - begin));
    return path;
  }

  bool AtEnd() const { return at_ == text_.size(); }
  size_t position() const { return at_; }
  bool ok() const { return problem_.empty(); }
  std::string problem() const { return problem_ + " at position " + std::to_string(at_ + 1); }
  void Reject(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

 private:
  using Step = Path::Step;
  using Kind = Path::Step::Kind;

  std::nullopt_t Fail(std::string problem) {
    Reject(std::move(problem));
    return std::nullopt;
  }
  bool False(std::string problem) {
    Reject(std::move(problem));
    return false;
  }

  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool Accept(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool AcceptWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t') ++at_;
  }

  static bool BeginsVariable(char c) {
    return c == '_' || absl::ascii_isalpha(static_cast<unsigned char>(c)) ||
           static_cast<unsigned char>(c) >= 0x80;
  }

  bool ParseVariable(std::string& name) {
    const size_t begin = at_;
    while (!AtEnd() && !EndsName(text_[at_])) ++at_;
    name = std::string(text_.substr(begin, at_ - begin));
    return IsVariableName(name) || False("'" + name + "' is not the name of a variable");
  }

  // What the steps say about the path as a whole. `['a','b']` at the end of a definite path picks
  // members of one object.
  static void Classify(Path& path) {
    for (const Step& step : path.steps_) {
      const bool single = (step.kind == Kind::kName || step.kind == Kind::kIndex) && !step.descend;
      const bool picks = step.kind == Kind::kNames && !step.descend && &step == &path.steps_.back();
      path.simple_ = path.simple_ && single;
      path.definite_ = path.definite_ && (single || picks);
    }
  }

  bool ParseStep(Step& step) {
    if (Accept('.')) {
      step.descend = Accept('.');
      if (step.descend && Peek() == '[') return ParseBracket(step);
      if (Accept('*')) {
        step.kind = Kind::kWildcard;
        return true;
      }
      return ParseBareName(step.name);
    }
    return ParseBracket(step);
  }

  static bool EndsName(char c) {
    const auto u = static_cast<unsigned char>(c);
    if (u <= ' ' || u == 0x7f) return true;
    return std::string_view(".[](),'\"*?<>=!&|@:{}").find(c) != std::string_view::npos;
  }

  bool ParseBareName(std::string& name) {
    const size_t begin = at_;
    while (!AtEnd() && !EndsName(text_[at_])) ++at_;
    if (at_ == begin) return False("expected a name after '.'");
    if (Peek() == '(')
      return False("functions such as '" + std::string(text_.substr(begin, at_ - begin)) +
                   "()' are not part of a path; use an intrinsic function");
    name = std::string(text_.substr(begin, at_ - begin));
    return true;
  }

  bool ParseBracket(Step& step) {
    ++at_;  // '['
    SkipBlanks();
    bool parsed = false;
    if (Peek() == '\'' || Peek() == '"') {
      parsed = ParseNames(step);
    } else if (Accept('*')) {
      step.kind = Kind::kWildcard;
      parsed = true;
    } else if (Accept('?')) {
      parsed = ParseFilterStep(step);
    } else {
      parsed = ParseIndexes(step);
    }
    if (!parsed) return false;
    SkipBlanks();
    return Accept(']') || False("expected ']'");
  }

  bool ParseNames(Step& step) {
    do {
      SkipBlanks();
      std::string name;
      if (!ParseQuoted(name)) return false;
      step.names.push_back(std::move(name));
      SkipBlanks();
    } while (Accept(','));
    step.kind = Kind::kNames;
    if (step.names.size() == 1) {
      step.kind = Kind::kName;
      step.name = std::move(step.names.front());
      step.names.clear();
    }
    return true;
  }

  // 'text' or "text"; a backslash escapes the quote and itself, and is a plain character before any
  // other.
  bool ParseQuoted(std::string& out) {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') return False("expected a quoted name");
    ++at_;
    while (!AtEnd() && text_[at_] != quote) {
      if (text_[at_] == '\\' && (Peek(1) == quote || Peek(1) == '\\')) ++at_;
      out += text_[at_++];
    }
    return Accept(quote) || False("a quoted text is not closed");
  }

  std::optional<int64_t> ParseInteger() {
    int64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || end == begin) return std::nullopt;
    at_ += static_cast<size_t>(end - begin);
    // Far more than any list holds, and small enough to add up without overflow.
    constexpr int64_t kLargest = int64_t{1} << 31;
    if (value > kLargest || value < -kLargest) {
      Reject("an index is at most 2147483648");
      return std::nullopt;
    }
    return value;
  }

  // `[1]`, `[0,2]`, `[1:5]`, `[:-1]`, `[::2]`
  bool ParseIndexes(Step& step) {
    const std::optional<int64_t> first = ParseInteger();
    if (!ok()) return false;
    SkipBlanks();
    if (Peek() == ':') return ParseSlice(step, first);
    if (!first.has_value())
      return False("expected an index, a slice, a quoted name, '*' or a filter in '[]'");
    step.indexes.push_back(*first);
    while (Accept(',')) {
      SkipBlanks();
      const std::optional<int64_t> index = ParseInteger();
      if (!index.has_value()) return False("expected an index after ','");
      step.indexes.push_back(*index);
      SkipBlanks();
    }
    step.kind = Kind::kIndexes;
    if (step.indexes.size() == 1) {
      step.kind = Kind::kIndex;
      step.index = *first;
      step.indexes.clear();
    }
    return true;
  }

  bool ParseSlice(Step& step, std::optional<int64_t> first) {
    step.kind = Kind::kSlice;
    step.from = first;
    ++at_;  // ':'
    SkipBlanks();
    step.to = ParseInteger();
    SkipBlanks();
    if (ok() && Accept(':')) {
      SkipBlanks();
      step.step = ParseInteger();
      if (ok() && step.step.has_value() && *step.step < 1)
        return False("the step of a slice is at least 1");
    }
    return ok();
  }

  bool ParseFilterStep(Step& step) {
    step.kind = Kind::kFilter;
    SkipBlanks();
    if (!Accept('(')) return False("expected '(' after '?'");
    PathFilter filter;
    if (!ParseOr(filter)) return false;
    SkipBlanks();
    if (!Accept(')')) return False("expected ')' at the end of the filter");
    step.filter = std::make_shared<const PathFilter>(std::move(filter));
    return true;
  }

  // Brackets, negations and filters within filters count as one more level each.
  bool Deeper() {
    return ++filter_depth_ <= Path::kMaxFilterDepth || False("a filter nests at most 16 deep");
  }

  bool ParseOr(PathFilter& out) { return ParseChain(out, PathFilter::Op::kOr, "||"); }
  bool ParseAnd(PathFilter& out) { return ParseChain(out, PathFilter::Op::kAnd, "&&"); }

  bool ParseChain(PathFilter& out, PathFilter::Op op, std::string_view word) {
    const auto parse = [this, op](PathFilter& child) {
      return op == PathFilter::Op::kOr ? ParseAnd(child) : ParseTerm(child);
    };
    PathFilter first;
    if (!parse(first)) return false;
    SkipBlanks();
    if (text_.substr(at_, 2) != word) {
      out = std::move(first);
      return true;
    }
    out.op = op;
    out.children.push_back(std::move(first));
    while (AcceptWord(word)) {
      PathFilter child;
      if (!parse(child)) return false;
      out.children.push_back(std::move(child));
      SkipBlanks();
    }
    return true;
  }

  bool ParseTerm(PathFilter& out) {
    SkipBlanks();
    if (!Deeper()) return false;
    bool parsed = false;
    if (Peek() == '!' && Peek(1) != '=') {
      ++at_;
      out.op = PathFilter::Op::kNot;
      parsed = ParseTerm(out.children.emplace_back());
    } else if (Accept('(')) {
      parsed = ParseOr(out);
      SkipBlanks();
      if (parsed && !Accept(')')) return False("expected ')'");
    } else {
      parsed = ParseComparison(out);
    }
    --filter_depth_;
    return parsed;
  }

  bool ParseComparison(PathFilter& out) {
    if (!ParseOperand(out.left)) return false;
    SkipBlanks();
    const std::optional<PathFilter::Op> op = ParseComparator();
    if (!ok()) return false;
    if (!op.has_value()) {
      out.op = PathFilter::Op::kExists;
      return out.left.path != nullptr || False("expected a comparison after a literal");
    }
    out.op = *op;
    SkipBlanks();
    if (!ParseOperand(out.right)) return false;
    const int expressions =
        (out.left.regex != nullptr ? 1 : 0) + (out.right.regex != nullptr ? 1 : 0);
    if (*op == PathFilter::Op::kMatches)
      return expressions == 1 || False("'=~' needs a regular expression on one side");
    return expressions == 0 || False("a regular expression stands beside '=~' only");
  }

  std::optional<PathFilter::Op> ParseComparator() {
    using Op = PathFilter::Op;
    static constexpr std::pair<std::string_view, Op> kComparators[] = {
        {"==", Op::kEq}, {"=~", Op::kMatches}, {"!=", Op::kNe},
        {"<=", Op::kLe}, {">=", Op::kGe},      {"<", Op::kLt},
        {">", Op::kGt},  {"in ", Op::kIn},     {"nin ", Op::kNotIn}};
    for (const auto& [word, op] : kComparators) {
      if (AcceptWord(word)) return op;
    }
    return std::nullopt;
  }

  bool ParseOperand(PathFilter::Operand& out) {
    if (Peek() == '@' || Peek() == '$') {
      out.from_item = Peek() == '@';
      PathParser inner(text_.substr(at_), filter_depth_ + 1);
      if (inner.filter_depth_ > Path::kMaxFilterDepth)
        return False("a filter nests at most 16 deep");
      std::optional<Path> path = inner.ParsePath();
      at_ += inner.position();
      if (!path.has_value()) return False(inner.problem_);
      if (!path->from_input())
        return False("a filter can ask neither the Context Object nor a variable");
      out.path = std::make_shared<const Path>(*std::move(path));
      return true;
    }
    if (Accept('[')) return ParseList(out.literal);
    if (Accept('/')) return ParseRegex(out);
    return ParseLiteral(out.literal);
  }

  // pattern/flags
  bool ParseRegex(PathFilter::Operand& out) {
    const size_t begin = at_;
    while (!AtEnd() && text_[at_] != '/')
      at_ += text_[at_] == '\\' && at_ + 1 < text_.size() ? 2 : 1;
    const std::string_view pattern = text_.substr(begin, at_ - begin);
    if (!Accept('/')) return False("a regular expression is not closed");
    const size_t flags = at_;
    while (absl::ascii_isalpha(static_cast<unsigned char>(Peek()))) ++at_;
    std::string problem;
    std::optional<Regex> regex = Regex::Compile(pattern, text_.substr(flags, at_ - flags), problem);
    if (!regex.has_value()) return False(std::move(problem));
    out.regex = std::make_shared<const Regex>(*std::move(regex));
    return true;
  }

  bool ParseList(json::Value& out) {
    json::Array items;
    SkipBlanks();
    while (!Accept(']')) {
      if (!items.empty() && !Accept(',')) return False("expected ',' or ']'");
      SkipBlanks();
      if (!ParseLiteral(items.emplace_back())) return false;
      SkipBlanks();
    }
    out = json::Value::FromArray(std::move(items));
    return true;
  }

  bool ParseLiteral(json::Value& out) {
    if (Peek() == '\'' || Peek() == '"') {
      std::string text;
      if (!ParseQuoted(text)) return false;
      out = json::Value(std::move(text));
      return true;
    }
    if (AcceptWord("true"))
      out = json::Value(true);
    else if (AcceptWord("false"))
      out = json::Value(false);
    else if (AcceptWord("null"))
      out = json::Value();
    else
      return ParseNumber(out);
    return true;
  }

  bool ParseNumber(json::Value& out) {
    const size_t begin = at_;
    while (!AtEnd() &&
           std::string_view("0123456789+-.eE").find(text_[at_]) != std::string_view::npos)
      ++at_;
    const json::ParseResult parsed = json::Parse(text_.substr(begin, at_ - begin));
    if (!parsed.value.has_value() || !parsed.value->IsNumber()) {
      at_ = begin;
      return False("expected a path, a number, a quoted text, true, false or null");
    }
    out = *parsed.value;
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  int filter_depth_;
  std::string problem_;
};

bool IsVariableName(std::string_view name) {
  constexpr size_t kMaxCharacters = 80;  // the language's limit
  size_t characters = 0;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80 && c != '_' && !absl::ascii_isalnum(u)) return false;
    characters += (u & 0xc0) != 0x80 ? 1 : 0;
  }
  return !name.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(name[0])) &&
         characters <= kMaxCharacters;
}

std::optional<Path> Path::ParsePrefix(std::string_view text, size_t& length, std::string& problem) {
  PathParser parser(text, 0);
  if (text.empty() || text[0] != '$') {
    problem = "a path begins with '$'";
    return std::nullopt;
  }
  std::optional<Path> path = parser.ParsePath();
  if (!path.has_value()) problem = parser.problem();
  length = parser.position();
  return path;
}

std::optional<Path> Path::Parse(std::string_view text, std::string& problem) {
  size_t length = 0;
  std::optional<Path> path = ParsePrefix(text, length, problem);
  if (path.has_value() && length != text.size()) {
    problem = "unexpected '" + std::string(text.substr(length, 1)) + "' at position " +
              std::to_string(length + 1);
    if (length == 1 && !path->from_context())
      problem += " (a path goes on with '.', '[' or the name of a variable)";
    return std::nullopt;
  }
  return path;
}

}  // namespace orderflow::asl
