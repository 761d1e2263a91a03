#include "orchestrator/asl/test_state.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using Status = TestedState::Status;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

constexpr char kInvoke[] = R"({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload.$": "$.order"},
    "ResultSelector": {"id.$": "$.Payload.id"}, "ResultPath": "$.answer", "OutputPath": "$.answer",
    "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2, "BackoffRate": 3.0}],
    "Catch": [{"ErrorEquals": ["Other"], "Next": "A"},
              {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "B"}],
    "Next": "C"})";

constexpr char kMap[] = R"({"Type": "Map", "InputPath": "$.in", "ItemsPath": "$.list",
    "ItemSelector": {"value.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index"},
    "ItemBatcher": {"MaxItemsPerBatch": 2}, "MaxConcurrency": 5, "ToleratedFailurePercentage": 34,
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                      "StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": true}}},
    "End": true})";

ExecutionContext Context() {
  ExecutionContext context = *TestExecution::Context();
  context.token_key = "key";
  return context;
}

StateTest::Prepared Prepare(StateTestRequest request) {
  return StateTest::Prepare(std::move(request), {}, Context(), {});
}

StateTestRequest Of(std::string_view definition, std::string_view input = "{}") {
  StateTestRequest request;
  request.definition = std::string(definition);
  request.input = Json(input);
  request.has_role = true;
  return request;
}
StateTestRequest WithResult(StateTestRequest request, std::string_view result) {
  request.mock = StateMock{.result = std::string(result), .failure = std::nullopt};
  return request;
}
StateTestRequest WithError(StateTestRequest request, std::string_view error) {
  request.mock = StateMock{.result = std::nullopt, .failure = Failure{std::string(error), "why"}};
  return request;
}

// The outcome of a test that calls nothing.
StateTest::Outcome Outcome(StateTestRequest request) {
  StateTest::Prepared prepared = Prepare(std::move(request));
  if (auto* refusal = std::get_if<Refusal>(&prepared)) return *std::move(refusal);
  auto& test = *std::get<std::unique_ptr<StateTest>>(prepared);
  EXPECT_FALSE(test.Begin(kNow).has_value());
  return test.Result();
}
TestedState Tested(StateTestRequest request) {
  StateTest::Outcome outcome = Outcome(std::move(request));
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
    ADD_FAILURE() << refusal->message << FormatDiagnostics(refusal->diagnostics);
    return {};
  }
  return std::get<TestedState>(std::move(outcome));
}
std::string Refused(StateTestRequest request) {
  const StateTest::Outcome outcome = Outcome(std::move(request));
  const auto* refusal = std::get_if<Refusal>(&outcome);
  if (refusal == nullptr) return "accepted";
  return refusal->diagnostics.empty() ? refusal->message : FormatDiagnostics(refusal->diagnostics);
}
std::string At(const TestedState& tested, Stage stage) {
  return tested.at(stage).has_value() ? json::Serialize(*tested.at(stage)) : "-";
}

TEST(TestStateTest, AMockedTaskShowsItsDataOnTheWay) {
  const TestedState tested =
      Tested(WithResult(Of(kInvoke, R"({"order": {"n": 1}})"), R"({"Payload": {"id": 7}})"));
  EXPECT_EQ(tested.status, Status::kSucceeded);
  EXPECT_EQ(tested.output, Json(R"({"id": 7})"));
  EXPECT_EQ(tested.next_state, "C");
  EXPECT_EQ(At(tested, Stage::kAfterInputPath), R"({"order":{"n":1}})");
  EXPECT_EQ(At(tested, Stage::kAfterParameters), R"({"FunctionName":"f","Payload":{"n":1}})");
  EXPECT_EQ(tested.result, Json(R"({"Payload": {"id": 7}})"));
  EXPECT_EQ(At(tested, Stage::kAfterResultSelector), R"({"id":7})");
  EXPECT_EQ(At(tested, Stage::kAfterResultPath), R"({"order":{"n":1},"answer":{"id":7}})");
  EXPECT_FALSE(tested.retry_index.has_value());
}

