#include "orchestrator/asl/interpreter.h"

#include <malloc.h>

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kTask[] =
    R"("A": {"Type": "Task", "Resource": "grpc://host:1/shop.Stock/Check", "End": true})";

// A task "A" with more fields, and a Pass "B" behind it.
std::shared_ptr<const StateMachine> TaskThenPass(const std::string& fields) {
  return MachineOf(
      R"("A": {"Type": "Task", "Resource": "grpc://host:1/shop.Stock/Check", "Next": "B", )" +
      fields + R"(}, "B": {"Type": "Pass", "End": true})");
}

TEST(InterpreterTest, TaskIsRunWithItsParametersAndItsResultGoesToResultPath) {
  TestExecution run(
      MachineOf(R"("A": {"Type": "Task", "Resource": "grpc://host:1/s.S/M", "End": true,
      "InputPath": "$.order", "Parameters": {"id.$": "$.id", "fixed": [1]}, "ResultSelector": {"n.$": "$.count"},
      "ResultPath": "$.stock"})"));
  run.Begin(R"({"order": {"id": "o-1"}, "kept": true})");
  const RunTask task = run.Only<RunTask>();
  EXPECT_EQ(task.resource, "grpc://host:1/s.S/M");
  EXPECT_EQ(task.input, Json(R"({"id": "o-1", "fixed": [1]})"));
  EXPECT_EQ(task.try_number, 1);
  run.Answer(R"({"count": 3, "noise": 1})");
  const Complete end = run.Only<Complete>();
  EXPECT_EQ(end.status, Status::kSucceeded);
  EXPECT_EQ(json::Serialize(end.output), R"({"order":{"id":"o-1"},"kept":true,"stock":{"n":3}})");
  EXPECT_EQ(end.state, "");
}

