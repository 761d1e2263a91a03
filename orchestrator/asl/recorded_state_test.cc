// Recordings of the operation TestState, played in this process.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "orchestrator/asl/case_player.h"
#include "orchestrator/asl/recorded_case.h"
#include "orchestrator/asl/recording_match.h"
#include "orchestrator/asl/test_state.h"

namespace orderflow::asl {
namespace {

using json::Value;

std::optional<std::string> OptionalText(const Value* object, std::string_view key) {
  const Value* value = object == nullptr ? nullptr : object->Find(key);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value->AsString());
}

std::optional<int32_t> OptionalCount(const Value* object, std::string_view key) {
  const Value* value = object == nullptr ? nullptr : object->Find(key);
  return value == nullptr ? std::nullopt
                          : std::optional<int32_t>(static_cast<int32_t>(value->AsInt()));
}

std::optional<StateMock> MockOf(const Value* mock) {
  if (mock == nullptr) return std::nullopt;
  StateMock made;
  made.result = OptionalText(mock, "result");
  if (const Value* error = mock->Find("errorOutput"))
    made.failure = Failure{OptionalText(error, "error"), OptionalText(error, "cause")};
  const std::string mode = TextOf(*mock, "fieldValidationMode");
  if (mode == "PRESENT") made.validation = MockValidation::kPresent;
  if (mode == "NONE") made.validation = MockValidation::kNone;
  return made;
}

StateTestRequest RequestOf(const Value& recording) {
  const Value& sent = *recording.Find("request");
  const Value& definition = *recording.Find("definition");
  StateTestRequest request;
  request.definition = definition.IsString() ? definition.AsString() : json::Serialize(definition);
  request.state_name = OptionalText(&sent, "stateName");
  request.has_role = sent.Find("roleArn") != nullptr;
  if (const auto input = OptionalText(&sent, "input")) request.input = *json::Parse(*input).value;
  request.variables = OptionalText(&sent, "variables");
  request.context = OptionalText(&sent, "context");
  request.mock = MockOf(sent.Find("mock"));
  const Value* reveal = sent.Find("revealSecrets");
  request.reveal_secrets = reveal != nullptr && reveal->AsBool();
  const Value* configuration = sent.Find("stateConfiguration");
  request.retrier_retry_count = OptionalCount(configuration, "retrierRetryCount");
  request.error_caused_by_state = OptionalText(configuration, "errorCausedByState");
  request.map_iteration_failure_count = OptionalCount(configuration, "mapIterationFailureCount");
  request.map_item_reader_data = OptionalText(configuration, "mapItemReaderData");
  return request;
}

Value ErrorDetails(const TestedState& tested) {
  json::Members details;
  if (tested.catch_index.has_value())
    details.push_back({"catchIndex", static_cast<int64_t>(*tested.catch_index)});
  if (tested.retry_index.has_value())
    details.push_back({"retryIndex", static_cast<int64_t>(*tested.retry_index)});
  if (tested.retry_backoff.has_value())
    details.push_back({"retryBackoffIntervalSeconds", absl::ToInt64Seconds(*tested.retry_backoff)});
  return Value::FromMembers(std::move(details));
}

Value InspectionData(const TestedState& tested) {
  json::Members data = {{"input", json::Serialize(tested.input)}};
  const auto add = [&data](const char* name, const std::optional<Value>& value) {
    if (value.has_value()) data.push_back({name, json::Serialize(*value)});
  };
  add("afterInputPath", tested.at(Stage::kAfterInputPath));
  add("afterParameters", tested.at(Stage::kAfterParameters));
  add("result", tested.result);
  add("afterResultSelector", tested.at(Stage::kAfterResultSelector));
  add("afterResultPath", tested.at(Stage::kAfterResultPath));
  add("afterItemsPath", tested.at(Stage::kAfterItemsPath));
  add("afterItemSelector", tested.at(Stage::kAfterItemSelector));
  add("afterItemBatcher", tested.at(Stage::kAfterItemBatcher));
  add("afterItemsPointer", tested.after_items_pointer);
  if (tested.variables.size() > 0) data.push_back({"variables", json::Serialize(tested.variables)});
  if (const Value details = ErrorDetails(tested); details.size() > 0)
    data.push_back({"errorDetails", details});
  if (tested.map.has_value()) {
    data.push_back({"maxConcurrency", tested.map->max_concurrency});
    if (tested.map->tolerated_failure_count.has_value())
      data.push_back({"toleratedFailureCount", *tested.map->tolerated_failure_count});
    if (tested.map->tolerated_failure_percentage.has_value())
      data.push_back({"toleratedFailurePercentage", *tested.map->tolerated_failure_percentage});
  }
  return Value::FromMembers(std::move(data));
}

std::string_view NameOf(TestedState::Status status) {
  switch (status) {
    case TestedState::Status::kSucceeded:
      return "SUCCEEDED";
    case TestedState::Status::kFailed:
      return "FAILED";
    case TestedState::Status::kRetriable:
      return "RETRIABLE";
    case TestedState::Status::kCaughtError:
      break;
  }
  return "CAUGHT_ERROR";
}

Value ResponseOf(const TestedState& tested, bool inspected) {
  json::Members response = {{"status", Value(NameOf(tested.status))}};
  if (tested.output.has_value()) response.push_back({"output", json::Serialize(*tested.output)});
  if (tested.error.has_value()) response.push_back({"error", *tested.error});
  if (tested.cause.has_value()) response.push_back({"cause", *tested.cause});
  if (!tested.next_state.empty()) response.push_back({"nextState", tested.next_state});
  if (inspected) response.push_back({"inspectionData", InspectionData(tested)});
  return Value::FromMembers(std::move(response));
}

std::string CompareRefusal(const Value& expect, Refusal refusal) {
  const Value* message = expect.Find("message");
  if (message == nullptr) return "";
  for (Diagnostic& diagnostic : refusal.diagnostics) diagnostic.hint.clear();
  const std::string given =
      refusal.diagnostics.empty()
          ? refusal.message
          : "Invalid State Machine Definition: '" + FormatDiagnostics(refusal.diagnostics) + "'";
  const bool is_definition = refusal.kind == Refusal::Kind::kDefinition;
  if (is_definition != (TextOf(expect, "code") == "InvalidDefinition"))
    return "another code than " + TextOf(expect, "code") + ": " + given;
  return given == message->AsString()
             ? ""
             : "expected \"" + message->AsString() + "\", got \"" + given + "\"";
}

}  // namespace