TEST(TestStateTest, ATaskWithoutAMockIsHandedOut) {
  StateTest::Prepared prepared = Prepare(Of(kInvoke, R"({"order": 1})"));
  auto& test = *std::get<std::unique_ptr<StateTest>>(prepared);
  const std::optional<RunTask> task = test.Begin(kNow);
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->resource, "arn:aws:states:::lambda:invoke");
  EXPECT_EQ(task->input, Json(R"({"FunctionName": "f", "Payload": 1})"));
  test.Answer(Failure{"Busy", "try later"}, kNow);
  StateTest::Outcome outcome = test.Result();
  const auto& tested = std::get<TestedState>(outcome);
  EXPECT_EQ(tested.status, Status::kRetriable);
  EXPECT_EQ(tested.error, "Busy");
  EXPECT_EQ(tested.retry_backoff, absl::Seconds(1));
  EXPECT_FALSE(tested.result.has_value());
}

TEST(TestStateTest, ARetrierCountsTheRetriesThatWere) {
  StateTestRequest request = WithError(Of(kInvoke, R"({"order": 1})"), "Busy");
  request.retrier_retry_count = 1;
  TestedState tested = Tested(request);
  EXPECT_EQ(tested.status, Status::kRetriable);
  EXPECT_EQ(tested.retry_index, 0u);
  EXPECT_EQ(tested.retry_backoff, absl::Seconds(3));
  EXPECT_FALSE(tested.output.has_value());
  EXPECT_EQ(tested.next_state, "");

  request.retrier_retry_count = 2;
  tested = Tested(request);
  EXPECT_EQ(tested.status, Status::kCaughtError);
  EXPECT_EQ(tested.retry_index, 0u);
  EXPECT_FALSE(tested.retry_backoff.has_value());
  EXPECT_EQ(tested.catch_index, 1u);
  EXPECT_EQ(tested.next_state, "B");
  EXPECT_EQ(tested.output, Json(R"({"order": 1, "error": {"Error": "Busy", "Cause": "why"}})"));
  EXPECT_EQ(tested.error, "Busy");
  EXPECT_EQ(tested.cause, "why");
}

TEST(TestStateTest, AnErrorThatNobodyTakesFailsTheState) {
  const TestedState tested = Tested(WithError(Of(kInvoke, R"({"order": 1})"), "States.Runtime"));
  EXPECT_EQ(tested.status, Status::kFailed);
  EXPECT_EQ(tested.error, "States.Runtime");
  EXPECT_EQ(tested.cause, "why");
  EXPECT_FALSE(tested.catch_index.has_value());
}

TEST(TestStateTest, AFailedExpressionTellsOfNoEvents) {
  const TestedState tested = Tested(WithResult(Of(kInvoke), R"({"Payload": 1})"));
  EXPECT_EQ(tested.status, Status::kFailed);
  EXPECT_EQ(tested.error, "States.Runtime");
  EXPECT_THAT(*tested.cause, HasSubstr("'$.order'"));
  EXPECT_THAT(*tested.cause, ::testing::Not(HasSubstr("entered at the event id")));
  EXPECT_EQ(At(tested, Stage::kAfterInputPath), "{}");
  EXPECT_EQ(At(tested, Stage::kAfterParameters), "-");
}

TEST(TestStateTest, AMapShowsItsItemsAndBatches) {
  const TestedState tested =
      Tested(WithResult(Of(kMap, R"({"in": {"list": ["a", "b", "c"]}})"), "[1, 2]"));
  EXPECT_EQ(tested.status, Status::kSucceeded);
  EXPECT_EQ(tested.output, Json("[1, 2]"));
  EXPECT_EQ(At(tested, Stage::kAfterItemsPath), R"(["a","b","c"])");
  EXPECT_EQ(At(tested, Stage::kAfterItemSelector),
            R"([{"value":"a","index":0},{"value":"b","index":1},{"value":"c","index":2}])");
  EXPECT_EQ(At(tested, Stage::kAfterItemBatcher),
            R"([{"Items":[{"value":"a","index":0},{"value":"b","index":1}]},)"
            R"({"Items":[{"value":"c","index":2}]}])");
  EXPECT_EQ(tested.map->max_concurrency, 5);
  EXPECT_EQ(tested.map->tolerated_failure_percentage, 34);
  EXPECT_FALSE(tested.map->tolerated_failure_count.has_value());
  EXPECT_FALSE(tested.result.has_value());
}

