#include "orchestrator/asl/test_state.h"

#include <set>
#include <string_view>
#include <utility>

#include "orchestrator/asl/execution_state.h"
#include "orchestrator/asl/item_reader_data.h"
#include "orchestrator/asl/measure.h"
#include "orchestrator/asl/random.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/asl/test_state_checks.h"
#include "orchestrator/asl/timestamp.h"
#include "orchestrator/asl/turn.h"

namespace orderflow::asl {
namespace {

using json::Value;

// What the service calls a state that is tested, also one that has a name.
constexpr char kStateName[] = "StateName";

// --- The state under test, as a machine of its own ---

// The JSON of the state of this name, at any depth of a machine that was parsed.
const Value* FindState(const Value& graph, std::string_view name) {
  const Value* states = graph.Find("States");
  if (states == nullptr || !states->IsObject()) return nullptr;
  if (const Value* state = states->Find(name)) return state;
  for (const json::Member& state : states->AsMembers()) {
    for (const char* within : {"ItemProcessor", "Iterator"}) {
      const Value* processor = state.value.Find(within);
      if (processor == nullptr) continue;
      if (const Value* found = FindState(*processor, name)) return found;
    }
    const Value* branches = state.value.Find("Branches");
    if (branches == nullptr || !branches->IsArray()) continue;
    for (const Value& branch : branches->AsArray()) {
      if (const Value* found = FindState(branch, name)) return found;
    }
  }
  return nullptr;
}

// Names of the states that a state may lead to.
std::set<std::string> TargetsOf(const Value& state) {
  std::set<std::string> targets;
  const auto note = [&](const Value& from, std::string_view member) {
    const Value* target = from.Find(member);
    if (target != nullptr && target->IsString() && !target->AsString().empty() &&
        target->AsString() != kStateName)
      targets.insert(target->AsString());
  };
  note(state, "Next");
  note(state, "Default");
  for (const char* list : {"Catch", "Choices"}) {
    const Value* rules = state.Find(list);
    if (rules == nullptr || !rules->IsArray()) continue;
    for (const Value& rule : rules->AsArray()) note(rule, "Next");
  }
  return targets;
}

// A machine of one state; those that it leads to are there by name only. `text` is the state's
// JSON.
std::string MachineOf(std::string_view text, const Value& state, std::string_view language) {
  std::string machine = R"({"StartAt":")" + std::string(kStateName) + "\"";
  if (!language.empty()) machine += R"(,"QueryLanguage":")" + std::string(language) + "\"";
  machine += R"(,"States":{")" + std::string(kStateName) + "\":" + std::string(text);
  for (const std::string& target : TargetsOf(state)) {
    machine += ",";
    json::AppendQuoted(target, machine);
    machine += R"(:{"Type":"Succeed"})";
  }
  return machine + "}}";
}

using ParsedState = std::variant<std::shared_ptr<const StateMachine>, Refusal>;

Refusal InvalidDefinition(std::vector<Diagnostic> diagnostics) {
  return {Refusal::Kind::kDefinition, "", std::move(diagnostics)};
}

ParsedState ParseAlone(std::string_view text, const Value& state, std::string_view language,
                       const StateTestRequest& request, ParseOptions options) {
  const Value* type = state.Find("Type");
  // Nothing is called but the Task that is tested without a mock.
  if (request.mock.has_value() || type == nullptr || *type != Value("Task")) {
    options.check_resource = nullptr;
    options.check_arguments = nullptr;
  }
  const std::string machine = MachineOf(text, state, language);
  options.max_definition_bytes += machine.size() - text.size();
  ParsedDefinition parsed = ParseStateMachine(machine, options);
  if (parsed.machine == nullptr) return InvalidDefinition(std::move(parsed.diagnostics));
  return std::move(parsed.machine);
}

