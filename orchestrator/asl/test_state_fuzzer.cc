// Any request for a test of a state gets a result or a reason, whatever its parts are.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "orchestrator/asl/test_state.h"

namespace orderflow::asl {
namespace {

// The parts of a request, with a byte of switches in front, divided by lines that hold "--" only.
std::array<std::string, 6> Parts(std::string_view text) {
  std::array<std::string, 6> parts;
  for (std::string& part : parts) {
    const size_t end = std::min(text.find("\n--\n"), text.size());
    part = std::string(text.substr(0, end));
    text.remove_prefix(std::min(end + 4, text.size()));
  }
  return parts;
}

std::optional<StateTestRequest> RequestFrom(uint8_t switches, std::array<std::string, 6> parts) {
  StateTestRequest request;
  request.definition = std::move(parts[0]);
  json::ParseResult input = json::Parse(parts[1]);
  if (!input.value.has_value()) return std::nullopt;
  request.input = *std::move(input.value);
  request.has_role = true;
  if (switches & 1) {
    request.mock = StateMock{};
    if (switches & 2) {
      request.mock->failure = Failure{parts[2], std::nullopt};
    } else {
      request.mock->result = std::move(parts[2]);
    }
    request.mock->validation = static_cast<MockValidation>(switches >> 2 & 1);
    if (switches & 8) request.context = std::move(parts[3]);
    if (switches & 16) request.map_item_reader_data = std::move(parts[4]);
    if (switches & 32) request.map_iteration_failure_count = 1;
    if (switches & 64) request.retrier_retry_count = 1;
  }
  if (switches & 128) request.state_name = std::move(parts[5]);
  return request;
}

}  // namespace
}  // namespace orderflow::asl

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace orderflow::asl;
  if (size == 0) return 0;
  std::optional<StateTestRequest> request = RequestFrom(
      data[0], Parts(std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1)));
  if (!request.has_value()) return 0;
  StateTest::Prepared prepared = StateTest::Prepare(*std::move(request), {}, {}, {});
  if (const auto* refusal = std::get_if<Refusal>(&prepared)) {
    if (refusal->message.empty() && refusal->diagnostics.empty()) std::abort();
    return 0;
  }
  StateTest& test = *std::get<std::unique_ptr<StateTest>>(prepared);
  if (test.Begin(absl::UnixEpoch()).has_value()) test.Answer(Failure{"E", "c"}, absl::UnixEpoch());
  const StateTest::Outcome outcome = test.Result();
  const auto* tested = std::get_if<TestedState>(&outcome);
  if (tested == nullptr) return 0;
  const bool has_output = tested->status == TestedState::Status::kSucceeded ||
                          tested->status == TestedState::Status::kCaughtError;
  if (has_output != tested->output.has_value()) std::abort();
  return 0;
}