TEST(InterpreterTest, NullPathsGiveEmptyObjectsAndDiscardResults) {
  TestExecution run(MachineOf(R"(
      "A": {"Type": "Task", "Resource": "r", "InputPath": null, "ResultPath": null, "Next": "B"},
      "B": {"Type": "Pass", "OutputPath": null, "End": true})"));
  run.Begin(R"({"x": 1})");
  EXPECT_EQ(run.Only<RunTask>().input, Json("{}"));
  run.Answer(R"("ignored")");
  EXPECT_EQ(run.events[run.events.size() - 4].details.Find("output")->AsString(), R"({"x":1})");
  EXPECT_EQ(run.Only<Complete>().output, Json("{}"));
}

TEST(InterpreterTest, EventsOfATaskHaveTheServicesNamesAndMembers) {
  TestExecution run(
      MachineOf(R"("A": {"Type": "Task", "Resource": "grpc://host:1/shop.Stock/Check", "End": true,
      "TimeoutSeconds": 60, "HeartbeatSeconds": 20})"));
  run.Begin(R"({"a": 1})");
  run.Answer("[2]");
  EXPECT_THAT(run.EventTypes(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                          "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"));
  EXPECT_EQ(run.events[0].details_name, "executionStartedEventDetails");
  EXPECT_EQ(run.events[0].details,
            Json(R"({"input": "{\"a\":1}", "inputDetails": {"truncated": false},
                                           "roleArn": "arn:aws:iam::123456789012:role/orders"})"));
  EXPECT_EQ(run.events[2].details_name, "taskScheduledEventDetails");
  EXPECT_EQ(run.events[2].details,
            Json(R"({"resourceType": "grpc", "resource": "shop.Stock/Check", "region": "eu-west-1",
                     "parameters": "{\"a\":1}", "timeoutInSeconds": 60, "heartbeatInSeconds": 20})"));
  EXPECT_EQ(run.events[4].details,
            Json(R"({"resourceType": "grpc", "resource": "shop.Stock/Check", "output": "[2]",
                                           "outputDetails": {"truncated": false}})"));
  EXPECT_EQ(run.events[5].details,
            Json(R"({"name": "A", "output": "[2]", "outputDetails": {"truncated": false}})"));
}

TEST(InterpreterTest, TheFirstStateFollowsNoEventAndAllOthersTheOneBefore) {
  TestExecution run(MachineOf(R"("A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"})"));
  run.Begin();
  std::vector<std::pair<int64_t, int64_t>> ids;
  for (const HistoryEvent& event : run.events) ids.emplace_back(event.id, event.previous_id);
  EXPECT_THAT(ids, ElementsAre(std::pair(1, 0), std::pair(2, 0), std::pair(3, 2), std::pair(4, 3),
                               std::pair(5, 4), std::pair(6, 5)));
}

TEST(InterpreterTest, EventsAreCountedTheSameWhenNobodyListens) {
  const auto machine = MachineOf(kTask);
  TestExecution heard(machine);
  heard.Begin();
  heard.Answer("1");
  Execution silent(machine, TestExecution::Context());
  std::vector<Effect> effects;
  silent.Apply(Input{heard.now, Start{Json("{}")}}, effects, nullptr);
  silent.Apply(Input{heard.now, TaskSucceeded{1, Value(1)}}, effects, nullptr);
  EXPECT_EQ(silent.event_count(), static_cast<int64_t>(heard.events.size()));
}

TEST(InterpreterTest, RetriesKeepTheTaskAndOnlyAddScheduledAndStarted) {
  TestExecution run(
      TaskThenPass(R"("Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "BackoffRate": 2,
                                              "MaxAttempts": 2}])"));
  run.Begin();
  const RunTask first = run.Only<RunTask>();
  run.Refuse("Busy");
  ASSERT_EQ(run.Timers().size(), 1u);
  EXPECT_EQ(run.Timers()[0].due - run.now, absl::Seconds(3));
  EXPECT_FALSE(run.Has<RunTask>());
  run.FireLastTimer();
  const RunTask second = run.Only<RunTask>();
  EXPECT_EQ(second.task, first.task);
  EXPECT_NE(second.attempt, first.attempt);
  EXPECT_EQ(second.try_number, 2);
  run.Refuse("Busy");
  EXPECT_EQ(run.Timers()[0].due - run.now, absl::Seconds(6));
  run.FireLastTimer();
  run.Refuse("Busy", "still");
  EXPECT_EQ(run.Only<Complete>().error, "Busy");
  EXPECT_EQ(run.Only<Complete>().cause, "still");
  EXPECT_EQ(run.Only<Complete>().state, "A");
  EXPECT_THAT(run.EventTypes(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                          "TaskFailed", "TaskScheduled", "TaskStarted", "TaskFailed",
                          "TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed"));
}

TEST(InterpreterTest, TheFirstRetrierThatMatchesDecidesAndThenCatchIsNext) {
  TestExecution run(TaskThenPass(R"("Retry": [{"ErrorEquals": ["Fatal"], "MaxAttempts": 0},
                                             {"ErrorEquals": ["States.ALL"]}],
                                   "Catch": [{"ErrorEquals": ["Other"], "Next": "B"},
                                             {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "B"}])"));
  run.Begin(R"({"kept": 1})");
  run.Refuse("Fatal", "no use");
  EXPECT_EQ(json::Serialize(run.Only<Complete>().output),
            R"({"kept":1,"error":{"Error":"Fatal","Cause":"no use"}})");
}

TEST(InterpreterTest, RetryCountersStartAnewWhenTheStateIsEnteredAgain) {
  TestExecution run(MachineOf(R"("A": {"Type": "Task", "Resource": "r", "Next": "A",
      "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
      "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}]}, "End": {"Type": "Succeed"})"));
  run.Begin();
  for (int round = 0; round < 3; ++round) {
    run.Refuse("Busy");
    ASSERT_EQ(run.Timers().size(), 1u) << "no retry in round " << round;
    run.FireLastTimer();
    EXPECT_EQ(run.Only<RunTask>().try_number, 2);
    EXPECT_EQ(run.Only<RunTask>().task, round + 1);
    run.Answer("{}");
  }
}

TEST(InterpreterTest, RetryCountIsVisibleInTheContextObject) {
  TestExecution run(TaskThenPass(
      R"("Parameters": {"retries.$": "$$.State.RetryCount"}, "Retry": [{"ErrorEquals": ["States.ALL"]}])"));
  run.Begin();
  EXPECT_EQ(run.Only<RunTask>().input, Json(R"({"retries": 0})"));
  run.Refuse("Busy");
  run.Timers();
  run.FireLastTimer();
  EXPECT_EQ(run.Only<RunTask>().input, Json(R"({"retries": 1})"));
}

TEST(InterpreterTest, JitterIsRepeatableAndWithinThePause) {
  const auto machine =
      TaskThenPass(R"("Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 100,
      "MaxAttempts": 20, "BackoffRate": 1, "JitterStrategy": "FULL"}])");
  std::vector<absl::Duration> pauses[2];
  for (auto& observed : pauses) {
    TestExecution run(machine);
    run.Begin();
    for (int i = 0; i < 20; ++i) {
      run.Refuse("Busy");
      observed.push_back(run.Timers().at(0).due - run.now);
      EXPECT_GE(observed.back(), absl::ZeroDuration());
      EXPECT_LE(observed.back(), absl::Seconds(100));
      run.FireLastTimer();
    }
  }
  EXPECT_EQ(pauses[0], pauses[1]);
  EXPECT_NE(pauses[0][0], pauses[0][1]);
}