ParsedState ParseState(const StateTestRequest& request, ParseOptions options) {
  options.distributed_maps = true;
  options.reads_and_writes_for_maps = true;
  const std::string& text = request.definition;
  if (!request.state_name.has_value()) {
    const json::ParseResult json = json::Parse(text);
    if (json.value.has_value() && json.value->IsObject())
      return ParseAlone(text, *json.value, "", request, std::move(options));
    return InvalidDefinition(ParseStateMachine(text, options).diagnostics);
  }
  ParseOptions whole = options;
  whole.check_resource = nullptr;
  whole.check_arguments = nullptr;
  ParsedDefinition parsed = ParseStateMachine(text, whole);
  if (parsed.machine == nullptr) return InvalidDefinition(std::move(parsed.diagnostics));
  const Value* state = FindState(parsed.machine->definition(), *request.state_name);
  if (state == nullptr)
    return Refusal{Refusal::Kind::kValidation, "State not found in definition", {}};
  options.substitute = nullptr;  // they are made
  return ParseAlone(json::Serialize(*state), *state, parsed.machine->query_language(), request,
                    std::move(options));
}

// --- The test ---

bool Exceeds(int64_t failed, const MapSettings& map) {
  if (map.tolerated_failure_count.has_value() && failed > *map.tolerated_failure_count) return true;
  return map.tolerated_failure_percentage.has_value() &&
         static_cast<double>(failed) * 100 >
             *map.tolerated_failure_percentage * static_cast<double>(map.iterations);
}

class Test final : public StateTest, public Inspector {
 public:
  Test(StateTestRequest request, std::shared_ptr<const StateMachine> machine,
       ExecutionContext context, const Limits& limits)
      : request_(std::move(request)), under_test_(machine->start()) {
    run_.seed = Random::Seed(context.execution_arn);
    run_.machine = std::move(machine);
    run_.context = std::make_shared<const ExecutionContext>(std::move(context));
    run_.limits = limits;
    run_.inspector = this;
  }

  std::optional<Refusal> ReadInputs();

  std::optional<RunTask> Begin(absl::Time now) override;
  void Answer(Answered answer, absl::Time now) override;
  Outcome Result() override;

  const Value& context() const override { return context_; }
  const Value* items_read() const override {
    return items_read_.has_value() ? &*items_read_ : nullptr;
  }
  int32_t used_retries() const override { return request_.retrier_retry_count.value_or(0); }
  // What is larger than any payload may be is not shown: it may be very much larger as a text.
  void OnValue(Stage stage, const Value& value) override {
    if (IsShown(value)) tested_.stages[static_cast<size_t>(stage)] = value;
  }
  void OnMap(const MapSettings& settings) override { tested_.map = settings; }
  void OnRetry(size_t index, const Failure& failure, std::optional<absl::Duration> pause) override {
    tested_.retry_index = index;
    tested_.retry_backoff = pause;
    if (pause.has_value()) End(TestedState::Status::kRetriable, failure);
  }
  void OnCatch(size_t index, const Failure& failure) override {
    tested_.catch_index = index;
    caught_ = failure;
  }
  void OnLeft(const Value& output, const State* next, const Value& variables) override;

 private:
  bool IsShown(const Value& value) const { return Fits(value, run_.limits.max_payload_bytes); }
  std::optional<Refusal> ReadItems();
  Value DefaultContext(absl::Time now) const;
  void End(TestedState::Status status, const Failure& failure);
  void ConcludeWithMock(absl::Time now);
  // Applies one thing that happens, and looks whether it was the end.
  template <typename Happen>
  void Apply(absl::Time now, Happen happen);
  void HideUnseenStages();

  const StateTestRequest request_;
  const State& under_test_;
  ExecutionState run_;
  std::vector<Effect> effects_;

  std::optional<Value> given_context_;
  Value context_;
  std::optional<Value> items_read_;
  std::optional<Value> mocked_;
  std::optional<Failure> caught_;
  std::optional<Refusal> refusal_;
  TestedState tested_;
  bool over_ = false;
};

