#include "common/base/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace orderflow {
namespace {

// Payloads are lists of strings, each behind its length in decimal and a colon. They never leave
// the process.
constexpr char kErrorInfo[] = "orderflow/error-info";
constexpr char kViolations[] = "orderflow/field-violations";
constexpr char kRetryDelay[] = "orderflow/retry-delay";

void AppendField(std::string& out, std::string_view field) {
  out.append(std::to_string(field.size())).append(":").append(field);
}

std::vector<std::string> SplitFields(const absl::Cord& cord) {
  std::vector<std::string> fields;
  const std::string text(cord);
  size_t at = 0;
  while (at < text.size()) {
    const size_t colon = text.find(':', at);
    const size_t size = std::stoul(text.substr(at, colon - at));
    fields.push_back(text.substr(colon + 1, size));
    at = colon + 1 + size;
  }
  return fields;
}

std::vector<std::string> Payload(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() ? SplitFields(*payload) : std::vector<std::string>();
}

}  // namespace

absl::Status WithErrorInfo(absl::Status status, const ErrorInfo& info) {
  std::string payload;
  AppendField(payload, info.reason);
  AppendField(payload, info.domain);
  for (const auto& [key, value] : info.metadata) {
    AppendField(payload, key);
    AppendField(payload, value);
  }
  status.SetPayload(kErrorInfo, absl::Cord(payload));
  return status;
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  std::string payload;
  AppendField(payload, std::to_string(absl::ToInt64Microseconds(delay)));
  status.SetPayload(kRetryDelay, absl::Cord(payload));
  return status;
}

absl::Status WithFieldViolations(absl::Status status,
                                 const std::vector<FieldViolation>& violations) {
  std::string payload;
  for (const FieldViolation& violation : violations) {
    AppendField(payload, violation.field);
    AppendField(payload, violation.description);
  }
  status.SetPayload(kViolations, absl::Cord(payload));
  return status;
}

absl::Status InvalidArgumentError(const std::vector<FieldViolation>& violations) {
  std::string message;
  for (const FieldViolation& violation : violations) {
    if (!message.empty()) message += "; ";
    message.append(violation.field).append(": ").append(violation.description);
  }
  return WithFieldViolations(absl::InvalidArgumentError(message), violations);
}

std::optional<ErrorInfo> GetErrorInfo(const absl::Status& status) {
  const std::vector<std::string> fields = Payload(status, kErrorInfo);
  if (fields.size() < 2) return std::nullopt;
  ErrorInfo info{.reason = fields[0], .domain = fields[1], .metadata = {}};
  for (size_t i = 2; i + 1 < fields.size(); i += 2)
    info.metadata.emplace_back(fields[i], fields[i + 1]);
  return info;
}

std::vector<FieldViolation> GetFieldViolations(const absl::Status& status) {
  const std::vector<std::string> fields = Payload(status, kViolations);
  std::vector<FieldViolation> violations;
  for (size_t i = 0; i + 1 < fields.size(); i += 2)
    violations.push_back({fields[i], fields[i + 1]});
  return violations;
}

std::optional<absl::Duration> GetRetryDelay(const absl::Status& status) {
  const std::vector<std::string> fields = Payload(status, kRetryDelay);
  if (fields.empty()) return std::nullopt;
  return absl::Microseconds(std::stoll(fields[0]));
}

std::string_view StatusCodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kCancelled:
      return "CANCELLED";
    case absl::StatusCode::kUnknown:
      return "UNKNOWN";
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case absl::StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case absl::StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case absl::StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case absl::StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case absl::StatusCode::kAborted:
      return "ABORTED";
    case absl::StatusCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case absl::StatusCode::kUnimplemented:
      return "UNIMPLEMENTED";
    case absl::StatusCode::kInternal:
      return "INTERNAL";
    case absl::StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case absl::StatusCode::kDataLoss:
      return "DATA_LOSS";
    case absl::StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    default:
      return "UNKNOWN";
  }
}

}  // namespace orderflow
