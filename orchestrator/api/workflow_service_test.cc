#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/rpc/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Workflows = workflow::v1::WorkflowService::Stub;

constexpr char kPass[] = R"({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}})";
constexpr char kOtherPass[] =
    R"({"StartAt": "Q", "States": {"Q": {"Type": "Pass", "Result": 7, "End": true}}})";
constexpr char kTask[] =
    R"({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "grpc://x:1/a.B/Work", "End": true}}})";
constexpr char kNobody[] = "arn:aws:states:us-east-1:000000000000:stateMachine:nobody";

class WorkflowServiceTest : public ::testing::Test {
 protected:
  template <typename Request, typename Response>
  grpc::Status Do(grpc::Status (Workflows::*method)(grpc::ClientContext*, const Request&,
                                                    Response*),
                  const Request& request, Response& response) {
    return Call(orchestrator_.workflows(), method, request, response);
  }
  // The response of a call that must succeed.
  template <typename Request, typename Response>
  Response Must(grpc::Status (Workflows::*method)(grpc::ClientContext*, const Request&, Response*),
                const Request& request) {
    Response response;
    const grpc::Status status = Do(method, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // "CODE Reason" of a call that must fail.
  template <typename Request, typename Response>
  std::string Failure(grpc::Status (Workflows::*method)(grpc::ClientContext*, const Request&,
                                                        Response*),
                      const Request& request) {
    Response response;
    const grpc::Status status = Do(method, request, response);
    message_ = status.error_message();
    return absl::StrCat(
        std::string(StatusCodeName(static_cast<absl::StatusCode>(status.error_code()))), " ",
        ReasonOf(status));
  }

  workflow::v1::CreateStateMachineRequest Definition(
      const std::string& name, const std::string& definition,
      workflow::v1::StateMachineType type = workflow::v1::STATE_MACHINE_TYPE_UNSPECIFIED) {
    workflow::v1::CreateStateMachineRequest request;
    request.set_name(name);
    request.set_definition(definition);
    request.set_type(type);
    return request;
  }
  std::string Create(
      const std::string& name, const std::string& definition,
      workflow::v1::StateMachineType type = workflow::v1::STATE_MACHINE_TYPE_UNSPECIFIED) {
    return Must(&Workflows::CreateStateMachine, Definition(name, definition, type))
        .state_machine_arn();
  }
  workflow::v1::StartExecutionRequest StartOf(const std::string& arn, const std::string& name,
                                              const std::string& input = "{}") {
    workflow::v1::StartExecutionRequest request;
    request.set_state_machine_arn(arn);
    request.set_name(name);
    request.set_input(input);
    return request;
  }
  std::string Start(const std::string& arn, const std::string& name,
                    const std::string& input = "{}") {
    return Must(&Workflows::StartExecution, StartOf(arn, name, input)).execution_arn();
  }
  workflow::v1::DescribeExecutionResponse Describe(const std::string& arn) {
    workflow::v1::DescribeExecutionRequest request;
    request.set_execution_arn(arn);
    return Must(&Workflows::DescribeExecution, request);
  }
  // Waits for the end by asking, as clients of the API do.
  workflow::v1::DescribeExecutionResponse AwaitEnd(const std::string& arn) {
    while (true) {
      auto description = Describe(arn);
      if (description.status() != workflow::v1::EXECUTION_STATUS_RUNNING) return description;
      std::this_thread::yield();
    }
  }
  std::vector<workflow::v1::HistoryEvent> History(const std::string& arn, int page_size = 0,
                                                  bool reverse = false) {
    std::vector<workflow::v1::HistoryEvent> events;
    workflow::v1::GetExecutionHistoryRequest request;
    request.set_execution_arn(arn);
    request.set_max_results(page_size);
    request.set_reverse_order(reverse);
    while (true) {
      auto page = Must(&Workflows::GetExecutionHistory, request);
      if (page_size > 0) {
        EXPECT_LE(page.events_size(), page_size);
      }
      for (const auto& event : page.events()) events.push_back(event);
      if (!page.has_next_token()) return events;
      request.set_next_token(page.next_token());
    }
  }
  std::vector<std::string> Types(const std::vector<workflow::v1::HistoryEvent>& events) {
    std::vector<std::string> types;
    for (const auto& event : events) types.push_back(event.type());
    return types;
  }

  Script script_;
  TestOrchestrator orchestrator_{script_};
  std::string message_;  // of the last Failure
};

// --- State machines ---

TEST_F(WorkflowServiceTest, CreatingTheSameTwiceIsOneStateMachine) {
  const auto first = Must(&Workflows::CreateStateMachine, Definition("m", kPass));
  EXPECT_EQ(first.state_machine_arn(), "arn:aws:states:us-east-1:000000000000:stateMachine:m");
  auto again = Definition("m", kPass, workflow::v1::STATE_MACHINE_TYPE_STANDARD);
  again.set_role_arn("arn:aws:iam::000000000000:role/other");  // does not count
  const auto second = Must(&Workflows::CreateStateMachine, again);
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
}

TEST_F(WorkflowServiceTest, AKnownNameWithOtherContentIsRefused) {
  Create("m", kPass);
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, Definition("m", kOtherPass)),
            "ALREADY_EXISTS StateMachineAlreadyExists");
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine,
                    Definition("m", kPass, workflow::v1::STATE_MACHINE_TYPE_EXPRESS)),
            "ALREADY_EXISTS StateMachineAlreadyExists");
  auto logged = Definition("m", kPass);
  logged.mutable_logging_configuration()->set_level(workflow::v1::LOG_LEVEL_ALL);
  logged.mutable_logging_configuration()
      ->add_destinations()
      ->mutable_cloud_watch_logs_log_group()
      ->set_log_group_arn("arn:aws:logs:x");
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, logged),
            "ALREADY_EXISTS StateMachineAlreadyExists");
}

