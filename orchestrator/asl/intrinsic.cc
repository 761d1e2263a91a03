#include "orchestrator/asl/intrinsic.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "orchestrator/asl/describe.h"

namespace orderflow::asl {

using json::Value;

// Reads one call; the first mistake ends it.
class IntrinsicParser {
 public:
  explicit IntrinsicParser(std::string_view text) : text_(text) {}

  bool ParseCall(Intrinsic& out, int depth) {
    if (depth > Intrinsic::kMaxDepth) return Fail("calls nest at most 10 deep");
    const size_t begin = at_;
    if (!ParseName(out)) return false;
    if (!Accept('(')) return Fail("expected '('");
    SkipBlanks();
    while (!Accept(')')) {
      if (!out.arguments_.empty() && !Accept(',')) return Fail("expected ',' or ')'");
      if (!ParseArgument(out.arguments_.emplace_back(), depth)) return false;
      SkipBlanks();
    }
    out.text_ = std::string(text_.substr(begin, at_ - begin));
    return true;
  }

  bool AtEnd() const { return at_ == text_.size(); }
  bool Fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem) + " at position " + std::to_string(at_ + 1);
    return false;
  }
  const std::string& problem() const { return problem_; }

 private:
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Accept(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r') ++at_;
  }

  bool ParseName(Intrinsic& out) {
    const size_t begin = at_;
    while (!AtEnd() && (Peek() == '.' || Peek() == '_' ||
                        absl::ascii_isalnum(static_cast<unsigned char>(Peek())))) {
      ++at_;
    }
    const std::string name(text_.substr(begin, at_ - begin));
    out.function_ = FindIntrinsicFunction(name);
    if (out.function_ != nullptr) return true;
    at_ = begin;
    return Fail("there is no function '" + name + "'; expected one of " + IntrinsicFunctionNames());
  }

  bool ParseArgument(Intrinsic::Argument& out, int depth) {
    SkipBlanks();
    if (Peek() == '$') return ParsePath(out);
    if (Peek() == '\'') return ParseText(out);
    if (Intrinsic::LooksLikeCall(text_.substr(at_))) {
      auto call = std::make_shared<Intrinsic>();
      if (!ParseCall(*call, depth + 1)) return false;
      out.call = std::move(call);
      return true;
    }
    return ParseLiteral(out);
  }

  bool ParsePath(Intrinsic::Argument& out) {
    size_t length = 0;
    std::string problem;
    out.path = Path::ParsePrefix(text_.substr(at_), length, problem);
    if (!out.path.has_value()) return Fail(problem);
    at_ += length;
    return true;
  }

  // 'text' with the escapes \' \{ \} and \\.
  bool ParseText(Intrinsic::Argument& out) {
    ++at_;
    std::string text;
    const size_t begin = at_;
    while (!AtEnd() && Peek() != '\'') {
      if (Peek() == '\\') {
        ++at_;
        if (std::string_view("'{}\\").find(Peek()) == std::string_view::npos || AtEnd()) {
          return Fail("a backslash escapes only ', {, } and itself");
        }
      }
      text += text_[at_++];
    }
    out.raw = std::string(text_.substr(begin, at_ - begin));
    out.literal = Value(std::move(text));
    return Accept('\'') || Fail("a text is not closed by '");
  }

  // A number, true, false or null.
  bool ParseLiteral(Intrinsic::Argument& out) {
    size_t end = at_;
    while (end < text_.size() &&
           std::string_view(",() \t\r\n").find(text_[end]) == std::string_view::npos)
      ++end;
    const json::ParseResult parsed = json::Parse(text_.substr(at_, end - at_));
    if (!parsed.value.has_value() || parsed.value->IsString() || parsed.value->IsArray() ||
        parsed.value->IsObject()) {
      return Fail(
          "expected a path, a text in single quotes, a number, true, false, null or a call");
    }
    out.literal = *parsed.value;
    at_ = end;
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::string problem_;
};

