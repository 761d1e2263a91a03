// Whatever a task gives as parameters, a server answers, or settings say: parameters become a
// request whose parts hold no line breaks and go only to where the connection is for, or a failure;
// answers become an outcome that can be written down.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/json/value.h"
#include "orchestrator/tasks/http_answer.h"
#include "orchestrator/tasks/http_invocation.h"
#include "orchestrator/tasks/http_request.h"
#include "orchestrator/tasks/integration_task_runner.h"

namespace {

using namespace orderflow;

const tasks::HttpConnection& Connection() {
  static const tasks::HttpConnections connections =
      tasks::ParseHttpConnections(R"({"c": {"AuthorizationType": "BASIC", "AuthParameters": {
          "BasicAuthParameters": {"Username": "u", "Password": "p"},
          "InvocationHttpParameters": {"QueryStringParameters": [{"Key": "q", "Value": "v"}]}},
          "AllowedUrls": ["https://a/v1"]}})",
                                  "")
          .value();
  return connections.at("c");
}

bool IsOneLine(std::string_view text) { return text.find_first_of("\r\n") == std::string::npos; }

void Invoke(const json::Value& parameters) {
  static_cast<void>(tasks::CheckHttpParameters(parameters, {{"c", Connection()}}));
  const auto invocation = tasks::ReadHttpInvocation(parameters);
  if (!invocation.ok()) {
    ORDERFLOW_CHECK(json::IsUtf8(*invocation.failure().cause));
    return;
  }
  const auto request = tasks::MakeHttpRequest(*invocation, Connection(), "r", "");
  if (!request.ok()) return;
  for (const std::string& header : request->headers) ORDERFLOW_CHECK(IsOneLine(header));
  ORDERFLOW_CHECK(IsOneLine(request->url));
  ORDERFLOW_CHECK(request->body.size() <= 2u << 20);
  // What is called is what was checked.
  const absl::StatusOr<http::Url> url = http::ParseUrl(request->url);
  ORDERFLOW_CHECK(url.ok());
  ORDERFLOW_CHECK(Connection().Allows(*url) == Connection().Allows(invocation->url));
}

void Answer(std::string_view data) {
  http::Response response;
  const size_t end = data.find('\n');
  response.status = data.empty() ? 200 : 100 + static_cast<uint8_t>(data[0]) * 2;
  response.reason = std::string(data.substr(0, end));
  response.headers = {{"Content-Type", data.size() % 2 == 0 ? "application/json" : "text/plain"},
                      {response.reason, response.reason}};
  if (end != std::string_view::npos) response.body = std::string(data.substr(end));
  const tasks::TaskOutcome outcome = tasks::ReadHttpAnswer(response);
  if (const auto* output = std::get_if<json::Value>(&outcome)) {
    ORDERFLOW_CHECK(json::Parse(json::Serialize(*output), {.max_depth = 130}).value == *output);
    return;
  }
  const auto& failure = std::get<asl::Failure>(outcome);
  ORDERFLOW_CHECK(failure.error.has_value());
  ORDERFLOW_CHECK(failure.cause->size() <= 32768 && json::IsUtf8(*failure.cause));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view data(reinterpret_cast<const char*>(bytes), size);
  // Not what names a file: whichever this machine has, it is not the fuzzer's to open.
  if (data.find("File") == std::string_view::npos)
    static_cast<void>(tasks::ParseHttpConnections(data, "/nowhere"));
  static_cast<void>(tasks::ParseIntegrations(data));
  static_cast<void>(http::ParseUrl(data));
  if (const auto parsed = json::Parse(data); parsed.value) {
    Invoke(*parsed.value);
    // Lets the fuzzer reach what is behind the members that must be there.
    Invoke(json::Value::Object(
        {{"ApiEndpoint", "https://a/v1?x=1"},
         {"Method", "POST"},
         {"Authentication", json::Value::Object({{"ConnectionArn", "c"}})},
         {"Transform", json::Value::Object({{"RequestBodyEncoding", "URL_ENCODED"}})},
         {"Headers", *parsed.value},
         {"QueryParameters", *parsed.value},
         {"RequestBody", *parsed.value}}));
  }
  Answer(data);
  return 0;
}
