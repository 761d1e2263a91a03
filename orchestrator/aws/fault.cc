#include "orchestrator/aws/fault.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "orchestrator/api/states_error.h"

namespace orderflow::aws {

Fault ToFault(const absl::Status& status) {
  const std::string message(status.message());
  const std::optional<ErrorInfo> info = GetErrorInfo(status);
  if (info && info->domain == api::kStatesErrorDomain) {
    // The SDKs repeat a call that was answered with a 5xx status.
    return {info->reason == "ServiceUnavailable" ? 503 : 400, info->reason,
            api::AwsMessage(status)};
  }
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
      return {503, "ServiceUnavailable", message};
    case absl::StatusCode::kResourceExhausted:
      return {400, "ThrottlingException", message};
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return {400, "ValidationException", message};
    default:
      return {500, "InternalFailure", "internal error; the server's log has the details"};
  }
}

http::ServerResponse MakeResponse(int http_status, std::string json, std::string request_id) {
  return {.status = http_status,
          .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                      {"x-amzn-RequestId", std::move(request_id)}},
          .body = std::move(json)};
}

http::ServerResponse MakeResponse(const Fault& fault, std::string request_id) {
  // Words of a library may be in any encoding.
  const std::string message =
      json::IsUtf8(fault.message) ? fault.message : absl::CHexEscape(fault.message);
  const json::Value body = json::Value::Object({{"__type", fault.type}, {"message", message}});
  return MakeResponse(fault.http_status, json::Serialize(body), std::move(request_id));
}

}  // namespace orderflow::aws