TEST(TestStateTest, WhatIsLargerThanAPayloadIsNotShown) {
  // Each input of an iteration would have all of the input in it.
  std::string list = "[0";
  for (int i = 0; i < 20'000; ++i) list += ",0";
  TestedState tested =
      Tested(WithResult(Of(R"({"Type": "Map", "ItemsPath": "$.list", "ItemSelector": {"all.$": "$"},
             "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}},
             "End": true})",
                           R"({"list": )" + list + "]}"),
                        "[]"));
  EXPECT_EQ(tested.status, Status::kSucceeded);
  EXPECT_TRUE(tested.at(Stage::kAfterItemsPath).has_value());
  EXPECT_EQ(At(tested, Stage::kAfterItemSelector), "-");
  std::string copies;
  for (int i = 0; i < 2'000; ++i)
    copies += (i == 0 ? "\"k" : ", \"k") + std::to_string(i) + ".$\": \"$\"";
  tested =
      Tested(Of(R"({"Type": "Pass", "Parameters": {)" + copies + R"(}, "End": true})", list + "]"));
  EXPECT_EQ(tested.error, kErrorDataLimitExceeded);
  EXPECT_EQ(At(tested, Stage::kAfterParameters), "-");
}

TEST(TestStateTest, ABatchThatIsTooLargeIsNotMadeToItsEnd) {
  std::string list = "[0";
  for (int i = 0; i < 20'000; ++i) list += ",0";
  const TestedState tested =
      Tested(WithResult(Of(R"({"Type": "Map", "ItemsPath": "$.list", "ItemSelector": {"all.$": "$"},
             "ItemBatcher": {"MaxItemsPerBatch": 1000000},
             "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED",
                                                   "ExecutionType": "STANDARD"},
                               "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}},
             "End": true})",
                           R"({"list": )" + list + "]}"),
                        "[]"));
  EXPECT_EQ(tested.error, kErrorDataLimitExceeded);
}

TEST(TestStateTest, FailedIterationsOfAMapAreComparedWithWhatItTolerates) {
  StateTestRequest request =
      WithResult(Of(kMap, R"({"in": {"list": ["a", "b", "c"]}})"), "[1, 2, 3]");
  request.map_iteration_failure_count = 1;
  EXPECT_EQ(Tested(request).status, Status::kSucceeded);
  request.map_iteration_failure_count = 2;
  const TestedState tested = Tested(request);
  EXPECT_EQ(tested.status, Status::kFailed);
  EXPECT_EQ(tested.error, kErrorExceedToleratedFailureThreshold);
  request.map_iteration_failure_count = 4;
  EXPECT_EQ(Refused(request),
            "Map iteration failure count must be less than or equal to the number of Map "
            "iterations");
}

TEST(TestStateTest, AMapGoesThroughWhatItsReaderReads) {
  StateTestRequest request =
      WithResult(Of(R"({"Type": "Map", "ItemReader": {"Resource": "arn:aws:states:::s3:getObject",
             "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/list"},
             "Parameters": {"Bucket": "b", "Key": "k"}},
             "ItemSelector": {"x.$": "$$.Map.Item.Value"},
             "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED",
                                                   "ExecutionType": "STANDARD"},
                               "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}},
             "End": true})"),
                 "[1, 2]");
  request.map_item_reader_data = R"({"list": [1, 2]})";
  const TestedState tested = Tested(request);
  EXPECT_EQ(tested.after_items_pointer, Json("[1, 2]"));
  EXPECT_EQ(At(tested, Stage::kAfterItemsPath), "-");
  EXPECT_EQ(At(tested, Stage::kAfterItemSelector), R"([{"x":1},{"x":2}])");
  request.map_item_reader_data = "{";
  EXPECT_EQ(Refused(request), "MapItemReaderData must be valid JSON");
}

