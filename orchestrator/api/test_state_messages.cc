#include "orchestrator/api/test_state_messages.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"

namespace orderflow::api {
namespace {

using asl::Stage;
using workflow::v1::InspectionData;
using workflow::v1::TestStateRequest;
using workflow::v1::TestStateResponse;

// Without the value, as AWS does it for what may be confidential.
absl::Status CheckBytes(std::string_view field, std::string_view value, size_t min, size_t max) {
  if (value.size() >= min && value.size() <= max) return absl::OkStatus();
  const bool is_short = value.size() < min;
  return StatesError(
      "ValidationException",
      absl::StrCat("1 validation error detected: Value at '", std::string(field),
                   "' failed to satisfy constraint: Member must have length ",
                   is_short ? "greater" : "less", " than or equal to ", is_short ? min : max));
}

absl::Status CheckCount(std::string_view field, int32_t count) {
  if (count >= 0) return absl::OkStatus();
  return ConstraintError(field, absl::StrCat(count),
                         "Member must have value greater than or equal to 0");
}

absl::Status CheckMock(const workflow::v1::MockInput& mock, size_t max_bytes) {
  ORDERFLOW_RETURN_IF_ERROR(CheckBytes("mock.result", mock.result(), 0, max_bytes));
  if (!mock.has_error_output()) return absl::OkStatus();
  const workflow::v1::MockErrorOutput& error = mock.error_output();
  if (!error.has_error()) {
    return StatesError("ValidationException",
                       "1 validation error detected: Value null at 'mock.errorOutput.error' failed "
                       "to satisfy constraint: Member must not be null");
  }
  ORDERFLOW_RETURN_IF_ERROR(
      CheckLength("mock.errorOutput.error", error.error(), 0, kMaxErrorLength));
  return CheckLength("mock.errorOutput.cause", error.cause(), 0, kMaxCauseLength);
}

absl::Status CheckConfiguration(const workflow::v1::TestStateConfiguration& configuration,
                                size_t max_bytes) {
  ORDERFLOW_RETURN_IF_ERROR(
      CheckCount("stateConfiguration.retrierRetryCount", configuration.retrier_retry_count()));
  ORDERFLOW_RETURN_IF_ERROR(CheckCount("stateConfiguration.mapIterationFailureCount",
                                       configuration.map_iteration_failure_count()));
  if (configuration.has_error_caused_by_state()) {
    ORDERFLOW_RETURN_IF_ERROR(CheckLength("stateConfiguration.errorCausedByState",
                                          configuration.error_caused_by_state(), 1,
                                          kMaxNameLength));
  }
  return CheckBytes("stateConfiguration.mapItemReaderData", configuration.map_item_reader_data(), 0,
                    max_bytes);
}

absl::Status CheckRequest(const TestStateRequest& request, size_t max_bytes) {
  ORDERFLOW_RETURN_IF_ERROR(CheckBytes("definition", request.definition(), 1, kMaxDefinitionBytes));
  if (request.has_role_arn())
    ORDERFLOW_RETURN_IF_ERROR(CheckLength("roleArn", request.role_arn(), 1, kMaxArnLength));
  if (request.has_state_name())
    ORDERFLOW_RETURN_IF_ERROR(CheckLength("stateName", request.state_name(), 1, kMaxNameLength));
  ORDERFLOW_RETURN_IF_ERROR(CheckBytes("variables", request.variables(), 0, max_bytes));
  ORDERFLOW_RETURN_IF_ERROR(CheckBytes("context", request.context(), 0, max_bytes));
  ORDERFLOW_RETURN_IF_ERROR(CheckMock(request.mock(), max_bytes));
  return CheckConfiguration(request.state_configuration(), max_bytes);
}

asl::MockValidation ToValidation(workflow::v1::MockResponseValidationMode mode) {
  switch (mode) {
    case workflow::v1::MOCK_RESPONSE_VALIDATION_MODE_PRESENT:
      return asl::MockValidation::kPresent;
    case workflow::v1::MOCK_RESPONSE_VALIDATION_MODE_NONE:
      return asl::MockValidation::kNone;
    default:
      return asl::MockValidation::kStrict;
  }
}

asl::StateMock ToMock(const workflow::v1::MockInput& mock) {
  asl::StateMock made;
  made.validation = ToValidation(mock.field_validation_mode());
  if (mock.has_result()) made.result = mock.result();
  if (mock.has_error_output()) {
    made.failure = asl::Failure{mock.error_output().error(), std::nullopt};
    if (mock.error_output().has_cause()) made.failure->cause = mock.error_output().cause();
  }
  return made;
}

workflow::v1::TestExecutionStatus ToProto(asl::TestedState::Status status) {
  switch (status) {
    case asl::TestedState::Status::kSucceeded:
      return workflow::v1::TEST_EXECUTION_STATUS_SUCCEEDED;
    case asl::TestedState::Status::kFailed:
      return workflow::v1::TEST_EXECUTION_STATUS_FAILED;
    case asl::TestedState::Status::kRetriable:
      return workflow::v1::TEST_EXECUTION_STATUS_RETRIABLE;
    case asl::TestedState::Status::kCaughtError:
      break;
  }
  return workflow::v1::TEST_EXECUTION_STATUS_CAUGHT_ERROR;
}

int32_t ToInt32(int64_t value) {
  return static_cast<int32_t>(std::min<int64_t>(value, std::numeric_limits<int32_t>::max()));
}

void SetStages(const asl::TestedState& tested, InspectionData& data) {
  const auto set = [&data](const std::optional<json::Value>& value,
                           std::string* (InspectionData::*field)()) {
    if (value.has_value()) *(data.*field)() = json::Serialize(*value);
  };
  set(tested.input, &InspectionData::mutable_input);
  set(tested.at(Stage::kAfterInputPath), &InspectionData::mutable_after_input_path);
  set(tested.at(Stage::kAfterParameters), &InspectionData::mutable_after_parameters);
  set(tested.result, &InspectionData::mutable_result);
  set(tested.at(Stage::kAfterResultSelector), &InspectionData::mutable_after_result_selector);
  set(tested.at(Stage::kAfterResultPath), &InspectionData::mutable_after_result_path);
  set(tested.at(Stage::kAfterItemsPath), &InspectionData::mutable_after_items_path);
  set(tested.at(Stage::kAfterItemSelector), &InspectionData::mutable_after_item_selector);
  set(tested.at(Stage::kAfterItemBatcher), &InspectionData::mutable_after_item_batcher);
  set(tested.after_items_pointer, &InspectionData::mutable_after_items_pointer);
  if (tested.variables.size() > 0) data.set_variables(json::Serialize(tested.variables));
}

void SetMap(const asl::MapSettings& map, InspectionData& data) {
  data.set_max_concurrency(ToInt32(map.max_concurrency));
  if (map.tolerated_failure_count.has_value())
    data.set_tolerated_failure_count(ToInt32(*map.tolerated_failure_count));
  if (map.tolerated_failure_percentage.has_value())
    data.set_tolerated_failure_percentage(static_cast<float>(*map.tolerated_failure_percentage));
}

void SetErrorDetails(const asl::TestedState& tested, InspectionData& data) {
  if (!tested.catch_index.has_value() && !tested.retry_index.has_value()) return;
  workflow::v1::InspectionErrorDetails& details = *data.mutable_error_details();
  if (tested.catch_index.has_value())
    details.set_catch_index(static_cast<int32_t>(*tested.catch_index));
  if (tested.retry_index.has_value())
    details.set_retry_index(static_cast<int32_t>(*tested.retry_index));
  if (tested.retry_backoff.has_value())
    details.set_retry_backoff_interval_seconds(
        ToInt32(absl::ToInt64Seconds(*tested.retry_backoff)));
}

// A longer body is left out, as other data of a test is.
constexpr size_t kMaxShownBody = 256 * 1024;

// "[name: value, name: value]", as AWS writes them.
std::string HeaderList(const std::vector<std::string>& headers) {
  return absl::StrCat("[", absl::StrJoin(headers, ", "), "]");
}

// The answer in an HTTP Task's result, or in the cause of its failure; nothing where none came.
std::optional<json::Value> AnswerIn(const tasks::TaskOutcome& outcome) {
  if (const auto* result = std::get_if<json::Value>(&outcome)) return *result;
  const auto& failure = std::get<asl::Failure>(outcome);
  if (!absl::StartsWith(failure.error.value_or(""), "States.Http.StatusCode.")) return std::nullopt;
  return json::Parse(failure.cause.value_or("")).value;
}

void SetAnswer(const json::Value& answer, workflow::v1::InspectionDataResponse& response) {
  if (const json::Value* code = answer.Find("StatusCode"))
    response.set_status_code(json::Serialize(*code));
  if (const json::Value* text = answer.Find("StatusText"); text != nullptr && text->IsString())
    response.set_status_message(text->AsString());
  const json::Value* body = answer.Find("ResponseBody");
  if (body != nullptr && json::SerializedSize(*body) <= kMaxShownBody)
    response.set_body(body->IsString() ? body->AsString() : json::Serialize(*body));
  const json::Value* headers = answer.Find("Headers");
  if (headers == nullptr || !headers->IsObject()) return;
  std::vector<std::string> lines;
  for (const json::Member& header : headers->AsMembers()) {
    for (const json::Value& value : header.value.AsArray())
      lines.push_back(absl::StrCat(header.key, ": ", value.AsString()));
  }
  response.set_headers(HeaderList(lines));
}

}  // namespace

absl::StatusOr<asl::StateTestRequest> ReadTestState(const TestStateRequest& request,
                                                    size_t max_payload_bytes) {
  ORDERFLOW_RETURN_IF_ERROR(CheckRequest(request, max_payload_bytes));
  asl::StateTestRequest test;
  test.definition = request.definition();
  if (request.has_state_name()) test.state_name = request.state_name();
  test.has_role = request.has_role_arn();
  if (request.has_input()) {
    ORDERFLOW_ASSIGN_OR_RETURN(test.input, CheckInput(request.input(), max_payload_bytes));
  }
  if (request.has_variables()) test.variables = request.variables();
  if (request.has_context()) test.context = request.context();
  if (request.has_mock()) test.mock = ToMock(request.mock());
  test.reveal_secrets = request.reveal_secrets();
  const workflow::v1::TestStateConfiguration& configuration = request.state_configuration();
  if (configuration.has_retrier_retry_count())
    test.retrier_retry_count = configuration.retrier_retry_count();
  if (configuration.has_error_caused_by_state())
    test.error_caused_by_state = configuration.error_caused_by_state();
  if (configuration.has_map_iteration_failure_count())
    test.map_iteration_failure_count = configuration.map_iteration_failure_count();
  if (configuration.has_map_item_reader_data())
    test.map_item_reader_data = configuration.map_item_reader_data();
  return test;
}

absl::Status ToStatus(const asl::Refusal& refusal) {
  if (refusal.kind == asl::Refusal::Kind::kValidation)
    return StatesError("ValidationException", refusal.message);
  if (!refusal.diagnostics.empty()) return InvalidDefinition(refusal.diagnostics);
  return StatesError("InvalidDefinition", refusal.message);
}

TestStateResponse ToResponse(const asl::TestedState& tested, workflow::v1::InspectionLevel level) {
  TestStateResponse response;
  if (tested.output.has_value()) response.set_output(json::Serialize(*tested.output));
  if (tested.error.has_value()) response.set_error(*tested.error);
  if (tested.cause.has_value()) response.set_cause(*tested.cause);
  if (!tested.next_state.empty()) response.set_next_state(tested.next_state);
  response.set_status(ToProto(tested.status));
  if (level != workflow::v1::INSPECTION_LEVEL_DEBUG &&
      level != workflow::v1::INSPECTION_LEVEL_TRACE)
    return response;
  InspectionData& data = *response.mutable_inspection_data();
  SetStages(tested, data);
  if (tested.map.has_value()) SetMap(*tested.map, data);
  SetErrorDetails(tested, data);
  return response;
}

void SetExchange(const tasks::ShownRequest& request, const tasks::TaskOutcome& outcome,
                 InspectionData& data) {
  workflow::v1::InspectionDataRequest& sent = *data.mutable_request();
  sent.set_protocol(request.protocol);
  sent.set_method(request.method);
  sent.set_url(request.url);
  sent.set_headers(HeaderList(request.headers));
  if (!request.body.empty()) sent.set_body(request.body);
  const std::optional<json::Value> answer = AnswerIn(outcome);
  if (!answer.has_value()) return;
  data.mutable_response()->set_protocol(request.protocol);
  SetAnswer(*answer, *data.mutable_response());
}

}  // namespace orderflow::api
