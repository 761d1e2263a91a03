#include "orchestrator/api/qualified_arn.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::api {
namespace {

// arn:aws:states:<region>:<account>:stateMachine:<name> has six colons.
constexpr int kColonsOfMachine = 6;
constexpr size_t kMaxAliasLength = 80;
constexpr auto kMachine = engine::Arn::Kind::kStateMachine;

// Where the qualifier's colon is, or npos.
size_t FindQualifier(std::string_view arn) {
  size_t at = std::string_view::npos;
  for (int colon = 0; colon <= kColonsOfMachine; ++colon) {
    at = arn.find(':', at + 1);
    if (at == std::string_view::npos) return at;
  }
  return at;
}

bool IsNumber(std::string_view text, int64_t& number) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && rest == text.data() + text.size() && number > 0;
}

}  // namespace

bool IsAliasName(std::string_view name) {
  const auto may_stand = [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kMaxAliasLength &&
         std::all_of(name.begin(), name.end(), may_stand) &&
         !std::all_of(name.begin(), name.end(), absl::ascii_isdigit);
}

absl::StatusOr<QualifiedArn> CheckQualifiedArn(std::string_view field, std::string_view arn) {
  ORDERFLOW_RETURN_IF_ERROR(CheckLength(field, arn, 1, kMaxArnLength));
  if (const auto whole = engine::ParseArn(arn); whole && whole->kind != kMachine)
    return CheckArn(field, arn, kMachine).status();
  const size_t colon = FindQualifier(arn);
  const std::string_view machine = arn.substr(0, colon);
  ORDERFLOW_RETURN_IF_ERROR(CheckArn(field, machine, kMachine).status());
  QualifiedArn qualified{std::string(machine), 0, ""};
  if (colon == std::string_view::npos) return qualified;
  const std::string_view qualifier = arn.substr(colon + 1);
  if (IsNumber(qualifier, qualified.version)) return qualified;
  if (!IsAliasName(qualifier)) return InvalidArn(arn, "Invalid ARN");
  qualified.version = 0;
  qualified.alias = std::string(qualifier);
  return qualified;
}

std::string VersionArn(std::string_view machine_arn, int64_t version) {
  return absl::StrCat(std::string(machine_arn), ":", version);
}

std::string AliasArn(std::string_view machine_arn, std::string_view alias) {
  return absl::StrCat(std::string(machine_arn), ":", std::string(alias));
}

}  // namespace orderflow::api