TEST_F(WorkflowServiceTest, EachMistakeOfADefinitionIsNamedWithItsPlace) {
  workflow::v1::CreateStateMachineResponse response;
  const grpc::Status status =
      Do(&Workflows::CreateStateMachine, Definition("m", R"({"StartAt": "A", "States": {
             "A": {"Type": "Pass", "Next": "Nowhere"},
             "B": {"Type": "Task", "Resource": "nonsense", "End": true}}})"),
         response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "InvalidDefinition");
  EXPECT_THAT(status.error_message(), HasSubstr("Invalid State Machine Definition: '"));
  EXPECT_THAT(status.error_message(), HasSubstr("/States/A/Next"));
  std::vector<std::string> fields;
  for (const auto& violation : GetFieldViolations(rpc::FromGrpcStatus(status)))
    fields.push_back(violation.field);
  EXPECT_THAT(fields, ::testing::IsSupersetOf(
                          {"definition/States/A/Next", "definition/States/B/Resource"}));
}

TEST_F(WorkflowServiceTest, BadRequestsHaveTheNamesOfTheApi) {
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, Definition("a b", kPass)),
            "INVALID_ARGUMENT InvalidName");
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, Definition("a/b", kPass)),
            "INVALID_ARGUMENT InvalidName");
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, Definition(std::string(81, 'a'), kPass)),
            "INVALID_ARGUMENT ValidationException");
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, Definition("", kPass)),
            "INVALID_ARGUMENT ValidationException");
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, Definition("m", "")),
            "INVALID_ARGUMENT ValidationException");
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, Definition("m", "{")),
            "INVALID_ARGUMENT InvalidDefinition");
  EXPECT_EQ(
      Failure(&Workflows::CreateStateMachine, Definition("m", std::string((1 << 20) + 1, ' '))),
      "INVALID_ARGUMENT ValidationException");

  auto request = Definition("m", kPass);
  request.mutable_logging_configuration()->add_destinations();
  request.mutable_logging_configuration()->add_destinations();
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, request),
            "INVALID_ARGUMENT InvalidLoggingConfiguration");
  request = Definition("m", kPass);
  request.mutable_tracing_configuration()->set_enabled(true);
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, request),
            "INVALID_ARGUMENT InvalidTracingConfiguration");
  request = Definition("m", kPass);
  request.set_version_description("of what is not published");
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, request),
            "INVALID_ARGUMENT ValidationException");
  request = Definition("m", kPass);
  for (int i = 0; i < 51; ++i) request.add_tags()->set_key(absl::StrCat(i));
  EXPECT_EQ(Failure(&Workflows::CreateStateMachine, request), "INVALID_ARGUMENT TooManyTags");

  workflow::v1::DescribeStateMachineRequest describe;
  for (const char* arn : {"nonsense", "arn:aws:states:us-east-1:000000000000:execution:m:1"}) {
    describe.set_state_machine_arn(arn);
    EXPECT_EQ(Failure(&Workflows::DescribeStateMachine, describe), "INVALID_ARGUMENT InvalidArn");
  }
  describe.set_state_machine_arn(kNobody);
  EXPECT_EQ(Failure(&Workflows::DescribeStateMachine, describe),
            "NOT_FOUND StateMachineDoesNotExist");
  EXPECT_EQ(message_, absl::StrCat("State Machine Does Not Exist: '", kNobody, "'"));
}

