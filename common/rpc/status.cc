#include "common/rpc/status.h"

#include <algorithm>
#include <string>

#include "common/base/status.h"
#include "common/failure/rpc_status.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace orderflow::rpc {
namespace {

ErrorInfo ToErrorInfo(const google::rpc::ErrorInfo& message) {
  ErrorInfo info{.reason = message.reason(), .domain = message.domain(), .metadata = {}};
  for (const auto& [key, value] : message.metadata()) info.metadata.emplace_back(key, value);
  std::sort(info.metadata.begin(), info.metadata.end());
  return info;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status whole = failure::ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), whole.message(),
                      whole.details().empty() ? "" : whole.SerializeAsString());
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
