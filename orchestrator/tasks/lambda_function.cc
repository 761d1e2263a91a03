#include "orchestrator/tasks/lambda_function.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"

namespace orderflow::tasks {
namespace {

// The limits of the Lambda API.
constexpr size_t kMaxNameBytes = 140;
constexpr size_t kMaxQualifierBytes = 128;
constexpr size_t kAccountDigits = 12;

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

bool IsWord(std::string_view text, size_t max_bytes) {
  if (text.empty() || text.size() > max_bytes) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_') return false;
  }
  return true;
}

bool IsRegion(std::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-') return false;
  }
  return !text.empty() && text.size() <= 32;
}

bool IsAccount(std::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return text.size() == kAccountDigits;
}

absl::Status Error(std::string_view text, std::string_view what, std::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(Quote(text, 200), ": ", std::string(what),
                                                 "; expected ", std::string(expected)));
}

// What is wrong with "NAME" or "NAME:QUALIFIER", which is put into `function`; empty if nothing is.
std::string ReadName(const std::vector<std::string_view>& parts, size_t first,
                     LambdaFunction& function) {
  if (parts.size() <= first) return "the function's name is missing";
  if (parts.size() > first + 2)
    return absl::StrCat("what is behind ", Quote(parts[first + 1]), "?");
  function.name = parts[first];
  if (!IsWord(function.name, kMaxNameBytes)) {
    return absl::StrCat(Quote(function.name),
                        " is not a function's name (letters, digits, '-' and '_')");
  }
  if (parts.size() == first + 1) return "";
  function.qualifier = parts[first + 1];
  if (IsLambdaQualifier(function.qualifier)) return "";
  return absl::StrCat(Quote(function.qualifier), " is neither a version nor an alias");
}

// The same for "ACCOUNT:function:NAME..." behind `first` parts.
std::string ReadAccount(const std::vector<std::string_view>& parts, size_t first,
                        LambdaFunction& function) {
  if (!IsAccount(parts[first]))
    return absl::StrCat(Quote(parts[first]), " is not an account of 12 digits");
  function.account = parts[first];
  if (parts.size() <= first + 1 || parts[first + 1] != "function")
    return "\"function\" is missing behind the account";
  return ReadName(parts, first + 2, function);
}

std::string ReadArn(const std::vector<std::string_view>& parts, LambdaFunction& function) {
  if (parts.size() < 5) return "the region or the account is missing";
  if (!IsRegion(parts[3])) return absl::StrCat(Quote(parts[3]), " is not a region");
  function.region = parts[3];
  return ReadAccount(parts, 4, function);
}

}  // namespace

std::string LambdaFunction::ToString() const {
  std::string text = name;
  if (!account.empty()) text = absl::StrCat(account, ":function:", name);
  if (!region.empty()) text = absl::StrCat(std::string(kLambdaArn), region, ":", text);
  return qualifier.empty() ? text : absl::StrCat(text, ":", qualifier);
}

bool IsLambdaQualifier(std::string_view text) {
  return text == "$LATEST" || IsWord(text, kMaxQualifierBytes);
}

absl::StatusOr<LambdaFunction> ParseLambdaArn(std::string_view text) {
  LambdaFunction function;
  const std::string problem = text.substr(0, kLambdaArn.size()) == kLambdaArn
                                  ? ReadArn(Split(text), function)
                                  : "not the ARN of a function";
  if (problem.empty()) return function;
  return Error(text, problem, "arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]");
}

absl::StatusOr<LambdaFunction> ParseFunctionName(std::string_view text) {
  LambdaFunction function;
  const std::vector<std::string_view> parts = Split(text);
  std::string problem;
  if (text.substr(0, kLambdaArn.size()) == kLambdaArn) {
    problem = ReadArn(parts, function);
  } else if (parts.size() > 1 && parts[1] == "function") {
    problem = ReadAccount(parts, 0, function);
  } else {
    problem = ReadName(parts, 0, function);
  }
  if (problem.empty()) return function;
  return Error(text, problem, "NAME[:QUALIFIER] or the ARN of a function");
}

}  // namespace orderflow::tasks
