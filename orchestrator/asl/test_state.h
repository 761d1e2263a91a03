#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/execution_context.h"
#include "orchestrator/asl/inspector.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {

// How strictly a mocked result must be what the service of a Task would answer (result_schema.h).
enum class MockValidation : uint8_t { kStrict, kPresent, kNone };

// What stands for the work of a Task, Parallel or Map.
struct StateMock {
  std::optional<std::string> result;  // a JSON text
  std::optional<Failure> failure;
  MockValidation validation = MockValidation::kStrict;
};

// A test of one state, as the TestState operation of the Step Functions API asks for it.
struct StateTestRequest {
  std::string definition;                 // of the state, or of the machine that it is in
  std::optional<std::string> state_name;  // which state of a machine, at any depth
  bool has_role = false;
  json::Value input = json::Value::Object({});
  std::optional<std::string> variables;  // a JSON text, of an object
  std::optional<std::string> context;    // a JSON text: the Context Object
  std::optional<StateMock> mock;         // none: a Task is carried out
  bool reveal_secrets = false;
  std::optional<int32_t> retrier_retry_count;
  std::optional<std::string> error_caused_by_state;
  std::optional<int64_t> map_iteration_failure_count;
  std::optional<std::string> map_item_reader_data;
};

// Why there is no test, in the words of the service where they are known.
struct Refusal {
  enum class Kind : uint8_t { kValidation, kDefinition };
  Kind kind = Kind::kValidation;
  std::string message;
  std::vector<Diagnostic> diagnostics;  // instead of the message: what is wrong with a definition
};

// How a state went, and what came into being on the way. What is absent never came to be.
struct TestedState {
  enum class Status : uint8_t { kSucceeded, kFailed, kRetriable, kCaughtError };
  Status status = Status::kFailed;
  std::optional<json::Value> output;
  std::optional<std::string> error;
  std::optional<std::string> cause;
  std::string next_state;  // empty: the state is an end, or has failed

  json::Value input;
  std::array<std::optional<json::Value>, kStages> stages;  // by Stage
  std::optional<json::Value> after_items_pointer;
  std::optional<json::Value> result;
  json::Value variables;  // an object, or null
  std::optional<MapSettings> map;
  std::optional<size_t> catch_index;
  std::optional<size_t> retry_index;
  std::optional<absl::Duration> retry_backoff;

  const std::optional<json::Value>& at(Stage stage) const {
    return stages[static_cast<size_t>(stage)];
  }
};

// One state, tried alone: the interpreter of executions carries it out, watched by an Inspector.
// Pure, as all of the language: a Task without a mock is handed to the caller.
//
//   auto prepared = StateTest::Prepare(request, options, context, limits);
//   if (const auto* refusal = std::get_if<Refusal>(&prepared)) ...
//   StateTest& test = *std::get<std::unique_ptr<StateTest>>(prepared);
//   if (std::optional<RunTask> task = test.Begin(now)) test.Answer(Run(*task), now);
//   test.Result();
//
// A Wait is over at once, whatever time it waits for. One thread only.
class StateTest {
 public:
  using Answered = std::variant<json::Value, Failure>;
  using Prepared = std::variant<std::unique_ptr<StateTest>, Refusal>;
  using Outcome = std::variant<TestedState, Refusal>;

  virtual ~StateTest() = default;

  // All that can be said without running. `options` are those for state machines; whether a
  // resource can be carried out matters without a mock only.
  static Prepared Prepare(StateTestRequest request, const ParseOptions& options,
                          ExecutionContext context, const Limits& limits);

  // Call once. The task to carry out, whose outcome goes to Answer; nothing where the test is over.
  virtual std::optional<RunTask> Begin(absl::Time now) = 0;
  virtual void Answer(Answered answer, absl::Time now) = 0;
  // Once, when the test is over.
  virtual Outcome Result() = 0;
};

}  // namespace orderflow::asl
