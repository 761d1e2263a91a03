#include "orchestrator/api/request_checks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/states_error.h"

namespace orderflow::api {
namespace {

// What AWS does not allow in names, besides white space and control characters.
constexpr std::string_view kForbidden = "<>{}[]?*\"#%\\^|~`$&,;:/";

std::string Shortened(std::string_view value) {
  constexpr size_t kShown = 4096;  // as long as nobody means harm, all of it, as the service does
  if (value.size() <= kShown) return std::string(value);
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(std::string(value.substr(0, end)), "...");
}

bool HasForbiddenCharacter(std::string_view name) {
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (byte <= 0x20 || byte == 0x7F) return true;
    if (kForbidden.find(name[i]) != std::string_view::npos) return true;
    const auto next = [&](size_t n) {
      return i + n < name.size() ? static_cast<unsigned char>(name[i + n]) : 0;
    };
    // U+0080 to U+00A0: control characters and the no-break space.
    if (byte == 0xC2 && next(1) >= 0x80 && next(1) <= 0xA0) return true;
    // U+FFFE and U+FFFF.
    if (byte == 0xEF && next(1) == 0xBF && next(2) >= 0xBE) return true;
  }
  return false;
}

std::string_view KindName(engine::Arn::Kind kind) {
  switch (kind) {
    case engine::Arn::Kind::kStateMachine:
      return "stateMachine";
    case engine::Arn::Kind::kExecution:
      return "execution";
    case engine::Arn::Kind::kExpress:
      return "express";
    case engine::Arn::Kind::kActivity:
      return "activity";
    case engine::Arn::Kind::kMapRun:
      return "mapRun";
  }
  return "";
}

}  // namespace

size_t CountCharacters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

absl::Status CheckLength(std::string_view field, std::string_view value, size_t min, size_t max) {
  const size_t length = CountCharacters(value);
  if (length < min) {
    return ConstraintError(field, Shortened(value),
                           absl::StrCat("Member must have length greater than or equal to ", min));
  }
  if (length > max) {
    return ConstraintError(field, Shortened(value),
                           absl::StrCat("Member must have length less than or equal to ", max));
  }
  return absl::OkStatus();
}

absl::Status CheckName(std::string_view name) {
  ORDERFLOW_RETURN_IF_ERROR(CheckLength("name", name, 1, kMaxNameLength));
  if (HasForbiddenCharacter(name)) {
    return StatesError("InvalidName", absl::StrCat("Invalid Name: '", Shortened(name), "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<engine::Arn> CheckArn(std::string_view field, std::string_view arn,
                                     engine::Arn::Kind kind) {
  ORDERFLOW_RETURN_IF_ERROR(CheckLength(
      field, arn, 1, kind == engine::Arn::Kind::kMapRun ? kMaxLongArnLength : kMaxArnLength));
  const std::optional<engine::Arn> parsed = engine::ParseArn(arn);
  if (!parsed) {
    return InvalidArn(arn, arn.substr(0, 4) == "arn:" ? "Invalid ARN" : "Invalid ARN prefix");
  }
  if (parsed->kind != kind) {
    return InvalidArn(KindName(parsed->kind), "Resource type not valid in this context");
  }
  return *parsed;
}

absl::Status CheckDefinitionLength(std::string_view definition) {
  if (!definition.empty() && definition.size() <= kMaxDefinitionBytes) return absl::OkStatus();
  // Without the value, as AWS does it for what may be confidential.
  return StatesError(
      "ValidationException",
      absl::StrCat("1 validation error detected: Value at 'definition' failed to satisfy "
                   "constraint: Member must have length ",
                   definition.empty()
                       ? "greater than or equal to 1"
                       : absl::StrCat("less than or equal to ", kMaxDefinitionBytes)));
}

absl::StatusOr<int> CheckPageSize(int max_results) {
  if (max_results < 0) {
    return ConstraintError("maxResults", absl::StrCat(max_results),
                           "Member must have value greater than or equal to 0");
  }
  if (max_results > kMaxPage) {
    return ConstraintError("maxResults", absl::StrCat(max_results),
                           absl::StrCat("Member must have value less than or equal to ", kMaxPage));
  }
  return max_results == 0 ? kDefaultPage : max_results;
}

absl::StatusOr<std::string> CheckToken(const std::string* token, size_t max_length) {
  if (token == nullptr) return std::string();
  ORDERFLOW_RETURN_IF_ERROR(CheckLength("nextToken", *token, 1, max_length));
  return *token;
}

absl::StatusOr<json::Value> CheckInput(std::string_view input, size_t max_bytes) {
  if (input.size() > max_bytes) {
    // Without the value, as AWS does it for what may be confidential.
    return StatesError(
        "ValidationException",
        absl::StrCat("1 validation error detected: Value at 'input' failed to satisfy "
                     "constraint: Member must have length less than or equal to ",
                     max_bytes));
  }
  json::ParseResult parsed = json::Parse(input);
  if (parsed.value) return *std::move(parsed.value);
  constexpr std::string_view kError = "InvalidExecutionInput";
  constexpr std::string_view kPrefix = "Invalid State Machine Execution Input";
  if (input.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return StatesError(kError, absl::StrCat(std::string(kPrefix), ": 'Invalid execution input.'"));
  return InvalidJson(kError, kPrefix, input, *parsed.error);
}

absl::Status CheckTraceHeader(std::string_view header) {
  ORDERFLOW_RETURN_IF_ERROR(CheckLength("traceHeader", header, 0, kMaxTraceHeaderLength));
  const bool ascii = std::all_of(header.begin(), header.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return absl::OkStatus();
  return ConstraintError("traceHeader", Shortened(header),
                         "Member must satisfy regular expression pattern: \\p{ASCII}*");
}

absl::Status CheckEncryption(const workflow::v1::EncryptionConfiguration& encryption) {
  if (encryption.type() != workflow::v1::ENCRYPTION_TYPE_CUSTOMER_MANAGED_KMS_KEY)
    return absl::OkStatus();
  return StatesError("InvalidEncryptionConfiguration",
                     "Invalid Encryption Configuration: 'only AWS_OWNED_KEY is supported'");
}

}  // namespace orderflow::api