TEST_F(WorkflowServiceTest, ADescriptionTellsWhatWasCreated) {
  auto request = Definition("m", kPass, workflow::v1::STATE_MACHINE_TYPE_EXPRESS);
  request.set_role_arn("arn:aws:iam::000000000000:role/r");
  request.mutable_logging_configuration()->set_level(workflow::v1::LOG_LEVEL_ERROR);
  request.mutable_logging_configuration()
      ->add_destinations()
      ->mutable_cloud_watch_logs_log_group()
      ->set_log_group_arn("arn:aws:logs:x");
  const std::string arn = Must(&Workflows::CreateStateMachine, request).state_machine_arn();
  workflow::v1::DescribeStateMachineRequest describe;
  describe.set_state_machine_arn(arn);
  const auto description = Must(&Workflows::DescribeStateMachine, describe);
  EXPECT_EQ(description.name(), "m");
  EXPECT_EQ(description.definition(), kPass);
  EXPECT_EQ(description.role_arn(), "arn:aws:iam::000000000000:role/r");
  EXPECT_EQ(description.type(), workflow::v1::STATE_MACHINE_TYPE_EXPRESS);
  EXPECT_EQ(description.status(), workflow::v1::STATE_MACHINE_STATUS_ACTIVE);
  EXPECT_EQ(description.logging_configuration().level(), workflow::v1::LOG_LEVEL_ERROR);
  EXPECT_EQ(description.logging_configuration()
                .destinations(0)
                .cloud_watch_logs_log_group()
                .log_group_arn(),
            "arn:aws:logs:x");
  describe.set_included_data(workflow::v1::INCLUDED_DATA_METADATA_ONLY);
  EXPECT_EQ(Must(&Workflows::DescribeStateMachine, describe).definition(), "");
}

TEST_F(WorkflowServiceTest, AnUpdateIsForNewExecutionsOnly) {
  const std::string arn = Create("m", kTask);
  script_.Hold("Work");
  const std::string running = Start(arn, "old");
  script_.AwaitCalls("Work", 1);
  workflow::v1::UpdateStateMachineRequest update;
  update.set_state_machine_arn(arn);
  EXPECT_EQ(Failure(&Workflows::UpdateStateMachine, update),
            "INVALID_ARGUMENT MissingRequiredParameter");
  update.set_definition("{}");
  EXPECT_EQ(Failure(&Workflows::UpdateStateMachine, update), "INVALID_ARGUMENT InvalidDefinition");
  update.set_definition(kOtherPass);
  EXPECT_THAT(Must(&Workflows::UpdateStateMachine, update).revision_id(), SizeIs(36));

  EXPECT_EQ(AwaitEnd(Start(arn, "new")).output(), "7");
  script_.Answer("Work", json::Value(1));
  script_.Release("Work");
  EXPECT_EQ(AwaitEnd(running).output(), "1");
  EXPECT_THAT(Types(History(running)), ::testing::Contains("TaskStateEntered"))
      << "its own definition tells its history";
  update.set_state_machine_arn(kNobody);
  EXPECT_EQ(Failure(&Workflows::UpdateStateMachine, update), "NOT_FOUND StateMachineDoesNotExist");
}