std::optional<Intrinsic> Intrinsic::Parse(std::string_view text, std::string& problem) {
  IntrinsicParser parser(text);
  Intrinsic call;
  if (parser.ParseCall(call, 1) &&
      (parser.AtEnd() || parser.Fail("unexpected text after the call")))
    return call;
  problem = parser.problem();
  return std::nullopt;
}

bool Intrinsic::TakesItsArguments() const {
  const auto count = static_cast<int>(arguments_.size());
  return count >= function_->min_arguments &&
         (function_->max_arguments < 0 || count <= function_->max_arguments);
}

Failure Intrinsic::ArgumentNotFound(const Path& path, const Scope& scope) const {
  // A path into the Context Object is told as one into the input.
  std::string text = path.text();
  if (path.from_context()) text.erase(0, 1);
  return RuntimeFailure("The function '" + text_ +
                        "' had the following error: The JsonPath argument for the field '" + text +
                        "' could not be found in the input '" + DescribeInput(scope.input) + "'");
}

Evaluated<Value> Intrinsic::ArgumentAt(const Path& path, const Scope& scope) const {
  const Value* root = scope.Root(path);
  if (root == nullptr) return ArgumentNotFound(path, scope);
  Path::Result found = path.Evaluate(*root);
  if (found.value.has_value() && !found.past_the_end) return *std::move(found.value);
  const std::optional<std::string> misuse = path.DescribeMisuse(*root);
  if (!misuse.has_value()) return ArgumentNotFound(path, scope);
  return RuntimeFailure("The function '" + text_ + "' had the following error: " + *misuse);
}

Evaluated<IntrinsicArgument> Intrinsic::EvaluateArgument(const Argument& argument,
                                                         const Intrinsic& whole,
                                                         const Scope& scope) const {
  if (argument.call != nullptr) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(Value value, argument.call->EvaluateWithin(whole, scope));
    return IntrinsicArgument{.value = std::move(value),
                             .is_parsed_json = argument.call->name() == "States.StringToJson"};
  }
  if (argument.path.has_value()) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(Value value, whole.ArgumentAt(*argument.path, scope));
    return IntrinsicArgument{.value = std::move(value)};
  }
  return IntrinsicArgument{.value = argument.literal,
                           .raw = argument.raw,
                           .is_literal_text = argument.literal.IsString()};
}

Evaluated<Value> Intrinsic::EvaluateWithin(const Intrinsic& whole, const Scope& scope) const {
  std::vector<IntrinsicArgument> arguments;
  arguments.reserve(arguments_.size());
  for (const Argument& argument : arguments_) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(IntrinsicArgument evaluated,
                                 EvaluateArgument(argument, whole, scope));
    arguments.push_back(std::move(evaluated));
  }
  Evaluated<Value> result =
      TakesItsArguments() ? function_->apply(arguments, scope.random) : Failure{};
  if (result.ok()) return result;
  return RuntimeFailure(
      "There was an error while evaluating the intrinsic function: " + whole.text_ + ". " +
      result.failure().cause.value_or("Invalid arguments in " + std::string(function_->name)));
}

Evaluated<Value> Intrinsic::Evaluate(const Scope& scope) const {
  return EvaluateWithin(*this, scope);
}

void Intrinsic::ForEachPath(const std::function<void(const Path&)>& visit) const {
  for (const Argument& argument : arguments_) {
    if (argument.call != nullptr) argument.call->ForEachPath(visit);
    if (argument.path.has_value()) visit(*argument.path);
  }
}

void Intrinsic::ForEachMiscount(const std::function<void(const std::string&)>& visit) const {
  if (!TakesItsArguments()) {
    std::string expected = std::to_string(function_->min_arguments);
    if (function_->max_arguments < 0) expected = "at least " + expected;
    if (function_->max_arguments > function_->min_arguments)
      expected += " to " + std::to_string(function_->max_arguments);
    visit(std::string(function_->name) + " takes " + expected + " arguments, not " +
          std::to_string(arguments_.size()));
  }
  for (const Argument& argument : arguments_) {
    if (argument.call != nullptr) argument.call->ForEachMiscount(visit);
  }
}

}  // namespace orderflow::asl
