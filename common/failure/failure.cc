#include "common/failure/failure.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/failure/rpc_status.h"
#include "common/json/value.h"
#include "common/protojson/message_codec.h"
#include "google/rpc/error_details.pb.h"

namespace orderflow::failure {
namespace {

using json::Value;

// The States Language's services cut causes at 32,768 characters; the message and the details share
// that.
constexpr size_t kMaxMessageBytes = 8 * 1024;
constexpr size_t kMaxDetailsBytes = 20 * 1024;
constexpr size_t kMaxErrorBytes = 256;

std::string ToText(std::string_view bytes, size_t max_bytes) {
  if (!json::IsUtf8(bytes))
    return absl::CHexEscape(absl::string_view(bytes.data(), bytes.size())).substr(0, max_bytes);
  if (bytes.size() <= max_bytes) return std::string(bytes);
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(bytes[end]) & 0xc0) == 0x80)
    --end;  // not within a character
  return std::string(bytes.substr(0, end)) + "...";
}

std::string Cause(absl::StatusCode code, std::string_view message, Value details) {
  if (json::SerializedSize(details) > kMaxDetailsBytes) details = Value::List({});
  return json::Serialize(Value::Object({{"code", StatusCodeName(code)},
                                        {"message", ToText(message, kMaxMessageBytes)},
                                        {"details", std::move(details)}}));
}

// A type that is not linked in here appears with its bytes as base64.
Value DetailsToJson(const google::rpc::Status& status) {
  json::Array details;
  for (const google::protobuf::Any& detail : status.details()) {
    absl::StatusOr<Value> json = protojson::FromMessage(detail);
    if (json.ok()) details.push_back(*std::move(json));
  }
  return Value::FromArray(std::move(details));
}

// A server may send any number as its code.
absl::StatusCode CodeOf(int code) {
  const bool known = code > 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  return known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown;
}

}  // namespace

std::string ReasonOf(const google::rpc::Status& status) {
  for (const google::protobuf::Any& detail : status.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info) && !info.reason().empty())
      return ToText(info.reason(), kMaxErrorBytes);
  }
  return "";
}

TaskFailure FromRpcStatus(const google::rpc::Status& status) {
  const absl::StatusCode code = CodeOf(status.code());
  std::string error = ReasonOf(status);
  if (error.empty()) error = std::string("Grpc.").append(StatusCodeName(code));
  return {std::move(error), Cause(code, status.message(), DetailsToJson(status))};
}

TaskFailure FromStatus(const absl::Status& status) { return FromRpcStatus(ToRpcStatus(status)); }

absl::Status InvalidInputError(const std::vector<FieldViolation>& violations,
                               std::string_view request_type) {
  const FieldViolation& first = violations.front();
  std::string message =
      std::string("the task's input does not fit ").append(request_type).append(": ");
  if (!first.field.empty()) message.append(first.field).append(": ");
  message.append(first.description);
  if (violations.size() > 1) absl::StrAppend(&message, " (and ", violations.size() - 1, " more)");
  return WithFieldViolations(absl::InvalidArgumentError(message), violations);
}

}  // namespace orderflow::failure
