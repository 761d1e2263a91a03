#include "orchestrator/asl/recorded_case.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/recording_match.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {
namespace {

using json::Value;

constexpr char kFunctionPrefix[] = "arn:aws:lambda:us-east-1:111111111111:function:";
constexpr char kInvoke[] = "arn:aws:states:::lambda:invoke";

std::string TextOf(const Value& object, std::string_view key) {
  const Value* value = object.Find(key);
  return value != nullptr && value->IsString() ? value->AsString() : "";
}

std::vector<std::string> TextsOf(const Value& object, std::string_view key) {
  std::vector<std::string> texts;
  if (const Value* list = object.Find(key)) {
    for (const Value& item : list->AsArray()) texts.push_back(item.AsString());
  }
  return texts;
}

// The first feature in a definition that this engine does not have.
std::optional<std::string> MissingFeature(const Value& json) {
  if (json.IsArray()) {
    for (const Value& item : json.AsArray()) {
      if (std::optional<std::string> missing = MissingFeature(item)) return missing;
    }
  }
  if (json.IsString() && json.AsString().find("States.Hash(") != std::string::npos)
    return "States.Hash";
  if (!json.IsObject()) return std::nullopt;
  if (TextOf(json, "QueryLanguage") == "JSONata") return "JSONata";
  if (TextOf(json, "Mode") == "DISTRIBUTED") return "distributed Map";
  if (json.Find("Assign") != nullptr) return "Assign";
  if (json.Find("Credentials") != nullptr) return "Credentials";
  const std::string resource = TextOf(json, "Resource");
  if (!resource.empty() && resource != kInvoke && resource.rfind(kFunctionPrefix, 0) != 0)
    return "other resources";
  for (const json::Member& member : json.AsMembers()) {
    if (std::optional<std::string> missing = MissingFeature(member.value)) return missing;
  }
  return std::nullopt;
}

// Collects the history in the form of GetExecutionHistory.
class Collector final : public EventSink {
 public:
  void OnEvent(HistoryEvent event) override {
    json::Members members = {{"id", event.id},
                             {"previousEventId", event.previous_id},
                             {"timestamp", "timestamp"},
                             {"type", Value(event.type)}};
    if (!event.details_name.empty())
      members.push_back({std::string(event.details_name), event.details});
    events_.push_back(Value::FromMembers(std::move(members)));
  }
  Value Take() { return Value::FromArray(std::move(events_)); }

 private:
  json::Array events_;
};

// Plays one recording.
class CasePlayer {
 public:
  CasePlayer(const Value& recording, std::shared_ptr<const StateMachine> machine)
      : recording_(recording), execution_(std::move(machine), Context(recording)) {}

  void Play() {
    Apply(Start{.input = recording_.Find("input") != nullptr ? *recording_.Find("input")
                                                             : Value::Object({})});
    while (!pending_.empty()) {
      // Of two things at the same moment, the one that was asked for first.
      const auto next = pending_.begin();
      now_ = std::max(now_, next->first.first);
      const Input input{now_, std::move(next->second)};
      pending_.erase(next);
      if (execution_.WouldAccept(input)) Apply(input.what);
    }
  }

  const Complete& outcome() const { return outcome_; }
  Value TakeHistory() { return history_.Take(); }

 private:
  using What = decltype(Input::what);

