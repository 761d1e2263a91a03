// Distributed Map, over a real socket and a real database.

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_workflows.h"

namespace orderflow::api {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// One child execution for each item, at most two at a time; one may fail.
constexpr char kMap[] = R"({"StartAt": "Each", "States": {"Each": {"Type": "Map",
    "MaxConcurrency": 2, "ToleratedFailureCount": 1, "Label": "each",
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
      "StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "grpc://x:1/a.B/Work",
      "End": true}}}, "End": true}}})";

class MapRunTest : public WorkflowTest {
 protected:
  MapRunTest() { script_.Answer("Work", json::Value::Object({{"done", true}})); }
};

TEST_F(MapRunTest, EveryItemIsAnExecutionOfItsOwn) {
  const std::string parent = Start(kMap, "[1, 2, 3]");
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
  EXPECT_THAT(EventTypes(children[0].execution_arn()),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                          "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"));

  workflow::v1::ListExecutionsRequest list;
  list.set_state_machine_arn(machine_);
  EXPECT_EQ(Must(&Workflows::ListExecutions, list).executions_size(), 1) << "only the parent";
}

TEST_F(MapRunTest, ChildrenOfTypeExpressLeaveOnlyTheirOutput) {
  const std::string parent = Start(R"({"StartAt": "Each", "States": {"Each": {
      "Type": "Map", "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}, "End": true}}})",
                                   "[1, 2, 3]");
  EXPECT_EQ(AwaitEnd(parent).output(), "[1,2,3]");
  EXPECT_THAT(ChildrenOf(MapRunOf(parent)), SizeIs(0));
}

TEST_F(MapRunTest, ARestartGoesOnWithTheChildrenThatThereAre) {
  script_.Hold("Work");
  const std::string parent = Start(kMap, "[1, 2, 3]");
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
  const std::string parent = Start(kMap, "[1, 2, 3, 4]");
  EXPECT_EQ(AwaitEnd(parent).error(), "States.ExceedToleratedFailureThreshold");
  const auto run = DescribeMapRun(MapRunOf(parent));
  EXPECT_EQ(run.status(), "FAILED");
  EXPECT_GE(run.item_counts().failed(), 2);
}

TEST_F(MapRunTest, AStopOfTheParentStopsTheChildren) {
  script_.Hold("Work");
  const std::string parent = Start(kMap, "[1, 2, 3]");
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
