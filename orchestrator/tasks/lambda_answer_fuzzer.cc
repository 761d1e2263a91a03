// Whatever an endpoint answers becomes an outcome that can be written down: an output within the
// depth that the parser allows, or a failure whose texts are UTF-8 and within the API's limits.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/json/value.h"
#include "orchestrator/tasks/lambda_answer.h"

namespace {

// The next byte, and the rest without it.
uint8_t Take(std::string_view& data) {
  if (data.empty()) return 0;
  const auto byte = static_cast<uint8_t>(data.front());
  data.remove_prefix(1);
  return byte;
}

// As many bytes as the next byte says.
std::string TakeText(std::string_view& data) {
  const size_t size = std::min<size_t>(Take(data), data.size());
  std::string text(data.substr(0, size));
  data.remove_prefix(size);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace orderflow;
  constexpr const char* kHeaders[] = {"X-Amz-Function-Error",   "x-amzn-ErrorType",
                                      "X-Amz-Executed-Version", "X-Amz-Log-Result",
                                      "x-amzn-RequestId",       ""};
  constexpr int kStatuses[] = {200, 202, 302, 400, 404, 429, 500};
  std::string_view data(reinterpret_cast<const char*>(bytes), size);
  tasks::LambdaInvocation invocation;
  invocation.function.name = "f";
  invocation.enveloped = (Take(data) & 1) != 0;
  http::Response response;
  response.status = kStatuses[Take(data) % std::size(kStatuses)];
  for (int headers = Take(data) % 6; headers > 0; --headers) {
    std::string name = kHeaders[Take(data) % std::size(kHeaders)];
    if (name.empty()) name = TakeText(data);
    response.headers.emplace_back(name, TakeText(data));
  }
  response.body = std::string(data);
  const tasks::TaskOutcome outcome = tasks::ReadLambdaAnswer(invocation, response, "http://e");
  if (const auto* output = std::get_if<json::Value>(&outcome)) {
    ORDERFLOW_CHECK(json::Parse(json::Serialize(*output), {.max_depth = 130}).value == *output);
    return 0;
  }
  const auto& failure = std::get<asl::Failure>(outcome);
  ORDERFLOW_CHECK(!failure.error.empty() && failure.error.size() <= 256);
  ORDERFLOW_CHECK(json::IsUtf8(failure.error));
  ORDERFLOW_CHECK(failure.cause->size() <= 32768 && json::IsUtf8(*failure.cause));
  return 0;
}
