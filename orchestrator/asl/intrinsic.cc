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
    return CheckCount(out);
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

  bool CheckCount(const Intrinsic& call) {
    const IntrinsicFunction& function = *call.function_;
    const int count = static_cast<int>(call.arguments_.size());
    if (count >= function.min_arguments &&
        (function.max_arguments < 0 || count <= function.max_arguments))
      return true;
    std::string expected = std::to_string(function.min_arguments);
    if (function.max_arguments < 0) expected = "at least " + expected;
    if (function.max_arguments > function.min_arguments)
      expected += " to " + std::to_string(function.max_arguments);
    return Fail(std::string(function.name) + " takes " + expected + " arguments, not " +
                std::to_string(count));
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

Evaluated<IntrinsicArgument> Intrinsic::EvaluateArgument(const Argument& argument,
                                                         const Scope& scope) const {
  if (argument.call != nullptr) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(Value value, argument.call->Evaluate(scope));
    return IntrinsicArgument{.value = std::move(value), .raw = {}};
  }
  if (!argument.path.has_value()) {
    return IntrinsicArgument{.value = argument.literal,
                             .raw = argument.raw,
                             .is_literal_text = argument.literal.IsString()};
  }
  const Path& path = *argument.path;
  const Value* root = scope.Root(path);
  Path::Result found = root == nullptr ? Path::Result{} : path.Evaluate(*root);
  if (found.value.has_value())
    return IntrinsicArgument{.value = *std::move(found.value), .raw = {}};
  return RuntimeFailure("The function '" + text_ +
                        "' had the following error: The JsonPath argument for the field '" +
                        path.text() + "' could not be found in the input '" +
                        DescribeInput(scope.input) + "'");
}

Evaluated<Value> Intrinsic::Evaluate(const Scope& scope) const {
  std::vector<IntrinsicArgument> arguments;
  arguments.reserve(arguments_.size());
  for (const Argument& argument : arguments_) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(IntrinsicArgument evaluated, EvaluateArgument(argument, scope));
    arguments.push_back(std::move(evaluated));
  }
  Evaluated<Value> result = function_->apply(arguments, scope.random);
  if (result.ok()) return result;
  return Failure{result.failure().error, "The function '" + text_ + "' had the following error: " +
                                             result.failure().cause.value_or("")};
}

void Intrinsic::ForEachPath(const std::function<void(const Path&)>& visit) const {
  for (const Argument& argument : arguments_) {
    if (argument.call != nullptr) argument.call->ForEachPath(visit);
    if (argument.path.has_value()) visit(*argument.path);
  }
}

}  // namespace orderflow::asl