TEST_F(WorkflowServiceTest, ADeletedStateMachineStartsNothingAndItsExecutionsGoOn) {
  const std::string arn = Create("m", kTask);
  script_.Hold("Work");
  const std::string running = Start(arn, "1");
  script_.AwaitCalls("Work", 1);
  workflow::v1::DeleteStateMachineRequest request;
  request.set_state_machine_arn(arn);
  Must(&Workflows::DeleteStateMachine, request);
  Must(&Workflows::DeleteStateMachine, request);
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(arn, "2")),
            "NOT_FOUND StateMachineDoesNotExist");
  script_.Release("Work");
  EXPECT_EQ(AwaitEnd(running).status(), workflow::v1::EXECUTION_STATUS_SUCCEEDED);
}

TEST_F(WorkflowServiceTest, StateMachinesAreListedInPages) {
  for (const char* name : {"a", "b", "c"}) Create(name, kPass);
  std::vector<std::string> names;
  workflow::v1::ListStateMachinesRequest request;
  request.set_max_results(2);
  while (true) {
    const auto page = Must(&Workflows::ListStateMachines, request);
    for (const auto& item : page.state_machines()) names.push_back(item.name());
    if (!page.has_next_token()) break;
    request.set_next_token(page.next_token());
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("a", "b", "c", "order-processing"));
  request.set_next_token("nonsense");
  EXPECT_EQ(Failure(&Workflows::ListStateMachines, request), "INVALID_ARGUMENT InvalidToken");
  request.set_max_results(1001);
  EXPECT_EQ(Failure(&Workflows::ListStateMachines, request),
            "INVALID_ARGUMENT ValidationException");
}

// --- Executions ---

TEST_F(WorkflowServiceTest, AStartIsIdempotentWhileItRuns) {
  const std::string arn = Create("m", kTask);
  script_.Hold("Work");
  const auto first = Must(&Workflows::StartExecution, StartOf(arn, "1", R"({"a":1})"));
  const auto again = Must(&Workflows::StartExecution, StartOf(arn, "1", R"({"a":1})"));
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(arn, "1", R"({"a":2})")),
            "ALREADY_EXISTS ExecutionAlreadyExists");
  script_.Release("Work");
  AwaitEnd(first.execution_arn());
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(arn, "1", R"({"a":1})")),
            "ALREADY_EXISTS ExecutionAlreadyExists");
  EXPECT_EQ(script_.calls("Work"), 1);
}

