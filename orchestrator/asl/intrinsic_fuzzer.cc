// Any text is refused with a reason or is a call that gives a value or a failure with a cause.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/json/value.h"
#include "orchestrator/asl/intrinsic.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace orderflow;
  using namespace orderflow::asl;
  std::string problem;
  const std::optional<Intrinsic> call =
      Intrinsic::Parse(std::string_view(reinterpret_cast<const char*>(data), size), problem);
  if (call.has_value() == !problem.empty()) std::abort();
  if (!call.has_value()) return 0;
  const json::Value input =
      json::Value::Object({{"a", 1},
                           {"b", json::Value::List({json::Value("x"), 2, 3.5})},
                           {"c", json::Value::Object({{"d", "e"}})}});
  const ExecutionContext execution;
  const ContextObject context({.execution = &execution,
                               .execution_input = &input,
                               .state_name = "A",
                               .state_entered = absl::UnixEpoch(),
                               .retry_count = {}});
  Random random(size);
  const Evaluated<json::Value> result = call->Evaluate(Scope{input, context, random});
  if (result.ok()) {
    json::Serialize(*result);
  } else if (!result.failure().cause.has_value() || result.failure().cause->empty()) {
    std::abort();
  }
  return 0;
}