std::optional<Refusal> Test::ReadInputs() {
  if (request_.mock.has_value() && request_.mock->result.has_value()) {
    auto result = ReadMockedResult(*request_.mock, under_test_);
    if (auto* refusal = std::get_if<Refusal>(&result)) return *std::move(refusal);
    mocked_ = std::get<Value>(std::move(result));
  }
  if (request_.context.has_value()) {
    auto context = ReadContext(*request_.context, under_test_);
    if (auto* refusal = std::get_if<Refusal>(&context)) return *std::move(refusal);
    given_context_ = std::get<Value>(std::move(context));
  }
  auto variables = ReadVariables(request_.variables);
  if (auto* refusal = std::get_if<Refusal>(&variables)) return *std::move(refusal);
  run_.root.variables = std::get<Value>(std::move(variables));
  if (!run_.root.variables.IsNull())
    run_.variable_bytes = json::SerializedSize(run_.root.variables);
  tested_.input = request_.input;
  tested_.variables = run_.root.variables;
  return ReadItems();
}

std::optional<Refusal> Test::ReadItems() {
  const auto* map = std::get_if<MapState>(&under_test_.kind);
  if (map == nullptr || map->distributed == nullptr) return std::nullopt;
  const Value& reader = map->distributed->item_reader;
  if (reader.IsNull()) return std::nullopt;
  // Where nobody says what is read, nothing is.
  items_read_ = Value::FromArray({});
  if (!request_.map_item_reader_data.has_value()) return std::nullopt;
  std::variant<ReadItemsResult, std::string> read =
      ReadItemsOf(reader, *request_.map_item_reader_data);
  if (auto* problem = std::get_if<std::string>(&read))
    return Refusal{Refusal::Kind::kValidation, *std::move(problem), {}};
  auto& items = std::get<ReadItemsResult>(read);
  items_read_ = std::move(items.items);
  tested_.after_items_pointer = std::move(items.after_pointer);
  return std::nullopt;
}

// As that of an EXPRESS execution, which has no RedriveCount.
Value Test::DefaultContext(absl::Time now) const {
  const ExecutionContext& execution = *run_.context;
  json::Members state = {{"Name", Value(kStateName)}, {"EnteredTime", FormatTimestamp(now)}};
  const auto* task = std::get_if<TaskState>(&under_test_.kind);
  if (task != nullptr || under_test_.type == StateType::kMap ||
      under_test_.type == StateType::kParallel)
    state.push_back({"RetryCount", used_retries()});
  json::Members context = {
      {"Execution", Value::Object({{"Id", execution.execution_arn},
                                   {"Input", request_.input},
                                   {"StartTime", FormatTimestamp(execution.start_time)},
                                   {"Name", execution.execution_name},
                                   {"RoleArn", execution.role_arn}})},
      {"StateMachine", Value::Object({{"Id", execution.state_machine_arn},
                                      {"Name", execution.state_machine_name}})},
      {"State", Value::FromMembers(std::move(state))}};
  if (task != nullptr && task->resource.waits_for_token)
    context.push_back({"Task", Value::Object({{"Token", TaskToken(execution, 1)}})});
  return Value::FromMembers(std::move(context));
}

template <typename Happen>
void Test::Apply(absl::Time now, Happen happen) {
  effects_.clear();
  Turn turn(run_, now, effects_, nullptr);
  happen(turn);
  if (over_) return;
  for (const Effect& effect : effects_) {
    if (const auto* complete = std::get_if<Complete>(&effect))
      End(TestedState::Status::kFailed, Failure{complete->error, complete->cause});
  }
}

std::optional<RunTask> Test::Begin(absl::Time now) {
  context_ = given_context_.has_value() ? *given_context_ : DefaultContext(now);
  Apply(now, [&](Turn& turn) { turn.EnterAlone(under_test_, request_.input); });
  if (over_) return std::nullopt;
  if (request_.mock.has_value()) {
    ConcludeWithMock(now);
    return std::nullopt;
  }
  for (const Effect& effect : effects_) {
    if (const auto* task = std::get_if<RunTask>(&effect)) return *task;
  }
  // A Wait: its time has come.
  const Timer until = run_.root.resume;
  Apply(until.due, [&](Turn& turn) { turn.Handle(TimerFired{until.id}); });
  return std::nullopt;
}

