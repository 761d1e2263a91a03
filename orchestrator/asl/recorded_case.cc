#include "orchestrator/asl/recorded_case.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "orchestrator/asl/case_player.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/recording_match.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {

using json::Value;

std::vector<std::string> TextsOf(const Value& object, std::string_view key) {
  std::vector<std::string> texts;
  if (const Value* list = object.Find(key)) {
    for (const Value& item : list->AsArray()) texts.push_back(item.AsString());
  }
  return texts;
}

namespace {

// The first feature in a definition that this engine does not have.
std::optional<std::string> MissingFeature(const Value& json) {
  if (json.IsArray()) {
    for (const Value& item : json.AsArray()) {
      if (std::optional<std::string> missing = MissingFeature(item)) return missing;
    }
  }
  if (!json.IsObject()) return std::nullopt;
  if (TextOf(json, "QueryLanguage") == "JSONata") return "JSONata";
  const std::string resource = TextOf(json, "Resource");
  const auto has = [&](std::string_view part) { return resource.find(part) != std::string::npos; };
  if (!resource.empty() && !has(":lambda:") && !has(":activity:") && !has(":states:start") &&
      !has(".waitForTaskToken"))
    return "other resources";
  for (const json::Member& member : json.AsMembers()) {
    if (std::optional<std::string> missing = MissingFeature(member.value)) return missing;
  }
  return std::nullopt;
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
  result.out_of_scope = MissingFeature(*recording.Find("definition"));
  if (recording.Find("input_raw") != nullptr) result.out_of_scope = "input that is no JSON";
  if (result.out_of_scope.has_value()) return result;

  const ParsedDefinition parsed = ParseStateMachine(
      json::Serialize(*recording.Find("definition")),
      ParseOptions{.express = TextOf(recording, "type") == "EXPRESS", .distributed_maps = true});
  if (parsed.machine == nullptr) {
    result.outcome_difference =
        "the definition is refused: " + FormatDiagnostics(parsed.diagnostics);
    return result;
  }
  CasePlayer player(recording, CasePlayer::ContextOf(recording), parsed.machine);
  const Value* input = recording.Find("input");
  player.Play(input != nullptr ? *input : Value::Object({}));
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

bool IsExpress(const Value& recording) {
  const Value* request = recording.Find("request");
  return TextOf(recording, "type") == "EXPRESS" ||
         (request != nullptr && TextOf(*request, "type") == "EXPRESS");
}

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
  if (TextOf(recording, "kind") != "validation") return std::nullopt;
  const std::string code = TextOf(expect, "code");
  if (!code.empty() && code != "InvalidDefinition") return std::nullopt;
  const Value& definition = *recording.Find("definition");
  if (MissingFeature(definition).has_value()) return std::nullopt;

  const std::string text =
      definition.IsString() ? definition.AsString() : json::Serialize(definition);
  ParsedDefinition parsed = ParseStateMachine(
      text, ParseOptions{.express = IsExpress(recording), .distributed_maps = true});
  ValidationResult result;
  const Value* rejected = expect.Find("rejected");
  result.same_verdict = (rejected != nullptr && rejected->AsBool()) == (parsed.machine == nullptr);
  for (Diagnostic& diagnostic : parsed.diagnostics) diagnostic.hint.clear();
  if (parsed.diagnostics.size() > 1) parsed.diagnostics.resize(1);
  const std::string expected = RecordedFinding(expect),
                    actual = FormatDiagnostics(parsed.diagnostics);
  // Some recordings keep the verdict only.
  const bool verdict_only = expected.empty() && rejected != nullptr && rejected->AsBool();
  if (!verdict_only && expected != actual)
    result.message_difference = "expected \"" + expected + "\", got \"" + actual + "\"";
  return result;
}

}  // namespace orderflow::asl
