#include "orchestrator/asl/path_pattern.h"

#include <re2/re2.h>

#include <utility>

namespace orderflow::asl {
namespace {

// Of the compiled expression and what it keeps while it matches: enough for `.{1,100}`.
constexpr int64_t kMaxBytes = 32 << 10;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

PathPattern::PathPattern(std::unique_ptr<const re2::RE2> expression)
    : expression_(std::move(expression)) {}

PathPattern::~PathPattern() = default;

std::shared_ptr<const PathPattern> PathPattern::Compile(std::string_view expression,
                                                        std::string_view flags,
                                                        std::string& problem) {
  if (flags.find_first_not_of("ims") != std::string_view::npos) {
    problem = "the flags of a regular expression are i, m and s, not '" + std::string(flags) + "'";
    return nullptr;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxBytes);
  std::string whole(expression);
  if (!flags.empty()) whole = "(?" + std::string(flags) + ")" + whole;
  auto compiled = std::make_unique<const re2::RE2>(Piece(whole), options);
  if (!compiled->ok()) {
    problem = "not a regular expression: " + compiled->error();
    return nullptr;
  }
  return std::make_shared<const PathPattern>(std::move(compiled));
}

bool PathPattern::Matches(std::string_view text) const {
  return re2::RE2::FullMatch(Piece(text), *expression_);
}

}  // namespace orderflow::asl
