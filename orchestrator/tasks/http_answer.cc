#include "orchestrator/tasks/http_answer.h"

#include <boost/beast/http/status.hpp>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/json/value.h"

namespace orderflow::tasks {
namespace {

using json::Value;

constexpr size_t kMaxCauseBytes = 32768;  // of the Step Functions API
constexpr size_t kMaxReasonBytes = 256;

// "application/json" of "application/JSON; charset=utf-8".
std::string MediaType(const http::Response& response) {
  const std::string_view header = response.Header("content-type");
  const std::string_view type = header.substr(0, header.find(';'));
  return absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(absl::string_view(type.data(), type.size())));
}

bool IsBinary(const std::string& type) {
  return type == "application/octet-stream" || absl::StartsWith(type, "image/") ||
         absl::StartsWith(type, "video/") || absl::StartsWith(type, "audio/");
}

bool IsJson(const std::string& type) {
  return type == "application/json" || absl::EndsWith(type, "+json");
}

Value Headers(const http::Response& response) {
  std::map<std::string, json::Array> values;
  for (const auto& [name, value] : response.headers) {
    if (json::IsUtf8(name))
      values[absl::AsciiStrToLower(name)].emplace_back(json::IsUtf8(value) ? value : Quote(value));
  }
  json::Members headers;
  for (auto& [name, list] : values) headers.push_back({name, Value::FromArray(std::move(list))});
  return Value::FromMembers(std::move(headers));
}

Value Body(const http::Response& response, const std::string& type) {
  if (IsJson(type)) {
    json::ParseResult parsed = json::Parse(response.body);
    if (parsed.value) return *std::move(parsed.value);
  }
  return Value(response.body);
}

// HTTP/2 has none on the wire; then it is the standard's.
std::string StatusText(const http::Response& response) {
  const std::string& reason = response.reason;
  if (!reason.empty() && reason.size() <= kMaxReasonBytes && json::IsUtf8(reason)) return reason;
  const auto status = boost::beast::http::int_to_status(static_cast<unsigned>(response.status));
  if (status == boost::beast::http::status::unknown) return "";
  return std::string(boost::beast::http::obsolete_reason(status));
}

}  // namespace

TaskOutcome ReadHttpAnswer(const http::Response& response) {
  const std::string type = MediaType(response);
  if (IsBinary(type)) {
    return asl::RuntimeFailure(
        absl::StrCat("The response has the content type ", type, ", which is not supported."));
  }
  if (!json::IsUtf8(response.body))
    return asl::RuntimeFailure("The response cannot be read as a text.");
  Value envelope = Value::Object({{"Headers", Headers(response)},
                                  {"ResponseBody", Body(response, type)},
                                  {"StatusCode", response.status},
                                  {"StatusText", StatusText(response)}});
  if (response.status >= 200 && response.status <= 299) return envelope;
  std::string cause = json::Serialize(envelope);
  // What does not fit is left out whole: the rest stays JSON.
  for (const auto& [member, nothing] :
       {std::pair("ResponseBody", Value("")), std::pair("Headers", Value::Object({}))}) {
    if (cause.size() <= kMaxCauseBytes) break;
    envelope = envelope.With(member, nothing);
    cause = json::Serialize(envelope);
  }
  return asl::Failure{absl::StrCat("States.Http.StatusCode.", response.status), std::move(cause)};
}

}  // namespace orderflow::tasks