TEST(InterpreterTest, TimeoutCancelsTheTaskAndHasNoCauseInTheHistory) {
  TestExecution run(TaskThenPass(
      R"("TimeoutSeconds": 5, "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "B"}])"));
  run.Begin();
  EXPECT_EQ(run.Only<RunTask>().deadline, run.now + absl::Seconds(5));
  const AttemptId attempt = run.attempt();
  run.Timers();
  run.FireLastTimer();
  EXPECT_EQ(run.Only<CancelTask>().attempt, attempt);
  EXPECT_EQ(run.events[4].type, "TaskTimedOut");
  EXPECT_EQ(run.events[4].details.Find("cause"), nullptr);
  EXPECT_EQ(run.Only<Complete>().output, Json(R"({"Error": "States.Timeout", "Cause": ""})"));
}

TEST(InterpreterTest, AnAnswerInTimeCancelsTheTimeout) {
  TestExecution run(TaskThenPass(R"("TimeoutSeconds": 5)"));
  run.Begin();
  const TimerId timer = run.Timers().at(0).timer;
  run.Answer("{}");
  EXPECT_EQ(run.Only<CancelTimer>().timer, timer);
  EXPECT_FALSE(run.execution.WouldAccept(Input{run.now, TimerFired{timer}}));
}

TEST(InterpreterTest, AHeartbeatMovesItsTimerAndAMissedOneIsATimeout) {
  TestExecution run(TaskThenPass(R"("HeartbeatSeconds": 10)"));
  run.Begin();
  const SetTimer first = run.Timers().at(0);
  run.now += absl::Seconds(9);
  EXPECT_TRUE(run.Apply(Heartbeat{run.attempt()}));
  EXPECT_EQ(run.Only<CancelTimer>().timer, first.timer);
  EXPECT_EQ(run.Timers().at(0).due, run.now + absl::Seconds(10));
  run.FireLastTimer();
  EXPECT_EQ(run.Only<Complete>().error, "States.Timeout");
  EXPECT_EQ(run.Only<Complete>().cause, std::nullopt);
}

TEST(InterpreterTest, TimeoutsMayComeFromTheInput) {
  TestExecution run(TaskThenPass(R"("TimeoutSecondsPath": "$.limit", "Parameters": {})"));
  run.Begin(R"({"limit": 7})");
  EXPECT_EQ(run.Only<RunTask>().deadline, run.now + absl::Seconds(7));
  TestExecution text(TaskThenPass(R"("TimeoutSecondsPath": "$.limit", "Parameters": {})"));
  text.Begin(R"({"limit": "7"})");
  EXPECT_EQ(text.Only<RunTask>().deadline, text.now + absl::Seconds(7));
  TestExecution wrong(TaskThenPass(R"("TimeoutSecondsPath": "$.limit")"));
  wrong.Begin(R"({"limit": 0})");
  EXPECT_THAT(*wrong.Only<Complete>().cause, HasSubstr("TimeoutSecondsPath"));
}

TEST(InterpreterTest, APathThatMissesQuotesWhatItWasAppliedTo) {
  TestExecution of_input(TaskThenPass(R"("Parameters": {"x.$": "$.a.b"})"));
  of_input.Begin(R"({"a": 1})");
  EXPECT_THAT(*of_input.Only<Complete>().cause,
              HasSubstr("The JSONPath '$.a.b' specified for the field 'x.$' could not be found in "
                        "the input '{\"a\":1}'"));
  TestExecution of_context(TaskThenPass(R"("Parameters": {"x.$": "$$.Task.Token"})"));
  of_context.Begin(R"({"a": 1})");
  EXPECT_THAT(*of_context.Only<Complete>().cause,
              HasSubstr("could not be found in the input '{\"Execution\":{\"Id\":"));
  TestExecution of_null(TaskThenPass(R"("Parameters": {"x.$": "$.a"})"));
  of_null.Begin("null");
  EXPECT_EQ(of_null.Only<Complete>().error, "States.Runtime");
  EXPECT_THAT(*of_null.Only<Complete>().cause,
              HasSubstr("Unable to apply Path transformation to null or empty input."));
}

