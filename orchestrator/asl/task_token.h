#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/asl/execution_context.h"

namespace orderflow::asl {

// One try at a task. Unique within its execution, and the same after a replay.
using AttemptId = int64_t;

// The token by which somebody outside answers one attempt: `$$.Task.Token`, and what an activity's
// worker is given. The same for the same attempt after a replay. Carries the execution's ARN, so
// that it is its own directory, and a tag made with the context's `token_key`, so that nobody
// without the key can make one.
std::string TaskToken(const ExecutionContext& context, AttemptId attempt);

// What a token says; its tag has not been checked yet: make the token again and compare.
// Nothing where the text is no token at all.
struct TokenContent {
  std::string execution_arn;
  AttemptId attempt = 0;
  bool operator==(const TokenContent&) const = default;
};
std::optional<TokenContent> ReadTaskToken(std::string_view token);

}  // namespace orderflow::asl
