#include "common/rpc/status.h"

#include <algorithm>
#include <string>

#include "common/base/status.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace orderflow::rpc {
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

// The details as serialized google.rpc.Status; empty if there are none.
std::string Details(const absl::Status& status, const std::string& message) {
  google::rpc::Status details;
  if (const auto info = GetErrorInfo(status)) AddErrorInfo(*info, details);
  if (const auto violations = GetFieldViolations(status); !violations.empty())
    AddBadRequest(violations, details);
  if (const auto delay = GetRetryDelay(status)) AddRetryInfo(*delay, details);
  if (details.details().empty()) return "";
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  return details.SerializeAsString();
}

ErrorInfo ToErrorInfo(const google::rpc::ErrorInfo& message) {
  ErrorInfo info{.reason = message.reason(), .domain = message.domain(), .metadata = {}};
  for (const auto& [key, value] : message.metadata()) info.metadata.emplace_back(key, value);
  std::sort(info.metadata.begin(), info.metadata.end());
  return info;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = CutMessage(status.message());
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      Details(status, message));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status out(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status details;
  if (status.error_details().empty() || !details.ParseFromString(status.error_details()))
    return out;
  for (const google::protobuf::Any& detail : details.details()) {
    if (google::rpc::ErrorInfo info; detail.UnpackTo(&info)) {
      out = WithErrorInfo(std::move(out), ToErrorInfo(info));
    } else if (google::rpc::RetryInfo retry; detail.UnpackTo(&retry)) {
      out = WithRetryDelay(std::move(out), absl::Seconds(retry.retry_delay().seconds()) +
                                               absl::Nanoseconds(retry.retry_delay().nanos()));
    } else if (google::rpc::BadRequest bad; detail.UnpackTo(&bad)) {
      std::vector<FieldViolation> violations;
      for (const auto& each : bad.field_violations())
        violations.push_back({each.field(), each.description()});
      out = WithFieldViolations(std::move(out), violations);
    }
  }
  return out;
}

}  // namespace orderflow::rpc
