// Activities and their workers, over a real socket and a real database.

#include <chrono>
#include <future>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/rpc/served_method.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Workflows = workflow::v1::WorkflowService::Stub;

class ActivityTest : public ::testing::Test {
 protected:
  template <typename Request, typename Response>
  grpc::Status Do(grpc::Status (Workflows::*method)(grpc::ClientContext*, const Request&,
                                                    Response*),
                  const Request& request, Response& response) {
    return Call(orchestrator_.workflows(), method, request, response);
  }
  static std::string Outcome(const grpc::Status& status) {
    return status.ok() ? "OK" : absl::StrCat(ReasonOf(status), ": ", status.error_message());
  }

  std::string CreateActivity(const std::string& name) {
    workflow::v1::CreateActivityRequest request;
    request.set_name(name);
    workflow::v1::CreateActivityResponse response;
    const grpc::Status status = Do(&Workflows::CreateActivity, request, response);
    return status.ok() ? response.activity_arn() : Outcome(status);
  }
  // Starts an execution of a machine, whose one task is the activity's if it is not given.
  std::string Start(const std::string& activity, const std::string& input,
                    const std::string& definition = "") {
    workflow::v1::CreateStateMachineRequest machine;
    machine.set_name("m");
    machine.set_definition(
        !definition.empty()
            ? definition
            : absl::StrCat(R"({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": ")",
                           activity, R"(", "End": true}}})"));
    workflow::v1::CreateStateMachineResponse created;
    const grpc::Status status = Do(&Workflows::CreateStateMachine, machine, created);
    EXPECT_TRUE(status.ok()) << status.error_message();
    workflow::v1::StartExecutionRequest start;
    start.set_state_machine_arn(created.state_machine_arn());
    start.set_input(input);
    workflow::v1::StartExecutionResponse started;
    EXPECT_TRUE(Do(&Workflows::StartExecution, start, started).ok());
    return started.execution_arn();
  }
  void DeleteActivity(const std::string& arn) {
    workflow::v1::DeleteActivityRequest request;
    request.set_activity_arn(arn);
    workflow::v1::DeleteActivityResponse response;
    const grpc::Status status = Do(&Workflows::DeleteActivity, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  std::vector<std::string> EventTypes(const std::string& execution) {
    workflow::v1::GetExecutionHistoryRequest request;
    request.set_execution_arn(execution);
    workflow::v1::GetExecutionHistoryResponse history;
    EXPECT_TRUE(Do(&Workflows::GetExecutionHistory, request, history).ok());
    std::vector<std::string> types;
    for (const auto& event : history.events()) types.push_back(event.type());
    return types;
  }
  workflow::v1::GetActivityTaskResponse GetTask(const std::string& activity) {
    workflow::v1::GetActivityTaskRequest request;
    request.set_activity_arn(activity);
    request.set_worker_name("w");
    workflow::v1::GetActivityTaskResponse response;
    const grpc::Status status = Do(&Workflows::GetActivityTask, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string Success(const std::string& token, const std::string& output) {
    workflow::v1::SendTaskSuccessRequest request;
    request.set_task_token(token);
    request.set_output(output);
    workflow::v1::SendTaskSuccessResponse response;
    return Outcome(Do(&Workflows::SendTaskSuccess, request, response));
  }
  workflow::v1::DescribeExecutionResponse AwaitEnd(const std::string& arn) {
    workflow::v1::DescribeExecutionRequest request;
    request.set_execution_arn(arn);
    while (true) {
      workflow::v1::DescribeExecutionResponse response;
      EXPECT_TRUE(Do(&Workflows::DescribeExecution, request, response).ok());
      if (response.status() != workflow::v1::EXECUTION_STATUS_RUNNING) return response;
      std::this_thread::yield();
    }
  }

  static OrchestratorOptions Lambda() {
    OrchestratorOptions options;
    options.lambda.endpoint = "http://127.0.0.1:1";
    return options;
  }
  TestOrchestrator orchestrator_{Lambda()};
};

TEST_F(ActivityTest, AWorkerTakesATaskAndAnswersIt) {
  const std::string activity = CreateActivity("pack");
  const std::string execution = Start(activity, R"({"n":1})");
  const auto task = GetTask(activity);
  EXPECT_EQ(task.input(), R"({"n":1})");
  EXPECT_EQ(Success(task.task_token(), "2"), "OK");
  EXPECT_EQ(AwaitEnd(execution).output(), "2");

  workflow::v1::GetExecutionHistoryRequest request;
  request.set_execution_arn(execution);
  workflow::v1::GetExecutionHistoryResponse history;
  ASSERT_TRUE(Do(&Workflows::GetExecutionHistory, request, history).ok());
  ASSERT_EQ(history.events_size(), 7);
  EXPECT_EQ(history.events(3).activity_started_event_details().worker_name(), "w");
  EXPECT_THAT(
      EventTypes(execution),
      ElementsAre("ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted",
                  "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded"));
}

TEST_F(ActivityTest, AWorkerThatWaitsGetsTheNextTask) {
  const std::string activity = CreateActivity("pack");
  auto task = std::async(std::launch::async, [&] { return GetTask(activity); });
  const std::string execution = Start(activity, "1");
  EXPECT_EQ(Success(task.get().task_token(), "2"), "OK");
  EXPECT_EQ(AwaitEnd(execution).output(), "2");
}

TEST_F(ActivityTest, ATaskSurvivesARestartTakenOrNot) {
  const std::string activity = CreateActivity("pack");
  const std::string first = Start(activity, "1");
  const auto taken = GetTask(activity);
  const std::string second = Start(activity, "2");
  orchestrator_.Restart();
  const auto waiting = GetTask(activity);
  EXPECT_EQ(waiting.input(), "2") << "the other one has a worker";
  EXPECT_EQ(Success(taken.task_token(), "10"), "OK");
  EXPECT_EQ(Success(waiting.task_token(), "20"), "OK");
  EXPECT_EQ(AwaitEnd(first).output(), "10");
  EXPECT_EQ(AwaitEnd(second).output(), "20");
}

TEST_F(ActivityTest, AWorkerThatGoesAwayLeavesItsTaskToOthers) {
  const std::string activity = CreateActivity("pack");
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  workflow::v1::GetActivityTaskRequest request;
  request.set_activity_arn(activity);
  workflow::v1::GetActivityTaskResponse response;
  EXPECT_EQ(orchestrator_.workflows().GetActivityTask(&context, request, &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  // For the server, the worker is there until it has noticed that it is not.
  const auto& service = rpc::ServiceNamed("orderflow.workflow.v1.WorkflowService");
  while (service.in_flight.load() > 0) std::this_thread::yield();
  const std::string execution = Start(activity, "1");
  EXPECT_EQ(Success(GetTask(activity).task_token(), "2"), "OK");
  EXPECT_EQ(AwaitEnd(execution).output(), "2");
}

TEST_F(ActivityTest, AShutdownAnswersWorkersThatWait) {
  const std::string activity = CreateActivity("pack");
  // Whether it comes before or after the shutdown begins, it does not wait for its 60 seconds.
  auto task = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    workflow::v1::GetActivityTaskRequest request;
    request.set_activity_arn(activity);
    workflow::v1::GetActivityTaskResponse response;
    static_cast<void>(orchestrator_.workflows().GetActivityTask(&context, request, &response));
    return response;
  });
  orchestrator_.Stop();
  EXPECT_FALSE(task.get().has_task_token());
}

TEST_F(ActivityTest, TagsOfAnActivityAreAddedListedAndTakenAway) {
  const std::string activity = CreateActivity("pack");
  const auto tags_of = [&](const std::string& arn) {
    workflow::v1::ListTagsForResourceRequest request;
    request.set_resource_arn(arn);
    workflow::v1::ListTagsForResourceResponse response;
    const grpc::Status status = Do(&Workflows::ListTagsForResource, request, response);
    std::string text = Outcome(status);
    for (const auto& tag : response.tags())
      absl::StrAppend(&text, " ", tag.key(), "=", tag.value());
    return text;
  };
  workflow::v1::TagResourceRequest add;
  add.set_resource_arn(activity);
  for (const char* key : {"team", "cost"}) {
    auto& tag = *add.add_tags();
    tag.set_key(key);
    tag.set_value("1");
  }
  workflow::v1::TagResourceResponse added;
  EXPECT_EQ(Outcome(Do(&Workflows::TagResource, add, added)), "OK");
  EXPECT_EQ(tags_of(activity), "OK team=1 cost=1");

  workflow::v1::UntagResourceRequest take;
  take.set_resource_arn(activity);
  take.add_tag_keys("team");
  workflow::v1::UntagResourceResponse taken;
  EXPECT_EQ(Outcome(Do(&Workflows::UntagResource, take, taken)), "OK");
  EXPECT_EQ(tags_of(activity), "OK cost=1");

  const std::string missing = activity + "s";
  EXPECT_EQ(tags_of(missing), "ResourceNotFound: Resource not found: '" + missing + "'");
  add.set_resource_arn(missing);
  EXPECT_THAT(Outcome(Do(&Workflows::TagResource, add, added)), HasSubstr("ResourceNotFound"));
}

TEST_F(ActivityTest, ActivitiesAreMadeListedAndDeleted) {
  const std::string first = CreateActivity("one");
  EXPECT_EQ(first, "arn:aws:states:us-east-1:000000000000:activity:one");
  EXPECT_EQ(CreateActivity("one"), first);
  const std::string second = CreateActivity("two");
  EXPECT_EQ(CreateActivity("a b"), "InvalidName: Invalid Name: 'a b'");

  workflow::v1::ListActivitiesResponse list;
  ASSERT_TRUE(Do(&Workflows::ListActivities, workflow::v1::ListActivitiesRequest(), list).ok());
  ASSERT_EQ(list.activities_size(), 2);
  EXPECT_EQ(list.activities(0).name(), "one");

  workflow::v1::DeleteActivityRequest remove;
  remove.set_activity_arn(first);
  workflow::v1::DeleteActivityResponse removed;
  EXPECT_TRUE(Do(&Workflows::DeleteActivity, remove, removed).ok());
  EXPECT_TRUE(Do(&Workflows::DeleteActivity, remove, removed).ok());
  workflow::v1::DescribeActivityRequest describe;
  describe.set_activity_arn(first);
  workflow::v1::DescribeActivityResponse description;
  const std::string gone =
      absl::StrCat("ActivityDoesNotExist: Activity Does Not Exist: '", first, "'");
  EXPECT_EQ(Outcome(Do(&Workflows::DescribeActivity, describe, description)), gone);
  workflow::v1::GetActivityTaskRequest ask;
  ask.set_activity_arn(first);
  workflow::v1::GetActivityTaskResponse task;
  EXPECT_EQ(Outcome(Do(&Workflows::GetActivityTask, ask, task)), gone);
  ask.set_activity_arn("no_an_activity_arn");
  EXPECT_EQ(Outcome(Do(&Workflows::GetActivityTask, ask, task)),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: no_an_activity_arn'");
}

TEST_F(ActivityTest, ATaskOfADeletedActivityIsNotScheduled) {
  const std::string activity = CreateActivity("pack");
  DeleteActivity(activity);
  const std::string execution = Start(activity, "1");
  const auto end = AwaitEnd(execution);
  EXPECT_EQ(end.error(), "States.Runtime");
  EXPECT_EQ(end.cause(),
            absl::StrCat("An error occurred while executing the state 'A' (entered at the event id "
                         "#2). The activity ",
                         activity, " does not exist."));
  const std::vector<std::string> types = EventTypes(execution);
  EXPECT_THAT(types, ElementsAre("ExecutionStarted", "TaskStateEntered", "ExecutionFailed"));

  // What is on record does not change with what exists.
  CreateActivity("pack");
  EXPECT_EQ(EventTypes(execution), types);
  orchestrator_.Restart();
  EXPECT_EQ(EventTypes(execution), types);

  workflow::v1::RedriveExecutionRequest redrive;
  redrive.set_execution_arn(execution);
  workflow::v1::RedriveExecutionResponse redriven;
  EXPECT_EQ(Outcome(Do(&Workflows::RedriveExecution, redrive, redriven)), "OK");
  EXPECT_EQ(Success(GetTask(activity).task_token(), "2"), "OK");
  EXPECT_EQ(AwaitEnd(execution).output(), "2");
  EXPECT_THAT(EventTypes(execution),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "ExecutionFailed",
                          "ExecutionRedriven", "ActivityScheduled", "ActivityStarted",
                          "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded"));
}

TEST_F(ActivityTest, ATaskOutlivesTheDeletionOfItsActivity) {
  const std::string activity = CreateActivity("pack");
  const std::string execution = Start(activity, "1");
  const std::vector<std::string> waiting = {"ExecutionStarted", "TaskStateEntered",
                                            "ActivityScheduled"};
  EXPECT_EQ(EventTypes(execution), waiting);
  DeleteActivity(activity);
  orchestrator_.Restart();
  EXPECT_EQ(EventTypes(execution), waiting);
  EXPECT_EQ(CreateActivity("pack"), activity);
  EXPECT_EQ(Success(GetTask(activity).task_token(), "2"), "OK");
  EXPECT_EQ(AwaitEnd(execution).output(), "2");
}

TEST_F(ActivityTest, AnActivityThatIsDeletedOnTheWayIsMissedThere) {
  const std::string activity = CreateActivity("pack");
  const std::string execution = Start(activity, "[1, 2]", R"({"StartAt": "A", "States": {"A": {
      "Type": "Map", "MaxConcurrency": 1, "End": true, "ItemProcessor": {"StartAt": "P", "States": {
        "P": {"Type": "Task", "Resource": ")" + activity + R"(", "End": true}}}}}})");
  const std::string token = GetTask(activity).task_token();
  DeleteActivity(activity);
  EXPECT_EQ(Success(token, "2"), "OK");
  EXPECT_EQ(AwaitEnd(execution).error(), "States.Runtime");
  const std::vector<std::string> types = EventTypes(execution);
  EXPECT_THAT(types, ElementsAre("ExecutionStarted", "MapStateEntered", "MapStateStarted",
                                 "MapIterationStarted", "TaskStateEntered", "ActivityScheduled",
                                 "ActivityStarted", "ActivitySucceeded", "TaskStateExited",
                                 "MapIterationSucceeded", "MapIterationStarted", "TaskStateEntered",
                                 "ExecutionFailed"));
  CreateActivity("pack");
  orchestrator_.Restart();
  EXPECT_EQ(EventTypes(execution), types);
}

