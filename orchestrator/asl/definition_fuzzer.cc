// Any text is either a machine that runs to an end or to a wait, or is refused with a reason.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/state_machine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace orderflow;
  using namespace orderflow::asl;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ParseOptions options;
  options.substitute = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() > 3) return std::nullopt;
    return std::string(name);
  };
  options.distributed_maps = true;
  const ParsedDefinition parsed = ParseStateMachine(text, options);
  if ((parsed.machine == nullptr) != !FormatDiagnostics(parsed.diagnostics).empty()) std::abort();
  if (parsed.machine == nullptr) return 0;

  struct Sink final : EventSink {
    void OnEvent(HistoryEvent) override {}
  } sink;
  Execution execution(parsed.machine, std::make_shared<const ExecutionContext>(),
                      Limits{.max_events = 200});
  std::vector<Effect> effects;
  const json::Value input =
      json::Value::Object({{"a", 1}, {"b", json::Value::List({json::Value("x"), 2, 3.5})}});
  execution.Apply(Input{absl::UnixEpoch(), Start{input}}, effects, &sink);
  // Answers, failures and timers in turn, until it ends or nothing is open.
  for (int turn = 0; turn < 100 && execution.status() == Status::kRunning; ++turn) {
    effects.clear();
    execution.AppendOutstanding(effects);
    if (effects.empty()) std::abort();  // it would hang
    const Effect open = effects[static_cast<size_t>(turn) % effects.size()];
    effects.clear();
    const absl::Time now = absl::UnixEpoch() + absl::Hours(turn);
    if (const auto* task = std::get_if<RunTask>(&open)) {
      if (turn % 3 == 0)
        execution.Apply(Input{now, TaskFailed{task->attempt, {"States.TaskFailed", "c"}}}, effects,
                        &sink);
      else
        execution.Apply(Input{now, TaskSucceeded{task->attempt, input}}, effects, nullptr);
    } else if (const auto* timer = std::get_if<SetTimer>(&open)) {
      execution.Apply(Input{std::max(now, timer->due), TimerFired{timer->timer}}, effects, &sink);
    }
  }
  return 0;
}