TEST_F(WorkflowServiceTest, BadStartsHaveTheNamesOfTheApiAndStartNothing) {
  const std::string arn = Create("m", kPass);
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(arn, "1", "{")),
            "INVALID_ARGUMENT InvalidExecutionInput");
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(arn, "1", "")),
            "INVALID_ARGUMENT InvalidExecutionInput");
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(arn, "a*b")),
            "INVALID_ARGUMENT InvalidName");
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(arn, "line\nbreak")),
            "INVALID_ARGUMENT InvalidName");
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf("x", "1")), "INVALID_ARGUMENT InvalidArn");
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(kNobody, "1")),
            "NOT_FOUND StateMachineDoesNotExist");
  const std::string large = absl::StrCat("\"", std::string(262'143, 'x'), "\"");
  EXPECT_EQ(Failure(&Workflows::StartExecution, StartOf(arn, "1", large)),
            "INVALID_ARGUMENT ValidationException");
  EXPECT_THAT(message_, Not(HasSubstr("xxx"))) << "inputs may be confidential";
  workflow::v1::ListExecutionsRequest list;
  list.set_state_machine_arn(arn);
  EXPECT_EQ(Must(&Workflows::ListExecutions, list).executions_size(), 0);
}

TEST_F(WorkflowServiceTest, WithoutNameAndInputAnExecutionGetsAUuidAndAnEmptyObject) {
  workflow::v1::StartExecutionRequest request;
  request.set_state_machine_arn(Create("m", kPass));
  const auto description = AwaitEnd(Must(&Workflows::StartExecution, request).execution_arn());
  EXPECT_THAT(description.name(), SizeIs(36));
  EXPECT_EQ(description.input(), "{}");
  EXPECT_EQ(description.output(), "{}");
}

TEST_F(WorkflowServiceTest, ADescriptionTellsHowAnExecutionEnded) {
  const std::string arn = Create("m", kTask);
  script_.Answer("Work", asl::Failure{"Bad", "why"});
  const auto failed = AwaitEnd(Start(arn, "1", R"({"a":1})"));
  EXPECT_EQ(failed.status(), workflow::v1::EXECUTION_STATUS_FAILED);
  EXPECT_EQ(failed.error(), "Bad");
  EXPECT_EQ(failed.cause(), "why");
  EXPECT_EQ(failed.input(), R"({"a":1})");
  EXPECT_FALSE(failed.has_output());
  EXPECT_TRUE(failed.has_stop_date());
  EXPECT_EQ(failed.state_machine_arn(), arn);

  workflow::v1::DescribeExecutionRequest request;
  request.set_execution_arn(failed.execution_arn());
  request.set_included_data(workflow::v1::INCLUDED_DATA_METADATA_ONLY);
  const auto metadata = Must(&Workflows::DescribeExecution, request);
  EXPECT_FALSE(metadata.has_input() || metadata.has_error() || metadata.has_cause());
  EXPECT_FALSE(metadata.input_details().included());
  request.set_execution_arn("arn:aws:states:us-east-1:000000000000:execution:m:nobody");
  EXPECT_EQ(Failure(&Workflows::DescribeExecution, request), "NOT_FOUND ExecutionDoesNotExist");
  request.set_execution_arn("arn:aws:states:us-east-1:000000000000:express:m:1:u");
  EXPECT_EQ(Failure(&Workflows::DescribeExecution, request), "INVALID_ARGUMENT InvalidArn");
}

TEST_F(WorkflowServiceTest, ExecutionsAreListedByStatusInPages) {
  const std::string arn = Create("m", kTask);
  for (int i = 0; i < 3; ++i) AwaitEnd(Start(arn, absl::StrCat("s", i)));
  script_.Answer("Work", asl::Failure{"Bad", std::nullopt});
  AwaitEnd(Start(arn, "f"));
  script_.Hold("Work");
  Start(arn, "r");
  const auto list = [&](workflow::v1::ExecutionStatus status) {
    std::vector<std::string> names;
    workflow::v1::ListExecutionsRequest request;
    request.set_state_machine_arn(arn);
    request.set_status_filter(status);
    request.set_max_results(2);
    while (true) {
      const auto page = Must(&Workflows::ListExecutions, request);
      for (const auto& item : page.executions()) names.push_back(item.name());
      if (!page.has_next_token()) return names;
      request.set_next_token(page.next_token());
    }
  };
  EXPECT_THAT(list(workflow::v1::EXECUTION_STATUS_UNSPECIFIED),
              ElementsAre("r", "f", "s2", "s1", "s0"));
  EXPECT_THAT(list(workflow::v1::EXECUTION_STATUS_SUCCEEDED), ElementsAre("s2", "s1", "s0"));
  EXPECT_THAT(list(workflow::v1::EXECUTION_STATUS_FAILED), ElementsAre("f"));
  EXPECT_THAT(list(workflow::v1::EXECUTION_STATUS_RUNNING), ElementsAre("r"));

  workflow::v1::ListExecutionsRequest request;
  request.set_state_machine_arn(kNobody);
  EXPECT_EQ(Failure(&Workflows::ListExecutions, request), "NOT_FOUND StateMachineDoesNotExist");
  request.set_state_machine_arn(arn);
  request.set_next_token("nonsense");
  EXPECT_EQ(Failure(&Workflows::ListExecutions, request), "INVALID_ARGUMENT InvalidToken");
  request.set_state_machine_arn(Create("e", kPass, workflow::v1::STATE_MACHINE_TYPE_EXPRESS));
  EXPECT_EQ(Failure(&Workflows::ListExecutions, request),
            "FAILED_PRECONDITION StateMachineTypeNotSupported");
}

TEST_F(WorkflowServiceTest, AStopEndsARunningExecutionAndMayBeRepeated) {
  const std::string machine = Create("m", kTask);
  script_.Hold("Work");
  const std::string arn = Start(machine, "1");
  workflow::v1::StopExecutionRequest request;
  request.set_execution_arn(arn);
  request.set_error("Enough");
  request.set_cause("of this");
  const auto stopped = Must(&Workflows::StopExecution, request);
  const auto description = Describe(arn);
  EXPECT_EQ(description.status(), workflow::v1::EXECUTION_STATUS_ABORTED);
  EXPECT_EQ(description.error(), "Enough");
  EXPECT_EQ(description.cause(), "of this");
  EXPECT_EQ(description.stop_date().SerializeAsString(), stopped.stop_date().SerializeAsString());
  EXPECT_EQ(Must(&Workflows::StopExecution, request).SerializeAsString(),
            stopped.SerializeAsString());
  EXPECT_EQ(Types(History(arn)).back(), "ExecutionAborted");

  request.set_execution_arn("arn:aws:states:us-east-1:000000000000:execution:m:nobody");
  EXPECT_EQ(Failure(&Workflows::StopExecution, request), "NOT_FOUND ExecutionDoesNotExist");
  request.set_error(std::string(257, 'x'));
  EXPECT_EQ(Failure(&Workflows::StopExecution, request), "INVALID_ARGUMENT ValidationException");
}

TEST_F(WorkflowServiceTest, AnExpressExecutionAnswersItsResult) {
  workflow::v1::StartSyncExecutionRequest request;
  request.set_state_machine_arn(Create("e", kTask, workflow::v1::STATE_MACHINE_TYPE_EXPRESS));
  request.set_name("n");
  request.set_input(R"({"a":1})");
  script_.Answer("Work", json::Value::Object({{"b", 2}}));
  const auto good = Must(&Workflows::StartSyncExecution, request);
  EXPECT_EQ(good.status(), workflow::v1::EXECUTION_STATUS_SUCCEEDED);
  EXPECT_EQ(good.output(), R"({"b":2})");
  EXPECT_EQ(good.input(), R"({"a":1})");
  EXPECT_THAT(good.execution_arn(), HasSubstr(":express:e:n:"));
  const auto again = Must(&Workflows::StartSyncExecution, request);
  EXPECT_NE(again.execution_arn(), good.execution_arn()) << "names need not be unique";

  script_.Answer("Work", asl::Failure{"Bad", "why"});
  const auto bad = Must(&Workflows::StartSyncExecution, request);
  EXPECT_EQ(bad.status(), workflow::v1::EXECUTION_STATUS_FAILED);
  EXPECT_EQ(bad.error(), "Bad");
  request.set_state_machine_arn(Create("s", kPass));
  EXPECT_EQ(Failure(&Workflows::StartSyncExecution, request),
            "FAILED_PRECONDITION StateMachineTypeNotSupported");
}

// --- History ---

class HistoryServiceTest : public WorkflowServiceTest {
 protected:
  HistoryServiceTest() {
    order::v1::PlaceOrderRequest request;
    request.set_order_id("1");
    request.set_product_id("sku-001");
    request.set_quantity(1);
    request.set_customer_email("user@example.com");
    order::v1::PlaceOrderResponse response;
    EXPECT_TRUE(
        Call(orchestrator_.orders(), &order::v1::OrderService::Stub::PlaceOrder, request, response)
            .ok());
    arn_ = response.order().execution_arn();
  }
  std::string arn_;
};

TEST_F(HistoryServiceTest, AnOrderHasTheHistoryThatStepFunctionsTells) {
  const auto events = History(arn_);
  EXPECT_THAT(
      Types(events),
      ElementsAre("ExecutionStarted",  //
                  "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded",
                  "TaskStateExited", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                  "TaskSucceeded", "TaskStateExited", "ChoiceStateEntered", "ChoiceStateExited",  //
                  "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded",
                  "TaskStateExited", "ChoiceStateEntered", "ChoiceStateExited",  //
                  "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded",
                  "TaskStateExited", "ExecutionSucceeded"));
  EXPECT_THAT(events[0].execution_started_event_details().input(), HasSubstr(R"("order_id":"1")"));
  EXPECT_EQ(events[0].previous_event_id(), 0);
  EXPECT_EQ(events[1].previous_event_id(), 0) << "as on AWS";
  EXPECT_EQ(events[1].state_entered_event_details().name(), "ReceiveOrder");
  EXPECT_FALSE(events[1].state_entered_event_details().input_details().truncated());
  EXPECT_EQ(events[2].task_scheduled_event_details().timeout_in_seconds(), 10);
  EXPECT_THAT(events[2].task_scheduled_event_details().parameters(), HasSubstr("order_id"));
  EXPECT_EQ(events.back().execution_succeeded_event_details().output(), Describe(arn_).output());
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].id(), static_cast<int64_t>(i) + 1);
}

