#include "orchestrator/asl/regex.h"

#include <re2/re2.h>

namespace orderflow::asl {
namespace {

// Of the compiled expression and of what a match needs.
constexpr int64_t kMaxMemory = 1 << 20;

constexpr std::string_view kFlags = "dimsu";

}  // namespace

std::optional<Regex> Regex::Compile(std::string_view pattern, std::string_view flags,
                                    std::string& problem) {
  if (pattern.size() > kMaxBytes) {
    problem = "a regular expression has at most " + std::to_string(kMaxBytes) + " bytes";
    return std::nullopt;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  std::string prefix;
  for (const char flag : flags) {
    if (kFlags.find(flag) == std::string_view::npos) {
      problem = std::string("the flag '") + flag + "' of a regular expression is not supported";
      return std::nullopt;
    }
    if (flag == 'i') options.set_case_sensitive(false);
    if (flag == 's') options.set_dot_nl(true);
    if (flag == 'm') prefix = "(?m)";
  }
  auto compiled = std::make_shared<const re2::RE2>(prefix + std::string(pattern), options);
  if (!compiled->ok()) {
    problem = "the regular expression is not understood: " + compiled->error();
    return std::nullopt;
  }
  return Regex(std::move(compiled));
}

bool Regex::Matches(std::string_view text) const {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace orderflow::asl
