#include "common/failure/rpc_status.h"

#include <string>

#include "common/base/status.h"
#include "google/rpc/error_details.pb.h"

namespace orderflow::failure {
namespace {

// A status travels in the trailers, which clients refuse beyond 8 KiB by default; what does not fit
// is cut.
constexpr size_t kMaxMessageBytes = 2048;
constexpr size_t kMaxViolationBytes = 3072;
constexpr char kCut[] = "... (cut)";

std::string CutMessage(absl::string_view message) {
  if (message.size() <= kMaxMessageBytes) return std::string(message);
  size_t end = kMaxMessageBytes - sizeof(kCut);
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80)
    --end;  // not inside a UTF-8 character
  return std::string(message.substr(0, end)) + kCut;
}

void AddErrorInfo(const ErrorInfo& info, google::rpc::Status& out) {
  google::rpc::ErrorInfo message;
  message.set_reason(info.reason);
  message.set_domain(info.domain);
  for (const auto& [key, value] : info.metadata)
    (*message.mutable_metadata())[key] = CutMessage(value);
  out.add_details()->PackFrom(message);
}

void AddBadRequest(const std::vector<FieldViolation>& violations, google::rpc::Status& out) {
  google::rpc::BadRequest message;
  size_t bytes = 0;
  for (size_t i = 0; i < violations.size(); ++i) {
    bytes += violations[i].field.size() + violations[i].description.size() + 8;
    auto* added = message.add_field_violations();
    if (bytes > kMaxViolationBytes && i > 0) {
      added->set_description("and " + std::to_string(violations.size() - i) + " more violations");
      break;
    }
    added->set_field(violations[i].field);
    added->set_description(CutMessage(violations[i].description));
  }
  out.add_details()->PackFrom(message);
}

void AddRetryInfo(absl::Duration delay, google::rpc::Status& out) {
  google::rpc::RetryInfo message;
  absl::Duration rest;
  message.mutable_retry_delay()->set_seconds(absl::IDivDuration(delay, absl::Seconds(1), &rest));
  message.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  out.add_details()->PackFrom(message);
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status out;
  out.set_code(static_cast<int>(status.code()));
  out.set_message(CutMessage(status.message()));
  if (const auto info = GetErrorInfo(status)) AddErrorInfo(*info, out);
  if (const auto violations = GetFieldViolations(status); !violations.empty())
    AddBadRequest(violations, out);
  if (const auto delay = GetRetryDelay(status)) AddRetryInfo(*delay, out);
  return out;
}

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

absl::Status ForCaller(const absl::Status& status) {
  if (!IsOurFault(status.code())) return status;
  return absl::Status(status.code(), "internal error; the server's log has the details");
}

}  // namespace orderflow::failure