TEST_F(ActivityTest, TagsMayChangeAfterItsCreation) {
  const std::string arn = CreateActivity("tagged");
  const auto tags = [&](const std::string& of) {
    workflow::v1::ListTagsForResourceRequest request;
    request.set_resource_arn(of);
    workflow::v1::ListTagsForResourceResponse response;
    const grpc::Status status = Do(&Workflows::ListTagsForResource, request, response);
    if (!status.ok()) return Outcome(status);
    std::string all;
    for (const auto& tag : response.tags()) absl::StrAppend(&all, tag.key(), "=", tag.value(), ";");
    return all;
  };
  workflow::v1::TagResourceRequest tag;
  tag.set_resource_arn(arn);
  for (const auto& [key, value] : {std::pair("team", "a"), std::pair("stage", "test")}) {
    auto* added = tag.add_tags();
    added->set_key(key);
    added->set_value(value);
  }
  workflow::v1::TagResourceResponse tagged;
  ASSERT_TRUE(Do(&Workflows::TagResource, tag, tagged).ok());
  EXPECT_EQ(tags(arn), "team=a;stage=test;");
  workflow::v1::UntagResourceRequest untag;
  untag.set_resource_arn(arn);
  untag.add_tag_keys("team");
  workflow::v1::UntagResourceResponse untagged;
  ASSERT_TRUE(Do(&Workflows::UntagResource, untag, untagged).ok());
  EXPECT_EQ(tags(arn), "stage=test;");
  EXPECT_THAT(tags(arn + "x"), HasSubstr("ResourceNotFound"));
}

}  // namespace
}  // namespace orderflow::api