std::optional<std::string> RunRecordedStateTest(const Value& recording) {
  if (TextOf(recording, "kind") != "test_state") return std::nullopt;
  if (json::Serialize(*recording.Find("definition")).find("\"JSONata\"") != std::string::npos)
    return std::nullopt;
  const Value& expect = *recording.Find("expect");
  const Value* rejected = expect.Find("rejected");
  const bool is_rejected = rejected != nullptr && rejected->AsBool();
  // What the limits of the request's fields refuse is the API's.
  if (is_rejected && expect.Find("message") == nullptr) return std::nullopt;
  auto prepared =
      StateTest::Prepare(RequestOf(recording), {}, *CasePlayer::ContextOf(recording), {});
  if (auto* refusal = std::get_if<Refusal>(&prepared)) {
    return is_rejected ? CompareRefusal(expect, *std::move(refusal))
                       : "refused: " + refusal->message;
  }
  StateTest& test = *std::get<std::unique_ptr<StateTest>>(prepared);
  if (test.Begin(absl::FromUnixSeconds(1'700'000'000)).has_value())
    return std::nullopt;  // a function is called
  StateTest::Outcome outcome = test.Result();
  if (auto* refusal = std::get_if<Refusal>(&outcome)) {
    return is_rejected ? CompareRefusal(expect, *std::move(refusal))
                       : "refused: " + refusal->message;
  }
  if (is_rejected) return "accepted, which the service refuses";
  const std::string level = TextOf(*recording.Find("request"), "inspectionLevel");
  RecordingMatcher matcher(TextsOf(recording, "ignore"), TextsOf(recording, "wildcards"));
  return matcher.Compare(
      *expect.Find("response"),
      ResponseOf(std::get<TestedState>(outcome), level == "DEBUG" || level == "TRACE"), "response");
}

}  // namespace orderflow::asl