TEST(TestStateTest, AParallelIsAnsweredBranchByBranch) {
  constexpr char kParallel[] = R"({"Type": "Parallel", "ResultPath": "$.r",
      "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}],
      "Catch": [{"ErrorEquals": ["E"], "Next": "Z"}], "End": true})";
  TestedState tested = Tested(WithResult(Of(kParallel, R"({"k": 1})"), "[2]"));
  EXPECT_EQ(tested.output, Json(R"({"k": 1, "r": [2]})"));
  EXPECT_EQ(At(tested, Stage::kAfterInputPath), "-");
  EXPECT_EQ(At(tested, Stage::kAfterResultSelector), "[2]");
  StateTestRequest failing = WithError(Of(kParallel), "E");
  failing.error_caused_by_state = "A";
  tested = Tested(failing);
  EXPECT_EQ(tested.status, Status::kCaughtError);
  EXPECT_EQ(tested.next_state, "Z");
  failing.error_caused_by_state = "Nobody";
  EXPECT_THAT(Refused(failing), HasSubstr("'Nobody'"));
  EXPECT_EQ(Refused(WithResult(Of(kParallel), "[1, 2]")),
            "Mocked result must contain the same number of items as number of Parallel branches.");
}

TEST(TestStateTest, OtherStatesNeedNothing) {
  TestedState tested = Tested(Of(R"({"Type": "Pass", "InputPath": "$.a", "Result": 1,
                                     "ResultPath": "$.b", "Next": "N"})",
                                 R"({"a": 0})"));
  EXPECT_EQ(tested.output, Json(R"({"a": 0, "b": 1})"));
  EXPECT_EQ(tested.result, Json("1"));
  EXPECT_EQ(At(tested, Stage::kAfterInputPath), "-");
  EXPECT_EQ(tested.next_state, "N");
  tested = Tested(Of(R"({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1,
                         "Next": "X"}], "Default": "Y"})",
                     R"({"a": 1})"));
  EXPECT_EQ(tested.next_state, "X");
  EXPECT_EQ(At(tested, Stage::kAfterResultPath), "-");
  tested = Tested(Of(R"({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1,
                         "Next": "X"}]})",
                     R"({"a": 2})"));
  EXPECT_EQ(tested.error, kErrorRuntime);
  tested = Tested(Of(R"({"Type": "Wait", "Seconds": 99999999, "Next": "N"})", "[1]"));
  EXPECT_EQ(tested.status, Status::kSucceeded);
  EXPECT_EQ(tested.output, Json("[1]"));
  EXPECT_EQ(tested.next_state, "N");
  tested = Tested(Of(R"({"Type": "Fail", "ErrorPath": "$.e"})", R"({"e": "E"})"));
  EXPECT_EQ(tested.status, Status::kFailed);
  EXPECT_EQ(tested.error, "E");
  EXPECT_FALSE(tested.cause.has_value());
  EXPECT_EQ(At(tested, Stage::kAfterInputPath), R"({"e":"E"})");
}

TEST(TestStateTest, VariablesAreSeenAndSet) {
  StateTestRequest request = Of(R"({"Type": "Pass", "Parameters": {"x.$": "$old"},
                                    "Assign": {"new": 2}, "End": true})");
  request.variables = R"({"old": 1})";
  const TestedState tested = Tested(request);
  EXPECT_EQ(tested.output, Json(R"({"x": 1})"));
  EXPECT_EQ(tested.variables, Json(R"({"old": 1, "new": 2})"));
  request.variables = "[]";
  EXPECT_EQ(Refused(request), "Variables must be a JSON object");
  request.variables = R"({"1a": 0})";
  EXPECT_EQ(Refused(request), "The name '1a' is not valid for a variable");
}

TEST(TestStateTest, AStateOfAMachineIsFoundAtAnyDepth) {
  const std::string machine = R"({"StartAt": "M", "States": {"M": )" + std::string(kMap) +
                              R"(, "Unused": {"Type": "Succeed"}}})";
  StateTestRequest request = Of(machine);
  request.state_name = "Inner";
  EXPECT_THAT(Refused(request), HasSubstr("\"Unused\" is not reachable"));
  request.definition = R"({"StartAt": "M", "States": {"M": )" + std::string(kMap) + "}}";
  EXPECT_EQ(Tested(request).status, Status::kSucceeded);
  request.state_name = "Nobody";
  EXPECT_EQ(Refused(request), "State not found in definition");
}