TEST(InterpreterTest, TaskFailedMatchesEveryErrorButTheTimeout) {
  const auto machine = TaskThenPass(
      R"("TimeoutSeconds": 5, "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "B"}])");
  TestExecution failed(machine), timed_out(machine);
  failed.Begin();
  failed.Refuse("Grpc.INTERNAL");
  EXPECT_EQ(failed.Only<Complete>().status, Status::kSucceeded);
  timed_out.Begin();
  timed_out.Timers();
  timed_out.FireLastTimer();
  EXPECT_EQ(timed_out.Only<Complete>().status, Status::kFailed);
}

TEST(InterpreterTest, NothingCatchesARuntimeError) {
  TestExecution run(
      TaskThenPass(R"("OutputPath": "$.no.such", "Retry": [{"ErrorEquals": ["States.ALL"]}],
      "Catch": [{"ErrorEquals": ["States.Runtime"], "Next": "B"}, {"ErrorEquals": ["States.ALL"], "Next": "B"}])"));
  run.Begin();
  run.Answer("{}");
  EXPECT_EQ(run.Only<Complete>().error, "States.Runtime");
  EXPECT_EQ(
      run.Only<Complete>().cause,
      "An error occurred while executing the state 'A' (entered at the event id #2). Invalid path "
      "'$.no.such' : Missing property in path $['no']");
}

TEST(InterpreterTest, AResultPathThroughATextFailsInAWayThatCanBeCaught) {
  TestExecution run(TaskThenPass(R"("ResultPath": "$.name.first",
      "Catch": [{"ErrorEquals": ["States.ResultPathMatchFailure"], "ResultPath": "$.error", "Next": "B"}])"));
  run.Begin(R"({"name": "Ada"})");
  run.Answer("1");
  EXPECT_EQ(run.Only<Complete>().status, Status::kSucceeded);
  EXPECT_EQ(run.Only<Complete>().output.Find("name")->AsString(), "Ada");
}

TEST(InterpreterTest, AnInputThatNoLongerMattersChangesNothing) {
  TestExecution run(TaskThenPass(R"("Retry": [{"ErrorEquals": ["States.ALL"]}])"));
  run.Begin();
  const AttemptId old = run.attempt();
  run.Refuse("Busy");
  const size_t events = run.events.size();
  for (const Input& late :
       {Input{run.now, TaskSucceeded{old, Value(1)}}, Input{run.now, TaskFailed{old, {"E", "c"}}},
        Input{run.now, Heartbeat{old}}, Input{run.now, TimerFired{99}},
        Input{run.now, TimerFired{0}}, Input{run.now, TaskSucceeded{0, Value(1)}},
        Input{run.now, Start{Value()}}}) {
    EXPECT_FALSE(run.execution.WouldAccept(late));
    EXPECT_FALSE(run.Apply(late.what));
    EXPECT_TRUE(run.effects.empty());
  }
  EXPECT_EQ(run.events.size(), events);
}

TEST(InterpreterTest, StopAbortsAndCancelsWhatIsOpen) {
  TestExecution run(TaskThenPass(R"("TimeoutSeconds": 5)"));
  EXPECT_FALSE(run.execution.WouldAccept(Input{run.now, Stop{}}));
  run.Begin();
  EXPECT_TRUE(run.Apply(Stop{"Operator", "no longer wanted"}));
  EXPECT_TRUE(run.Has<CancelTask>());
  EXPECT_TRUE(run.Has<CancelTimer>());
  EXPECT_EQ(run.Only<Complete>().status, Status::kAborted);
  EXPECT_EQ(run.Only<Complete>().error, "Operator");
  EXPECT_EQ(run.events.back().type, "ExecutionAborted");
  EXPECT_EQ(run.events.back().previous_id, 0);
  EXPECT_FALSE(run.Apply(Stop{}));
}

TEST(InterpreterTest, TheMachinesTimeoutEndsTheExecution) {
  TestExecution run(ParseOrFail(R"({"StartAt": "A", "TimeoutSeconds": 30, "States": {
      "A": {"Type": "Wait", "Seconds": 60, "End": true}}})"));
  run.Begin();
  const std::vector<SetTimer> timers = run.Timers();
  ASSERT_EQ(timers.size(), 2u);
  EXPECT_EQ(timers[0].due, run.now + absl::Seconds(30));
  run.now = timers[0].due;
  EXPECT_TRUE(run.Apply(TimerFired{timers[0].timer}));
  EXPECT_EQ(run.Only<Complete>().status, Status::kTimedOut);
  EXPECT_EQ(run.Only<CancelTimer>().timer, timers[1].timer);
  EXPECT_EQ(run.events.back().type, "ExecutionTimedOut");
}

TEST(InterpreterTest, AWaitEndsWhenItsTimeHasComeAndAPastOneAtOnce) {
  TestExecution run(MachineOf(R"("A": {"Type": "Wait", "Seconds": 60, "Next": "B"},
      "B": {"Type": "Wait", "TimestampPath": "$.at", "End": true})"));
  run.Begin(R"({"at": "2020-01-01T00:00:00+01:00"})");
  EXPECT_EQ(run.Timers().at(0).due, run.now + absl::Seconds(60));
  EXPECT_THAT(run.execution.CurrentStates(), ElementsAre("A"));
  run.FireLastTimer();
  EXPECT_EQ(run.Only<Complete>().status, Status::kSucceeded);
}

TEST(InterpreterTest, AChoiceWithoutAMatchFails) {
  TestExecution run(MachineOf(R"("A": {"Type": "Choice", "Choices": [
      {"Variable": "$.x", "NumericGreaterThan": 1, "Next": "B"}]}, "B": {"Type": "Succeed"})"));
  run.Begin(R"({"x": 1})");
  EXPECT_EQ(run.Only<Complete>().error, kErrorRuntime);
}

TEST(InterpreterTest, AFailWithoutErrorAndCauseEndsWithoutThem) {
  TestExecution run(MachineOf(R"("A": {"Type": "Fail"})"));
  run.Begin();
  EXPECT_EQ(run.Only<Complete>().error, std::nullopt);
  EXPECT_EQ(run.events.back().details, Json("{}"));
}

TEST(InterpreterTest, AnEndlessLoopEndsAtTheLimitOfEvents) {
  const auto machine =
      MachineOf(R"("A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Choice", "Choices": [
      {"Variable": "$.go", "BooleanEquals": true, "Next": "A"}], "Default": "End"}, "End": {"Type": "Succeed"})");
  for (int64_t limit : {10, 11, 12, 25'000}) {
    TestExecution run(machine, Limits{.max_events = limit});
    run.Begin(R"({"go": true})");
    EXPECT_EQ(run.Only<Complete>().status, Status::kFailed);
    EXPECT_EQ(run.events.size(), static_cast<size_t>(limit));
    EXPECT_EQ(run.events.back().type, "ExecutionFailed");
    EXPECT_EQ(run.events.back().id, limit);
    EXPECT_EQ(*run.Only<Complete>().cause,
              "The execution reached the maximum number of history events (" +
                  std::to_string(limit) + ").");
  }
}

