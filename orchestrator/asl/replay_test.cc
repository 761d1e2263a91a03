// The promise that recovery lives on: the same inputs give the same state, effects and events, for
// a machine with branches within branches, whatever comes in which order.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;

// A Map over a Parallel of a task that is retried, a pause, and a Map of tasks; errors are caught
// at the top.
constexpr char kDefinition[] = R"j({"StartAt": "Orders", "States": {
  "Orders": {"Type": "Map", "ItemsPath": "$.orders", "MaxConcurrency": 3, "Next": "Done",
    "Retry": [{"ErrorEquals": ["Again"], "MaxAttempts": 2, "JitterStrategy": "FULL"}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"error.$": "$.Error"}, "Next": "Done"}],
    "ItemProcessor": {"StartAt": "Order", "States": {
      "Order": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "Charge", "States": {"Charge": {"Type": "Task", "Resource": "charge",
           "TimeoutSeconds": 9, "HeartbeatSeconds": 4, "Assign": {"id.$": "States.UUID()"},
           "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}], "Next": "Rest"},
           "Rest": {"Type": "Wait", "Seconds": 2, "End": true}}},
        {"StartAt": "Lines", "States": {"Lines": {"Type": "Map", "End": true,
           "ItemProcessor": {"StartAt": "Pick", "States": {
             "Pick": {"Type": "Task", "Resource": "pick", "End": true}}}}}}]}}}},
  "Done": {"Type": "Succeed"}}})j";

class Replay : public ::testing::TestWithParam<int> {};

std::string Shown(const Effect& effect) {
  std::string text = std::to_string(effect.index()) + ":";
  if (const auto* task = std::get_if<RunTask>(&effect)) {
    text += std::to_string(task->attempt) + "/" + std::to_string(task->task) + "/" +
            std::to_string(task->try_number) + json::Serialize(task->input);
  }
  if (const auto* timer = std::get_if<SetTimer>(&effect))
    text += std::to_string(timer->timer) + "@" + absl::FormatTime(timer->due);
  return text;
}

std::vector<std::string> Outstanding(const Execution& execution) {
  std::vector<Effect> effects;
  execution.AppendOutstanding(effects);
  std::vector<std::string> shown;
  for (const Effect& effect : effects) shown.push_back(Shown(effect));
  return shown;
}

// What an execution that was given these inputs looks like.
void ExpectSame(const Execution& execution, const std::vector<Input>& inputs) {
  Execution again(ParseOrFail(kDefinition), TestExecution::Context());
  std::vector<Effect> effects;
  for (const Input& input : inputs) ASSERT_TRUE(again.Apply(input, effects, nullptr));
  ASSERT_EQ(again.event_count(), execution.event_count());
  ASSERT_EQ(again.CurrentStates(), execution.CurrentStates());
  ASSERT_EQ(again.status(), execution.status());
  ASSERT_EQ(Outstanding(again), Outstanding(execution));
}

// One thing that may happen next, drawn from what is outstanding.
Input Draw(const Execution& execution, absl::Time& now, std::mt19937& random) {
  if (execution.status() != Status::kRunning) return Input{now, Redriven{}};
  if (random() % 40 == 0) return Input{now, Stop{}};
  std::vector<Effect> effects;
  execution.AppendOutstanding(effects);
  const Effect& effect = effects[random() % effects.size()];
  now += absl::Milliseconds(random() % 500);
  if (const auto* timer = std::get_if<SetTimer>(&effect)) {
    now = std::max(now, timer->due);
    return Input{now, TimerFired{timer->timer}};
  }
  const auto& task = std::get<RunTask>(effect);
  switch (random() % 8) {
    case 0:
      return Input{now, TaskFailed{task.attempt, {"Again", "once more"}}};
    case 1:
      if (task.resource == "charge") return Input{now, Heartbeat{task.attempt}};
      break;
    default:
      break;
  }
  return Input{now, TaskSucceeded{task.attempt, Value(static_cast<int64_t>(random() % 100))}};
}

TEST_P(Replay, GivesTheSameStateAfterEveryInput) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  Execution execution(ParseOrFail(kDefinition), TestExecution::Context());
  std::vector<Input> inputs = {
      Input{now, Start{Json(R"({"orders": [[1, 2], [3], [], [4, 5, 6], [7]]})")}}};
  std::vector<Effect> effects;
  ASSERT_TRUE(execution.Apply(inputs[0], effects, nullptr));
  while (execution.status() != Status::kSucceeded) {
    ASSERT_LT(inputs.size(), 2000u) << "it never ends";
    const Input input = Draw(execution, now, random);
    ASSERT_TRUE(execution.WouldAccept(input));
    ASSERT_TRUE(execution.Apply(input, effects, nullptr));
    inputs.push_back(input);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(execution, inputs));
  }
  EXPECT_TRUE(Outstanding(execution).empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Replay, ::testing::Range(1, 20));

}  // namespace
}  // namespace orderflow::asl
