// Distributed Map, over a real socket and a real database.

#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using Workflows = workflow::v1::WorkflowService::Stub;

// One child execution for each item, at most two at a time; one may fail.
constexpr char kMap[] = R"({"StartAt": "Each", "States": {"Each": {"Type": "Map",
    "MaxConcurrency": 2, "ToleratedFailureCount": 1, "Label": "each",
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
      "StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "grpc://x:1/a.B/Work",
      "End": true}}}, "End": true}}})";

class MapRunTest : public ::testing::Test {
 protected:
  MapRunTest() { script_.Answer("Work", json::Value::Object({{"done", true}})); }

  template <typename Request, typename Response>
  Response Must(grpc::Status (Workflows::*method)(grpc::ClientContext*, const Request&, Response*),
                const Request& request) {
    Response response;
    const grpc::Status status = Call(orchestrator_.workflows(), method, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string Start(const std::string& input, const std::string& definition = kMap) {
    workflow::v1::CreateStateMachineRequest machine;
    machine.set_name("m");
    machine.set_definition(definition);
    workflow::v1::StartExecutionRequest start;
    machine_ = Must(&Workflows::CreateStateMachine, machine).state_machine_arn();
    start.set_state_machine_arn(machine_);
    start.set_input(input);
    return Must(&Workflows::StartExecution, start).execution_arn();
  }
  workflow::v1::DescribeExecutionResponse Describe(const std::string& arn) {
    workflow::v1::DescribeExecutionRequest request;
    request.set_execution_arn(arn);
    return Must(&Workflows::DescribeExecution, request);
  }
  workflow::v1::DescribeExecutionResponse AwaitEnd(const std::string& arn) {
    while (true) {
      auto description = Describe(arn);
      if (description.status() != workflow::v1::EXECUTION_STATUS_RUNNING) return description;
      std::this_thread::yield();
    }
  }
  std::string MapRunOf(const std::string& execution) {
    workflow::v1::ListMapRunsRequest request;
    request.set_execution_arn(execution);
    const auto response = Must(&Workflows::ListMapRuns, request);
    EXPECT_EQ(response.map_runs_size(), 1);
    EXPECT_EQ(response.map_runs(0).state_machine_arn(), machine_);
    return response.map_runs(0).map_run_arn();
  }
  workflow::v1::DescribeMapRunResponse DescribeMapRun(const std::string& arn) {
    workflow::v1::DescribeMapRunRequest request;
    request.set_map_run_arn(arn);
    return Must(&Workflows::DescribeMapRun, request);
  }
  std::vector<workflow::v1::ExecutionListItem> ChildrenOf(
      const std::string& map_run,
      workflow::v1::ExecutionStatus status = workflow::v1::EXECUTION_STATUS_UNSPECIFIED) {
    workflow::v1::ListExecutionsRequest request;
    request.set_map_run_arn(map_run);
    request.set_status_filter(status);
    const auto response = Must(&Workflows::ListExecutions, request);
    return {response.executions().begin(), response.executions().end()};
  }

  Script script_;
  TestOrchestrator orchestrator_{script_};
  std::string machine_;
};

TEST_F(MapRunTest, EveryItemIsAnExecutionOfItsOwn) {
  const std::string parent = Start("[1, 2, 3]");
  EXPECT_EQ(AwaitEnd(parent).output(), R"([{"done":true},{"done":true},{"done":true}])");

  const auto run = DescribeMapRun(MapRunOf(parent));
  EXPECT_EQ(run.status(), "SUCCEEDED");
  EXPECT_EQ(run.execution_arn(), parent);
  EXPECT_EQ(run.max_concurrency(), 2);
  EXPECT_EQ(run.tolerated_failure_count(), 1);
  EXPECT_EQ(run.item_counts().succeeded(), 3);
  EXPECT_EQ(run.item_counts().total(), 3);
  EXPECT_EQ(run.execution_counts().total(), 3);

  const auto children = ChildrenOf(run.map_run_arn());
  ASSERT_THAT(children, SizeIs(3));
  const auto child = Describe(children[0].execution_arn());
  EXPECT_EQ(child.input(), "3");
  EXPECT_EQ(child.map_run_arn(), run.map_run_arn());
  EXPECT_EQ(child.state_machine_arn(), machine_ + "/each");
  workflow::v1::DescribeStateMachineForExecutionRequest of_child;
  of_child.set_execution_arn(children[0].execution_arn());
  const auto machine = Must(&Workflows::DescribeStateMachineForExecution, of_child);
  EXPECT_EQ(machine.state_machine_arn(), machine_ + "/each");
  EXPECT_EQ(machine.map_run_arn(), run.map_run_arn());
  EXPECT_EQ(machine.label(), "each");
  workflow::v1::GetExecutionHistoryRequest history;
  history.set_execution_arn(children[0].execution_arn());
  std::vector<std::string> types;
  const auto events = Must(&Workflows::GetExecutionHistory, history);
  for (const auto& event : events.events()) types.push_back(event.type());
  EXPECT_THAT(types,
              ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                          "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"));

  workflow::v1::ListExecutionsRequest list;
  list.set_state_machine_arn(machine_);
  EXPECT_EQ(Must(&Workflows::ListExecutions, list).executions_size(), 1) << "only the parent";
}

TEST_F(MapRunTest, ChildrenOfTypeExpressLeaveOnlyTheirOutput) {
  const std::string parent = Start("[1, 2, 3]", R"({"StartAt": "Each", "States": {"Each": {
      "Type": "Map", "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}, "End": true}}})");
  EXPECT_EQ(AwaitEnd(parent).output(), "[1,2,3]");
  EXPECT_THAT(ChildrenOf(MapRunOf(parent)), SizeIs(0));
}

TEST_F(MapRunTest, ARestartGoesOnWithTheChildrenThatThereAre) {
  script_.Hold("Work");
  const std::string parent = Start("[1, 2, 3]");
  script_.AwaitCalls("Work", 2);
  const std::string run = MapRunOf(parent);
  EXPECT_EQ(DescribeMapRun(run).status(), "RUNNING");
  EXPECT_EQ(DescribeMapRun(run).item_counts().running(), 2);
  EXPECT_EQ(DescribeMapRun(run).item_counts().pending(), 1);
  orchestrator_.Restart();
  script_.AwaitCalls("Work", 4);
  EXPECT_THAT(ChildrenOf(run), SizeIs(2));
  script_.Release("Work");
  EXPECT_EQ(AwaitEnd(parent).output(), R"([{"done":true},{"done":true},{"done":true}])");
  EXPECT_THAT(ChildrenOf(run), SizeIs(3));
}

TEST_F(MapRunTest, TooManyFailuresEndTheRun) {
  script_.Answer("Work", asl::Failure{"Broken", "no tea"});
  const std::string parent = Start("[1, 2, 3, 4]");
  EXPECT_EQ(AwaitEnd(parent).error(), "States.ExceedToleratedFailureThreshold");
  const auto run = DescribeMapRun(MapRunOf(parent));
  EXPECT_EQ(run.status(), "FAILED");
  EXPECT_GE(run.item_counts().failed(), 2);
}

TEST_F(MapRunTest, AStopOfTheParentStopsTheChildren) {
  script_.Hold("Work");
  const std::string parent = Start("[1, 2, 3]");
  script_.AwaitCalls("Work", 2);
  workflow::v1::StopExecutionRequest stop;
  stop.set_execution_arn(parent);
  Must(&Workflows::StopExecution, stop);
  const std::string run = MapRunOf(parent);
  EXPECT_EQ(DescribeMapRun(run).status(), "ABORTED");
  while (!ChildrenOf(run, workflow::v1::EXECUTION_STATUS_RUNNING).empty())
    std::this_thread::yield();
  EXPECT_THAT(ChildrenOf(run, workflow::v1::EXECUTION_STATUS_ABORTED), SizeIs(2));
  EXPECT_EQ(DescribeMapRun(run).item_counts().aborted(), 2);
  script_.Release("Work");
}

TEST_F(MapRunTest, AMapRunThatIsNotThereIsNamed) {
  workflow::v1::DescribeMapRunRequest request;
  request.set_map_run_arn("arn:aws:states:us-east-1:000000000000:mapRun:m/each:none");
  workflow::v1::DescribeMapRunResponse response;
  const grpc::Status status =
      Call(orchestrator_.workflows(), &Workflows::DescribeMapRun, request, response);
  EXPECT_EQ(ReasonOf(status), "ResourceNotFound");
}

}  // namespace
}  // namespace orderflow::api