TEST(InterpreterTest, NoTaskIsRunWhenTheHistoryIsFull) {
  for (int64_t limit = 3; limit <= 7; ++limit) {
    TestExecution run(MachineOf(kTask), Limits{.max_events = limit});
    run.Begin();
    if (run.Has<RunTask>()) {
      EXPECT_FALSE(run.Has<Complete>());
      run.Answer("1");
    }
    EXPECT_EQ(run.execution.status(), limit < 7 ? Status::kFailed : Status::kSucceeded) << limit;
    EXPECT_LE(run.execution.event_count(), limit);
  }
}

TEST(InterpreterTest, DataThatGrowsBeyondTheLimitFails) {
  TestExecution run(
      MachineOf(R"("A": {"Type": "Pass", "Parameters": {"l.$": "$", "r.$": "$"}, "Next": "A2"},
      "A2": {"Type": "Choice", "Choices": [{"Variable": "$.l", "IsPresent": true, "Next": "A"}], "Default": "E"},
      "E": {"Type": "Succeed"})"),
      Limits{.max_payload_bytes = 10'000});
  run.Begin(R"({"x": "0123456789"})");
  EXPECT_EQ(run.Only<Complete>().error, "States.DataLimitExceeded");
  EXPECT_EQ(*run.Only<Complete>().cause,
            "The state/task 'A' returned a result with a size exceeding the maximum number of "
            "bytes service limit.");
}

TEST(InterpreterTest, DataThatGrowsDeepInsteadOfLargeFailsToo) {
  TestExecution run(MachineOf(R"("A": {"Type": "Pass", "Parameters": {"i.$": "$"}, "Next": "B"},
      "B": {"Type": "Choice", "Choices": [{"Variable": "$.i", "IsPresent": true, "Next": "A"}], "Default": "E"},
      "E": {"Type": "Succeed"})"));
  run.Begin();
  EXPECT_EQ(run.Only<Complete>().error, "States.DataLimitExceeded");
  EXPECT_THAT(*run.Only<Complete>().cause, HasSubstr("nests deeper than 120"));
}

TEST(InterpreterTest, ATasksOversizedAnswerIsAFailureThatCanBeCaught) {
  TestExecution run(TaskThenPass(R"("Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}])"));
  run.Begin();
  EXPECT_TRUE(run.Apply(TaskSucceeded{run.attempt(), Value(std::string(300'000, 'a'))}));
  EXPECT_EQ(run.Only<Complete>().output.Find("Error")->AsString(), "States.DataLimitExceeded");
  EXPECT_EQ(run.events[4].type, "TaskFailed");
}

TEST(InterpreterTest, OutstandingWorkIsWhatWasAskedForAndNotAnswered) {
  TestExecution run(
      ParseOrFail(R"({"StartAt": "A", "TimeoutSeconds": 30, "States": {"A": {"Type": "Task",
      "Resource": "r", "TimeoutSeconds": 9, "HeartbeatSeconds": 3, "End": true,
      "Retry": [{"ErrorEquals": ["States.ALL"]}]}}})"));
  run.Begin(R"({"x": 1})");
  const std::vector<Effect> asked = run.effects;
  std::vector<Effect> outstanding;
  run.execution.AppendOutstanding(outstanding);
  ASSERT_EQ(outstanding.size(), asked.size());
  EXPECT_EQ(std::get<RunTask>(outstanding[1]).attempt, std::get<RunTask>(asked[1]).attempt);
  EXPECT_EQ(std::get<RunTask>(outstanding[1]).input, std::get<RunTask>(asked[1]).input);
  EXPECT_EQ(std::get<RunTask>(outstanding[1]).deadline, std::get<RunTask>(asked[1]).deadline);
  for (size_t i : {0u, 2u, 3u}) {
    EXPECT_EQ(std::get<SetTimer>(outstanding[i]).timer, std::get<SetTimer>(asked[i]).timer);
    EXPECT_EQ(std::get<SetTimer>(outstanding[i]).due, std::get<SetTimer>(asked[i]).due);
  }
  run.Refuse("Busy");
  outstanding.clear();
  run.execution.AppendOutstanding(outstanding);
  ASSERT_EQ(outstanding.size(), 2u);
  EXPECT_EQ(std::get<SetTimer>(outstanding[1]).due, run.Timers().at(0).due);
}

TEST(InterpreterTest, RandomNumbersAndIdentifiersAreTheSameInAReplay) {
  const auto machine = MachineOf(R"asl("A": {"Type": "Pass", "Next": "B", "Parameters": {
      "id.$": "States.UUID()", "other.$": "States.UUID()", "n.$": "States.MathRandom(1, 1000000)"}},
      "B": {"Type": "Pass", "ResultPath": "$.again", "Parameters": {"id.$": "States.UUID()"}, "End": true})asl");
  TestExecution first(machine), second(machine);
  first.Begin();
  second.Begin();
  const Value output = first.Only<Complete>().output;
  EXPECT_EQ(output, second.Only<Complete>().output);
  EXPECT_NE(*output.Find("id"), *output.Find("other"));
  EXPECT_NE(*output.Find("id"), *output.Find("again")->Find("id"));
}

TEST(InterpreterTest, AWaitingExecutionCostsLessThanFourKibibytes) {
  constexpr size_t kCount = 2000;
  const auto machine = TaskThenPass(
      R"("TimeoutSeconds": 60, "Retry": [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B"]}])");
  std::vector<Execution> waiting;
  waiting.reserve(kCount);
  std::vector<Effect> effects;
  const size_t before = mallinfo2().uordblks;
  for (size_t i = 0; i < kCount; ++i) {
    waiting.emplace_back(machine, TestExecution::Context());
    waiting.back().Apply(
        Input{absl::FromUnixSeconds(1'700'000'000),
              Start{Json(R"({"order_id": "12345", "product_id": "sku-001", "quantity": 1,
                             "customer_email": "user@example.com"})")}},
        effects, nullptr);
    effects = {};
  }
  const size_t each = (mallinfo2().uordblks - before) / kCount;
  RecordProperty("bytes", static_cast<int>(each));
  EXPECT_LT(each, 4096u);
}

}  // namespace
}  // namespace orderflow::asl
