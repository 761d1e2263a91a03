#include "orchestrator/tasks/status_mapping.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/json/value.h"
#include "common/protojson/message_codec.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace orderflow::tasks {
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

std::string ErrorName(absl::StatusCode code) {
  return std::string("Grpc.").append(StatusCodeName(code));
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

// Empty where the server gave none.
std::string ReasonOf(const google::rpc::Status& status) {
  for (const google::protobuf::Any& detail : status.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info) && !info.reason().empty())
      return ToText(info.reason(), kMaxErrorBytes);
  }
  return "";
}

// A server may send any number as its code.
absl::StatusCode CodeOf(const grpc::Status& status) {
  const int code = status.error_code();
  const bool known = code > 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  return known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown;
}

}  // namespace

asl::Failure FailureFromStatus(const grpc::Status& status, std::string_view method) {
  absl::StatusCode code = CodeOf(status);
  google::rpc::Status details;
  if (!status.error_details().empty() && !details.ParseFromString(status.error_details()))
    details.Clear();
  std::string reason = ReasonOf(details);
  std::string message = status.error_message();
  if (code == absl::StatusCode::kCancelled && reason.empty()) {
    code = absl::StatusCode::kUnavailable;
    message = std::string("the server cancelled the call: ").append(message);
  }
  // gRPC's own words name an address at best; a reason comes from the server itself.
  if (reason.empty() && (code == absl::StatusCode::kUnavailable || message.empty())) {
    message = message.empty() ? std::string("calling ").append(method)
                              : std::string("calling ").append(method).append(": ").append(message);
  }
  return asl::Failure{reason.empty() ? ErrorName(code) : std::move(reason),
                      Cause(code, message, DetailsToJson(details))};
}

asl::Failure FailureFromStatus(const absl::Status& status) {
  return asl::Failure{ErrorName(status.code()),
                      Cause(status.code(), std::string(status.message()), Value::List({}))};
}

asl::Failure TimeoutFailure() { return asl::Failure{"States.Timeout", std::nullopt}; }

asl::Failure InvalidInputFailure(const std::vector<FieldViolation>& violations,
                                 std::string_view request_type) {
  google::rpc::Status details;
  google::rpc::BadRequest bad_request;
  for (const FieldViolation& violation : violations) {
    auto& added = *bad_request.add_field_violations();
    added.set_field(violation.field);
    added.set_description(violation.description);
  }
  details.add_details()->PackFrom(bad_request);
  const FieldViolation& first = violations.front();
  std::string message =
      std::string("the task's input does not fit ").append(request_type).append(": ");
  if (!first.field.empty()) message.append(first.field).append(": ");
  message.append(first.description);
  if (violations.size() > 1) absl::StrAppend(&message, " (and ", violations.size() - 1, " more)");
  const absl::StatusCode code = absl::StatusCode::kInvalidArgument;
  return asl::Failure{ErrorName(code), Cause(code, message, DetailsToJson(details))};
}

}  // namespace orderflow::tasks