TEST(TestStateTest, TheContextObjectIsTheOneGiven) {
  constexpr char kAsk[] = R"({"Type": "Task", "End": true,
      "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
      "Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token", "n.$": "$$.State.Name"}}})";
  StateTestRequest request = WithResult(Of(kAsk), "1");
  request.context = R"({"Task": {"Token": "T"}, "State": {"Name": "S"}})";
  EXPECT_EQ(At(Tested(request), Stage::kAfterParameters),
            R"({"FunctionName":"f","Payload":{"t":"T","n":"S"}})");
  request.context = std::nullopt;
  EXPECT_THAT(At(Tested(request), Stage::kAfterParameters), HasSubstr("StateName"));
  request.context = R"({"State": {"RetryCount": "1"}})";
  EXPECT_EQ(Refused(request),
            "Invalid Context object provided: 'State.RetryCount' must be a number from 0");
  request.context = "1";
  EXPECT_EQ(Refused(request),
            "Invalid Context object provided: Context object must be a JSON object");
}

TEST(TestStateTest, WhatDoesNotGoTogetherIsRefused) {
  const StateTestRequest task = Of(kInvoke);
  StateTestRequest request = task;
  request.context = "{}";
  EXPECT_EQ(Refused(request), "TestState does not support Context when a mock is not specified.");
  request = WithResult(task, "{}");
  request.mock->failure = Failure{"E", "c"};
  EXPECT_THAT(Refused(request), HasSubstr("[result, errorOutput]"));
  request = WithResult(task, "{}");
  request.reveal_secrets = true;
  EXPECT_EQ(Refused(request), "TestState does not support RevealSecrets when a mock is specified.");
  request = WithResult(task, "{}");
  request.map_iteration_failure_count = 0;
  EXPECT_THAT(Refused(request), HasSubstr("not 'Task'"));
  request = task;
  request.has_role = false;
  EXPECT_EQ(Refused(request), "RoleArn must be specified when testing a Task state");
  EXPECT_THAT(Refused(Of(R"({"Type": "Task", "End": true,
                             "Resource": "arn:aws:states:eu-west-1:123456789012:activity:a"})")),
              HasSubstr("Activity tasks"));
}

TEST(TestStateTest, AMistakeInTheDefinitionIsTold) {
  EXPECT_THAT(Refused(Of("{")), HasSubstr("INVALID_JSON_DESCRIPTION"));
  EXPECT_THAT(Refused(Of("[]")), HasSubstr("Definition must be a valid JSON object"));
  EXPECT_THAT(Refused(Of(R"({"Type": "Pass", "Type": "Pass", "End": true})")),
              HasSubstr("/States/StateName/Type"));
  EXPECT_THAT(Refused(Of(R"({"Type": "Pass"})")), HasSubstr("at /States/StateName"));
}

// A resource that nobody can call matters only where it would be called.
TEST(TestStateTest, AMockNeedsNobodyToCall) {
  ParseOptions options;
  options.check_arguments = [](std::string_view, const json::Value&) {
    return std::optional<std::string>("not so");
  };
  const auto prepare = [&](const StateTestRequest& request) {
    return std::holds_alternative<Refusal>(StateTest::Prepare(request, options, Context(), {}));
  };
  EXPECT_FALSE(prepare(WithResult(Of(kInvoke), "{}")));
  EXPECT_TRUE(prepare(Of(kInvoke)));
  options.check_arguments = nullptr;
  EXPECT_FALSE(prepare(Of(kInvoke)));
  options.check_resource = [](std::string_view) { return std::optional<std::string>("not here"); };
  EXPECT_FALSE(prepare(WithResult(Of(kInvoke), "{}")));
  EXPECT_TRUE(prepare(Of(kInvoke)));
}

}  // namespace
}  // namespace orderflow::asl
