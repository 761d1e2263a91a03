// What the interpreter alone does in a second, how its time grows with the work, and how long a
// large definition takes to read. One core, no history written, no engine, no store.
//
//   asl-benchmark

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {
namespace {

using json::Value;

constexpr int kTries = 5;  // the best one counts

std::shared_ptr<const StateMachine> Machine(const std::string& definition) {
  ParsedDefinition parsed = ParseStateMachine(definition, {});
  if (parsed.machine == nullptr) {
    std::fprintf(stderr, "%s\n", FormatDiagnostics(parsed.diagnostics).c_str());
    std::exit(1);
  }
  return parsed.machine;
}

// In seconds of CPU time: what others do on the machine does not count.
template <typename Work>
double BestSeconds(const Work& work) {
  double best = 1e9;
  for (int i = 0; i < kTries; ++i) {
    const std::clock_t begin = std::clock();
    work();
    best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return best;
}

// Runs to the end and answers how many events there were.
int64_t Run(const std::shared_ptr<const StateMachine>& machine, const Value& input) {
  static const auto context = std::make_shared<const ExecutionContext>(ExecutionContext{
      .execution_arn = "arn:aws:states:eu-west-1:123456789012:execution:bench:1",
      .execution_name = "1",
      .role_arn = "arn:aws:iam::123456789012:role/bench",
      .state_machine_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:bench",
      .state_machine_name = "bench",
      .start_time = absl::UnixEpoch()});
  Execution execution(machine, context,
                      Limits{.max_events = 1'000'000'000, .max_payload_bytes = 64 << 20});
  std::vector<Effect> effects;
  execution.Apply(Input{absl::UnixEpoch(), Start{input}}, effects, nullptr);
  if (execution.status() != Status::kSucceeded) {
    std::fprintf(stderr, "an execution did not succeed\n");
    std::exit(1);
  }
  return execution.event_count();
}

// A chain of `count` states in an endless loop would need a way out: a counter in a variable.
std::string LoopOf(const std::string& body) {
  return R"({"StartAt": "Begin", "States": {
      "Begin": {"Type": "Pass", "Assign": {"n.$": "$.n"}, "Next": "Check"},
      "Check": {"Type": "Choice", "Default": "Body0",
                "Choices": [{"Variable": "$n", "NumericEquals": 0, "Next": "Done"}]},
      "Done": {"Type": "Succeed"},)" +
         body + "}}";
}

std::string StateName(int i) { return "Body" + std::to_string(i); }

// `length` states of one kind, then one that counts down.
std::string Chain(int length, const std::string& state) {
  std::string body;
  for (int i = 0; i < length; ++i) {
    std::string text = state;
    text.replace(text.find("NEXT"), 4, i + 1 < length ? StateName(i + 1) : "Count");
    body += "\"" + StateName(i) + "\": " + text + ",";
  }
  return body + R"j("Count": {"Type": "Pass", "Assign": {"n.$": "States.MathAdd($n, -1)"},
                     "Next": "Check"})j";
}

void ReportTransitions(const char* name, const std::string& state) {
  constexpr int kLength = 100, kRounds = 10'000;
  const auto machine = Machine(LoopOf(Chain(kLength, state)));
  const Value input = Value::Object({{"n", kRounds}, {"order_id", "o-1"}, {"quantity", 2}});
  int64_t events = 0;
  const double seconds = BestSeconds([&] { events = Run(machine, input); });
  // Two events for each state that was passed.
  std::printf("%-34s %10.0f transitions/s\n", name, static_cast<double>(events) / 2 / seconds);
}

void ReportGrowth(const char* name, const std::shared_ptr<const StateMachine>& machine,
                  Value (*input)(int64_t)) {
  std::printf("%-34s", name);
  for (const int64_t size : {1'000, 10'000, 100'000}) {
    const Value given = input(size);
    const double seconds = BestSeconds([&] { Run(machine, given); });
    std::printf(" %10.2f ms", seconds * 1e3);
  }
  std::printf("\n");
}

Value Range(int64_t size) {
  json::Array items;
  for (int64_t i = 0; i < size; ++i) items.emplace_back(i);
  return Value::FromArray(std::move(items));
}

void ReportParsing() {
  std::string definition = R"({"StartAt": "S0", "States": {)";
  int states = 0;
  while (definition.size() < (1 << 20) - 1000) {
    definition += "\"S" + std::to_string(states) +
                  R"j(": {"Type": "Task", "Resource": "grpc://h:1/s.S/M",
        "Parameters": {"id.$": "$.order.id", "text.$": "States.Format('{}', $.a[0].b)", "n": 1},
        "ResultPath": "$.result", "Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}], "Next": "S)j" +
                  std::to_string(states + 1) + "\"},";
    ++states;
  }
  definition += "\"S" + std::to_string(states) + R"(": {"Type": "Pass", "Next": "End"},
      "End": {"Type": "Succeed"}}})";
  std::vector<std::shared_ptr<const StateMachine>> machines;  // freeing them does not count
  const double seconds = BestSeconds([&] { machines.push_back(Machine(definition)); });
  std::printf("a definition of %zu bytes with %d states is read and checked in %.1f ms\n",
              definition.size(), states + 2, seconds * 1e3);
}

int Main() {
  ReportTransitions("Pass", R"({"Type": "Pass", "Next": "NEXT"})");
  ReportTransitions("Pass with Result and ResultPath",
                    R"({"Type": "Pass", "Result": 1, "ResultPath": "$.r", "Next": "NEXT"})");
  ReportTransitions("Choice", R"({"Type": "Choice", "Default": "NEXT", "Choices": [
      {"Variable": "$.quantity", "NumericGreaterThan": 5, "Next": "Done"},
      {"Variable": "$.order_id", "StringEquals": "none", "Next": "Done"}]})");
  std::printf("%-34s %13s %13s %13s\n", "time for", "1k", "10k", "100k");
  ReportGrowth("items of a Map", Machine(R"({"StartAt": "M", "States": {"M": {"Type": "Map",
      "End": true, "ItemProcessor": {"StartAt": "I", "States": {
      "I": {"Type": "Pass", "End": true}}}}}})"),
               Range);
  ReportGrowth("rounds of a loop", Machine(LoopOf(Chain(1, R"({"Type": "Pass", "Next": "NEXT"})"))),
               [](int64_t size) {
                 return Value::Object({{"n", size}});
               });
  ReportParsing();
  return 0;
}

}  // namespace
}  // namespace orderflow::asl

int main() { return orderflow::asl::Main(); }