void Test::Answer(Answered answer, absl::Time now) {
  const AttemptId attempt = run_.root.attempt.id;
  if (auto* result = std::get_if<Value>(&answer)) {
    if (IsShown(*result)) tested_.result = *result;
    Apply(now, [&](Turn& turn) { turn.Handle(TaskSucceeded{attempt, *std::move(result)}); });
  } else {
    Apply(now, [&](Turn& turn) {
      turn.Handle(TaskFailed{attempt, std::get<Failure>(std::move(answer))});
    });
  }
}

void Test::ConcludeWithMock(absl::Time now) {
  const std::optional<Failure>& failure = request_.mock->failure;
  if (under_test_.type == StateType::kTask)
    return Answer(failure.has_value() ? Answered(*failure) : Answered(*mocked_), now);
  if (const auto& failed = request_.map_iteration_failure_count; failed.has_value()) {
    if (*failed > tested_.map->iterations) {
      refusal_ = Refusal{Refusal::Kind::kValidation,
                         "Map iteration failure count must be less than or equal to the number of "
                         "Map iterations",
                         {}};
      return;
    }
    if (!failure.has_value() && Exceeds(*failed, *tested_.map)) {
      return Apply(now, [](Turn& turn) {
        turn.Answer(Failure{kErrorExceedToleratedFailureThreshold,
                            "The specified tolerated failure threshold was exceeded"});
      });
    }
  }
  Apply(now, [&](Turn& turn) {
    if (failure.has_value()) {
      turn.Answer(*failure);
    } else {
      turn.Answer(*mocked_);
    }
  });
}

void Test::OnLeft(const Value& output, const State* next, const Value& variables) {
  tested_.output = output;
  tested_.variables = variables;
  if (next != nullptr) tested_.next_state = next->name;
  if (caught_.has_value()) return End(TestedState::Status::kCaughtError, *caught_);
  End(TestedState::Status::kSucceeded, Failure{});
}

void Test::End(TestedState::Status status, const Failure& failure) {
  over_ = true;
  tested_.status = status;
  tested_.error = failure.error;
  tested_.cause = failure.cause;
}

// The service shows less than there is.
void Test::HideUnseenStages() {
  const auto stage = [this](Stage stage) -> std::optional<Value>& {
    return tested_.stages[static_cast<size_t>(stage)];
  };
  const auto* pass = std::get_if<PassState>(&under_test_.kind);
  const bool makes_result = pass != nullptr && pass->result.has_value();
  if (makes_result) tested_.result = pass->result;
  if (makes_result || under_test_.type == StateType::kParallel) {
    stage(Stage::kAfterInputPath) = std::nullopt;
    stage(Stage::kAfterParameters) = std::nullopt;
  }
  // A Fail has no InputPath, and is shown with what went past it.
  if (under_test_.type == StateType::kFail && under_test_.language->name() == "JSONPath")
    stage(Stage::kAfterInputPath) = tested_.input;
}

StateTest::Outcome Test::Result() {
  if (refusal_.has_value()) return *std::move(refusal_);
  HideUnseenStages();
  return std::move(tested_);
}

}  // namespace

StateTest::Prepared StateTest::Prepare(StateTestRequest request, const ParseOptions& options,
                                       ExecutionContext context, const Limits& limits) {
  if (std::optional<Refusal> refusal = CheckTogether(request)) return *std::move(refusal);
  ParsedState parsed = ParseState(request, options);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) return std::move(*refusal);
  auto machine = std::get<std::shared_ptr<const StateMachine>>(std::move(parsed));
  if (std::optional<Refusal> refusal = CheckState(request, machine->start()))
    return *std::move(refusal);
  auto test =
      std::make_unique<Test>(std::move(request), std::move(machine), std::move(context), limits);
  if (std::optional<Refusal> refusal = test->ReadInputs()) return *std::move(refusal);
  return test;
}

}  // namespace orderflow::asl
