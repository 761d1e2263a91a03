#include "orchestrator/tasks/lambda_answer.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/json/value.h"

namespace orderflow::tasks {
namespace {

using json::Value;

constexpr char kUnknown[] = "Lambda.Unknown";
constexpr size_t kMaxQuotedBytes = 200;
constexpr size_t kMaxErrorBytes = 256;
constexpr size_t kMaxCauseBytes = 32768;

std::string Text(const Value& object, std::string_view key) {
  const Value* member = object.Find(key);
  return member != nullptr && member->IsString() ? member->AsString() : std::string();
}

// Bytes of the other side, fit to be shown.
std::string Shown(std::string_view bytes) {
  return json::IsUtf8(bytes) ? std::string(bytes) : Quote(bytes, kMaxQuotedBytes);
}

// At most so many bytes of it, whole characters.
std::string Cut(std::string text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xc0) == 0x80) --max_bytes;
  text.resize(max_bytes);
  return text;
}

// Within the limits that the Step Functions API sets to what it tells of failures.
asl::Failure MakeFailure(std::string error, std::string cause) {
  return asl::Failure{Cut(std::move(error), kMaxErrorBytes), Cut(std::move(cause), kMaxCauseBytes)};
}

Value HeaderText(const std::string& value) { return Value(Shown(value)); }

// --- Success ---

// As the AWS SDK hands the metadata of an HTTP answer on: all values of each header, and the first.
Value HttpMetadata(const http::Response& response) {
  Value all = Value::Object({});
  Value first = Value::Object({});
  for (const auto& [name, value] : response.headers) {
    if (!json::IsUtf8(name)) continue;
    const Value* known = all.Find(name);
    if (known == nullptr) first = first.With(name, HeaderText(value));
    json::Array values = known == nullptr ? json::Array() : known->AsArray();
    values.push_back(HeaderText(value));
    all = all.With(name, Value::FromArray(std::move(values)));
  }
  return Value::Object({{"AllHttpHeaders", std::move(all)},
                        {"HttpHeaders", std::move(first)},
                        {"HttpStatusCode", response.status}});
}

Value Envelope(Value payload, const http::Response& response) {
  const auto header = [&](std::string_view name) {
    return HeaderText(std::string(response.Header(name)));
  };
  const bool says_version = !response.Header("X-Amz-Executed-Version").empty();
  json::Members members;
  members.push_back(
      {"ExecutedVersion", says_version ? header("X-Amz-Executed-Version") : Value("$LATEST")});
  if (!response.Header("X-Amz-Log-Result").empty())
    members.push_back({"LogResult", header("X-Amz-Log-Result")});
  members.push_back({"Payload", std::move(payload)});
  members.push_back({"SdkHttpMetadata", HttpMetadata(response)});
  members.push_back(
      {"SdkResponseMetadata", Value::Object({{"RequestId", header("x-amzn-RequestId")}})});
  members.push_back({"StatusCode", response.status});
  return Value::FromMembers(std::move(members));
}

// --- Failure ---

// What the function itself reports.
asl::Failure FunctionFailure(const LambdaInvocation& invocation, const std::string& body) {
  const std::optional<Value> payload = json::Parse(body).value;
  const std::string error = payload ? Text(*payload, "errorType") : "";
  if (error.empty()) {
    return MakeFailure(kUnknown,
                       "The cause could not be determined because Lambda did not return an error "
                       "type. Returned payload: " +
                           Shown(body));
  }
  // AWS hands a direct call's payload on as the function wrote it, which for Python has a space
  // behind each ':' and ','. lambda:invoke reads it and writes it anew.
  return MakeFailure(error, invocation.enveloped ? json::Serialize(*payload) : body);
}

// Where the answer does not name its error.
std::string_view ErrorOfStatus(int status) {
  if (status == 404) return "ResourceNotFoundException";
  if (status == 429) return "TooManyRequestsException";
  if (status >= 500) return "ServiceException";
  return "Unknown";
}

// "ResourceNotFoundException:http://..." is ResourceNotFoundException.
std::string ErrorType(const http::Response& response) {
  std::string_view type = response.Header("x-amzn-ErrorType");
  type = type.substr(0, type.find(':'));
  for (const char c : type) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_letter && !is_digit) return "";
  }
  return std::string(type);
}

// What the API reports about the call, in the words of the AWS SDK.
asl::Failure ApiFailure(const http::Response& response, std::string_view endpoint) {
  std::string type = ErrorType(response);
  std::string message;
  if (const std::optional<Value> body = json::Parse(response.body).value) {
    message = Text(*body, "Message");
    if (message.empty()) message = Text(*body, "message");
  }
  if (type.empty() && message.empty()) {
    message =
        absl::StrCat(std::string(endpoint), " answered ", Quote(response.body, kMaxQuotedBytes));
  }
  if (type.empty()) type = ErrorOfStatus(response.status);
  return MakeFailure("Lambda." + type,
                     absl::StrCat(message, " (Service: AWSLambda; Status Code: ", response.status,
                                  "; Error Code: ", type, "; Request ID: ",
                                  Shown(response.Header("x-amzn-RequestId")), "; Proxy: null)"));
}

}  // namespace

TaskOutcome ReadLambdaAnswer(const LambdaInvocation& invocation, const http::Response& response,
                             std::string_view endpoint) {
  if (response.status < 200 || response.status > 299) return ApiFailure(response, endpoint);
  if (!response.Header("X-Amz-Function-Error").empty())
    return FunctionFailure(invocation, response.body);
  // As for an Event: taken, but there is no answer yet.
  if (invocation.enveloped && response.body.empty()) return Envelope("", response);
  json::ParseResult parsed = json::Parse(response.body);
  if (!parsed.value) {
    return asl::Failure{
        kUnknown, absl::StrCat(invocation.function.ToString(), " at ", std::string(endpoint),
                               " answered what is no JSON (", parsed.error->message, " at byte ",
                               parsed.error->offset, "): ", Quote(response.body, kMaxQuotedBytes))};
  }
  if (!invocation.enveloped) return *std::move(parsed.value);
  return Envelope(*std::move(parsed.value), response);
}

json::Value LambdaEnvelope(json::Value payload, std::string_view request_id) {
  const http::Response response{
      .status = 200, .headers = {{"x-amzn-RequestId", std::string(request_id)}}, .body = ""};
  return Envelope(std::move(payload), response);
}

}  // namespace orderflow::tasks
