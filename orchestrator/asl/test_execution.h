#pragma once

// Drives one execution by hand in a test.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/json/value.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {

inline json::Value Json(std::string_view text) {
  const json::ParseResult parsed = json::Parse(text);
  EXPECT_TRUE(parsed.value.has_value()) << text;
  return parsed.value.value_or(json::Value());
}

inline std::shared_ptr<const StateMachine> ParseOrFail(std::string_view definition,
                                                       const ParseOptions& options = {}) {
  ParsedDefinition parsed = ParseStateMachine(definition, options);
  EXPECT_NE(parsed.machine, nullptr) << FormatDiagnostics(parsed.diagnostics);
  return parsed.machine;
}

// A machine of these states that starts at "A".
inline std::shared_ptr<const StateMachine> MachineOf(const std::string& states) {
  return ParseOrFail(R"({"StartAt": "A", "States": {)" + states + "}}");
}

class TestExecution final : public EventSink {
 public:
  explicit TestExecution(std::shared_ptr<const StateMachine> machine, const Limits& limits = {})
      : execution(std::move(machine), Context(), limits) {}

  static std::shared_ptr<const ExecutionContext> Context() {
    return std::make_shared<const ExecutionContext>(ExecutionContext{
        .execution_arn = "arn:aws:states:eu-west-1:123456789012:execution:orders:42",
        .execution_name = "42",
        .role_arn = "arn:aws:iam::123456789012:role/orders",
        .state_machine_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders",
        .state_machine_name = "orders",
        .start_time = absl::FromUnixSeconds(1'700'000'000)});
  }

  // Applies an input; `effects` are then those of this input.
  bool Apply(decltype(Input::what) what) {
    effects.clear();
    return execution.Apply(Input{now, std::move(what), missing_activities}, effects, this);
  }
  void Begin(std::string_view input = "{}") { EXPECT_TRUE(Apply(Start{Json(input)})); }
  void Answer(std::string_view output) {
    EXPECT_TRUE(Apply(TaskSucceeded{attempt(), Json(output)}));
  }
  void Refuse(const std::string& error, const std::string& cause = "why") {
    EXPECT_TRUE(Apply(TaskFailed{attempt(), Failure{error, cause}}));
  }
  // Moves the clock to the timer that was set last and fires it.
  void FireLastTimer() {
    now = last_timer_.due;
    EXPECT_TRUE(Apply(TimerFired{last_timer_.timer}));
  }

  template <typename T>
  std::vector<T> All() const {
    std::vector<T> found;
    for (const Effect& effect : effects) {
      if (const auto* match = std::get_if<T>(&effect)) found.push_back(*match);
    }
    return found;
  }
  template <typename T>
  T Only() const {
    const std::vector<T> found = All<T>();
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? T{} : found.front();
  }
  template <typename T>
  bool Has() const {
    return !All<T>().empty();
  }

  AttemptId attempt() {
    for (const RunTask& task : All<RunTask>()) attempt_ = task.attempt;
    return attempt_;
  }
  // The timers set by the last input, in their order; remembers the last one for FireLastTimer.
  std::vector<SetTimer> Timers() {
    std::vector<SetTimer> timers = All<SetTimer>();
    if (!timers.empty()) last_timer_ = timers.back();
    return timers;
  }

  std::vector<std::string> EventTypes() const {
    std::vector<std::string> types;
    for (const HistoryEvent& event : events) types.emplace_back(event.type);
    return types;
  }

  void OnEvent(HistoryEvent event) override { events.push_back(std::move(event)); }

  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  std::vector<std::string> missing_activities;  // at the inputs to come
  std::vector<Effect> effects;
  std::vector<HistoryEvent> events;
  Execution execution;

 private:
  AttemptId attempt_ = 0;
  SetTimer last_timer_{};
};

}  // namespace orderflow::asl