  static std::shared_ptr<const ExecutionContext> Context(const Value& recording) {
    std::string name = TextOf(recording, "execution_name");
    if (name.empty()) name = "11111111aaaa";
    const bool express = TextOf(recording, "type") == "EXPRESS";
    return std::make_shared<const ExecutionContext>(ExecutionContext{
        .execution_arn =
            std::string("arn:aws:states:us-east-1:111111111111:") +
            (express ? "express:machine0:" + name + ":22222222bbbb" : "execution:machine0:" + name),
        .execution_name = name,
        .role_arn = "arn:aws:iam::111111111111:role/role0",
        .state_machine_arn = "arn:aws:states:us-east-1:111111111111:stateMachine:machine0",
        .state_machine_name = "machine0",
        .start_time = absl::FromUnixSeconds(1'700'000'000)});
  }

  void Apply(What what) {
    std::vector<Effect> effects;
    execution_.Apply(Input{now_, std::move(what)}, effects, &history_);
    for (Effect& effect : effects) std::visit([this](auto& what) { Carry(what); }, effect);
  }

  void Later(absl::Time due, What what) {
    pending_.emplace(std::pair(due, ++order_), std::move(what));
  }

  void Carry(const SetTimer& timer) { Later(timer.due, TimerFired{timer.timer}); }
  void Carry(const CancelTimer&) {}  // WouldAccept turns it away
  void Carry(const CancelTask&) {}
  void Carry(const Complete& complete) {
    outcome_ = complete;
    pending_.clear();
  }

  void Carry(const RunTask& task) {
    const bool invoked = task.resource == kInvoke;
    std::string name = invoked ? TextOf(task.input, "FunctionName") : task.resource;
    if (name.rfind(kFunctionPrefix, 0) == 0) name = name.substr(sizeof(kFunctionPrefix) - 1);
    name = name.substr(0, name.find(':'));
    const Value* functions = recording_.Find("tasks");
    const Value* function = functions != nullptr ? functions->Find(name) : nullptr;
    absl::Time due = now_;
    if (function == nullptr) {
      return Later(due, TaskFailed{task.attempt,
                                   Failure{"Lambda.ResourceNotFoundException", NotFound(name)}});
    }
    while (function->Find("sleep_seconds") != nullptr) {
      due += absl::Seconds(function->Find("sleep_seconds")->AsInt());
      function = function->Find("then");
    }
    if (const Value* raised = function->Find("raise")) {
      return Later(due, TaskFailed{task.attempt,
                                   Failure{TextOf(*raised, "errorType"), RaisedCause(*raised)}});
    }
    const Value result = ResultOf(*function, invoked ? InvokePayload(task.input) : task.input);
    Later(due, TaskSucceeded{task.attempt, invoked ? Wrapped(result) : result});
  }

  static std::string NotFound(const std::string& name) {
    return "Function not found: " + std::string(kFunctionPrefix) + name +
           ":$LATEST (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; "
           "Request ID: 1; "
           "Proxy: null)";
  }

  std::string NextRequestId() {
    std::string digits = std::to_string(100'000'000'000 + ++requests_);
    return "00000000-0000-4000-8000-" + digits;
  }

  std::string RaisedCause(const Value& raised) {
    json::Members members;
    for (const char* key : {"errorMessage", "errorType"}) {
      if (raised.Find(key) != nullptr) members.push_back({key, *raised.Find(key)});
    }
    members.push_back({"requestId", NextRequestId()});
    if (raised.Find("stackTrace") != nullptr)
      members.push_back({"stackTrace", *raised.Find("stackTrace")});
    return json::Serialize(Value::FromMembers(std::move(members)));
  }

  static Value InvokePayload(const Value& input) {
    const Value* payload = input.Find("Payload");
    if (payload == nullptr || payload->IsNull()) return Value::Object({});
    if (!payload->IsString()) return *payload;
    return json::Parse(payload->AsString()).value.value_or(*payload);
  }

  static Value ResultOf(const Value& function, const Value& event) {
    if (function.Find("echo") != nullptr) return event;
    if (const Value* repeat = function.Find("return_repeat")) {
      const auto count = static_cast<size_t>(repeat->Find("count")->AsInt());
      return Value(std::string(count, TextOf(*repeat, "char")[0]));
    }
    return *function.Find("return");
  }

  Value Wrapped(const Value& payload) {
    return Value::Object({{"ExecutedVersion", "$LATEST"},
                          {"Payload", payload},
                          {"SdkHttpMetadata", Value::Object({})},
                          {"SdkResponseMetadata", Value::Object({{"RequestId", NextRequestId()}})},
                          {"StatusCode", 200}});
  }

  const Value& recording_;
  Execution execution_;
  Collector history_;
  Complete outcome_{Status::kRunning, {}, {}, {}, {}};
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::map<std::pair<absl::Time, int>, What> pending_;
  int order_ = 0;
  int requests_ = 0;
};

std::string_view StatusName(Status status) {
  switch (status) {
    case Status::kRunning:
      return "RUNNING";
    case Status::kSucceeded:
      return "SUCCEEDED";
    case Status::kFailed:
      return "FAILED";
    case Status::kTimedOut:
      return "TIMED_OUT";
    case Status::kAborted:
      return "ABORTED";
  }
  return "";
}

std::string CompareOutcome(const Value& expect, const Complete& outcome,
                           RecordingMatcher& matcher) {
  if (TextOf(expect, "status") != StatusName(outcome.status)) {
    return "status: expected " + TextOf(expect, "status") + ", got " +
           std::string(StatusName(outcome.status)) + " " + outcome.error.value_or("") + " " +
           outcome.cause.value_or("");
  }
  if (const Value* output = expect.Find("output")) {
    std::string difference = matcher.Compare(*output, outcome.output, "output");
    if (!difference.empty()) return difference;
  }
  for (const auto& [name, actual] :
       {std::pair("error", outcome.error), std::pair("cause", outcome.cause)}) {
    const Value* expected = expect.Find(name);
    if ((expected != nullptr) != actual.has_value())
      return std::string(name) + ": given or missing against the recording";
    if (expected == nullptr) continue;
    std::string difference = matcher.Compare(*expected, Value(*actual), name);
    if (!difference.empty()) return difference;
  }
  return "";
}

Value WithoutIds(const Value& event) {
  json::Members members;
  for (const json::Member& member : event.AsMembers()) {
    if (member.key != "id" && member.key != "previousEventId") members.push_back(member);
  }
  return Value::FromMembers(std::move(members));
}

// Where branches run side by side, the order is what it happened to be: events are compared as a
// set, without ids. Recordings that were sorted lack some ends of Parallel states.
std::string CompareUnordered(const Value& expected, const Value& actual, bool sorted,
                             RecordingMatcher& matcher) {
  std::vector<Value> left;
  for (const Value& event : actual.AsArray()) left.push_back(WithoutIds(event));
  for (size_t i = 0; i < expected.size(); ++i) {
    const Value event = WithoutIds(expected.AsArray()[i]);
    const std::string path = "history/" + std::to_string(i);
    const auto found = std::find_if(left.begin(), left.end(), [&](const Value& candidate) {
      RecordingMatcher trial = matcher;
      if (!trial.Compare(event, candidate, path).empty()) return false;
      matcher = trial;
      return true;
    });
    if (found == left.end()) return path + " is missing: " + json::Serialize(event);
    left.erase(found);
  }
  for (const Value& event : left) {
    const std::string type = TextOf(event, "type");
    if (sorted && (type == "ParallelStateSucceeded" || type == "ParallelStateFailed")) continue;
    return "not expected: " + json::Serialize(event);
  }
  return "";
}

std::string CompareHistory(const Value& recording, const Value& actual, RecordingMatcher& matcher) {
  const Value& expected = *recording.Find("expect")->Find("history");
  const bool sorted = TextOf(*recording.Find("expect"), "history_order") == "parallel_normalised";
  const Value* concurrent = recording.Find("concurrent");
  if (sorted || (concurrent != nullptr && concurrent->AsBool()))
    return CompareUnordered(expected, actual, sorted, matcher);
  return matcher.Compare(expected, actual, "history");
}

}  // namespace

CaseResult RunRecordedCase(const Value& recording) {
  CaseResult result;
  for (const char* needed : {"activities", "callbacks", "state_machines"}) {
    if (recording.Find(needed) != nullptr) result.out_of_scope = needed;
  }
  if (!result.out_of_scope.has_value())
    result.out_of_scope = MissingFeature(*recording.Find("definition"));
  if (recording.Find("input_raw") != nullptr) result.out_of_scope = "input that is no JSON";
  if (result.out_of_scope.has_value()) return result;

  const ParsedDefinition parsed =
      ParseStateMachine(json::Serialize(*recording.Find("definition")), ParseOptions{});
  if (parsed.machine == nullptr) {
    result.outcome_difference =
        "the definition is refused: " + FormatDiagnostics(parsed.diagnostics);
    return result;
  }
  CasePlayer player(recording, parsed.machine);
  player.Play();
  const Value& expect = *recording.Find("expect");
  RecordingMatcher matcher(TextsOf(recording, "ignore"), TextsOf(recording, "wildcards"));
  result.outcome_difference = CompareOutcome(expect, player.outcome(), matcher);
  const Value* history = expect.Find("history");
  result.has_history = history != nullptr;
  if (result.has_history)
    result.history_difference = CompareHistory(recording, player.TakeHistory(), matcher);
  return result;
}

namespace {

// "CODE: message at location", as CreateStateMachine puts it.
std::string RecordedFinding(const Value& expect) {
  if (const Value* response = expect.Find("response")) {
    const Value* found = response->Find("diagnostics");
    if (found == nullptr || found->size() == 0) return "";
    const Value& first = found->AsArray()[0];
    const std::string location = TextOf(first, "location");
    return TextOf(first, "code") + ": " + TextOf(first, "message") +
           (location.empty() ? "" : " at " + location);
  }
  const std::string message = TextOf(expect, "message");
  const std::string begin = "Invalid State Machine Definition: '";
  if (message.rfind(begin, 0) != 0) return message;
  return message.substr(begin.size(), message.size() - begin.size() - 1);
}

}  // namespace

std::optional<ValidationResult> RunRecordedValidation(const Value& recording) {
  const Value& expect = *recording.Find("expect");
  if (TextOf(recording, "kind") != "validation" || TextOf(recording, "type") == "EXPRESS")
    return std::nullopt;
  const std::string code = TextOf(expect, "code");
  if (!code.empty() && code != "InvalidDefinition") return std::nullopt;
  const Value& definition = *recording.Find("definition");
  if (MissingFeature(definition).has_value()) return std::nullopt;

  const std::string text =
      definition.IsString() ? definition.AsString() : json::Serialize(definition);
  ParsedDefinition parsed = ParseStateMachine(text, ParseOptions{});
  ValidationResult result;
  const Value* rejected = expect.Find("rejected");
  result.same_verdict = (rejected != nullptr && rejected->AsBool()) == (parsed.machine == nullptr);
  for (Diagnostic& diagnostic : parsed.diagnostics) diagnostic.hint.clear();
  if (parsed.diagnostics.size() > 1) parsed.diagnostics.resize(1);
  const std::string expected = RecordedFinding(expect),
                    actual = FormatDiagnostics(parsed.diagnostics);
  if (expected != actual)
    result.message_difference = "expected \"" + expected + "\", got \"" + actual + "\"";
  return result;
}

}  // namespace orderflow::asl