TEST_F(HistoryServiceTest, PagesTogetherAreTheWholeHistoryInBothDirections) {
  const auto whole = History(arn_);
  for (const int page_size : {1, 7, 26, 1000}) {
    const auto forward = History(arn_, page_size);
    ASSERT_THAT(forward, SizeIs(whole.size()));
    auto backward = History(arn_, page_size, /*reverse=*/true);
    ASSERT_THAT(backward, SizeIs(whole.size()));
    std::reverse(backward.begin(), backward.end());
    for (size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(forward[i].SerializeAsString(), whole[i].SerializeAsString());
      EXPECT_EQ(backward[i].SerializeAsString(), whole[i].SerializeAsString());
    }
  }
}

TEST_F(HistoryServiceTest, ATokenOfAnotherListIsInvalid) {
  workflow::v1::GetExecutionHistoryRequest request;
  request.set_execution_arn(arn_);
  request.set_max_results(1);
  const std::string token = Must(&Workflows::GetExecutionHistory, request).next_token();
  request.set_next_token(token);
  request.set_reverse_order(true);
  EXPECT_EQ(Failure(&Workflows::GetExecutionHistory, request), "INVALID_ARGUMENT InvalidToken");
  request.set_reverse_order(false);
  request.set_next_token("nonsense");
  EXPECT_EQ(Failure(&Workflows::GetExecutionHistory, request), "INVALID_ARGUMENT InvalidToken");
  request.set_next_token("");
  EXPECT_EQ(Failure(&Workflows::GetExecutionHistory, request),
            "INVALID_ARGUMENT ValidationException");
  request.clear_next_token();
  request.set_execution_arn(
      "arn:aws:states:us-east-1:000000000000:execution:order-processing:nobody");
  EXPECT_EQ(Failure(&Workflows::GetExecutionHistory, request), "NOT_FOUND ExecutionDoesNotExist");
}

TEST_F(HistoryServiceTest, WithoutExecutionDataInputsAndOutputsAreLeftOut) {
  workflow::v1::GetExecutionHistoryRequest request;
  request.set_execution_arn(arn_);
  request.set_include_execution_data(false);
  const auto page = Must(&Workflows::GetExecutionHistory, request);
  EXPECT_THAT(page.SerializeAsString(), Not(HasSubstr("user@example.com")));
  EXPECT_EQ(page.events(1).state_entered_event_details().name(), "ReceiveOrder");
}

}  // namespace
}  // namespace orderflow::api
