#include "orchestrator/asl/task_token.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/hash/sha256.h"

namespace orderflow::asl {
namespace {

// The key goes through the hash twice, as in HMAC, so that a tag cannot be prolonged.
std::string Tag(const std::string& key, const std::string& text) {
  return Sha256Hex(key + Sha256(key + text)).substr(0, 32);
}

}  // namespace

std::string TaskToken(const ExecutionContext& context, AttemptId attempt) {
  const std::string text = context.execution_arn + "\n" + std::to_string(attempt);
  return absl::WebSafeBase64Escape(text + "\n" + Tag(context.token_key, text));
}

std::optional<TokenContent> ReadTaskToken(std::string_view token) {
  std::string text;
  if (!absl::WebSafeBase64Unescape({token.data(), token.size()}, &text)) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(text, '\n');
  TokenContent content;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[1], &content.attempt)) return std::nullopt;
  content.execution_arn = parts[0];
  return content;
}

}  // namespace orderflow::asl
