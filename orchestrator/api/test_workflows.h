#pragma once

// Test support: state machines and their executions, as a client of WorkflowService has them.

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {

// A fixture with an orchestrator of its own, whose tasks `script_` answers. What a test asks for
// must go well, or the test fails; refusals are for `Call`.
class WorkflowTest : public ::testing::Test {
 protected:
  using Workflows = workflow::v1::WorkflowService::Stub;

  template <typename Request, typename Response>
  Response Must(grpc::Status (Workflows::*method)(grpc::ClientContext*, const Request&, Response*),
                const Request& request) {
    Response response;
    const grpc::Status status = Call(orchestrator_.workflows(), method, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  // Answers the ARN.
  std::string CreateMachine(const std::string& name, const std::string& definition) {
    workflow::v1::CreateStateMachineRequest request;
    request.set_name(name);
    request.set_definition(definition);
    return Must(&Workflows::CreateStateMachine, request).state_machine_arn();
  }
  std::string StartMachine(const std::string& machine_arn, const std::string& input = "{}") {
    workflow::v1::StartExecutionRequest request;
    request.set_state_machine_arn(machine_arn);
    request.set_input(input);
    return Must(&Workflows::StartExecution, request).execution_arn();
  }
  // Makes the machine "m", whose ARN is then `machine_`, and starts it.
  std::string Start(const std::string& definition, const std::string& input = "{}") {
    machine_ = CreateMachine("m", definition);
    return StartMachine(machine_, input);
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
  std::vector<std::string> EventTypes(const std::string& arn) {
    workflow::v1::GetExecutionHistoryRequest request;
    request.set_execution_arn(arn);
    std::vector<std::string> types;
    const auto history = Must(&Workflows::GetExecutionHistory, request);
    for (const auto& event : history.events()) types.push_back(event.type());
    return types;
  }

  // The map run of an execution that has one.
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
  // Of a map run, newest first.
  std::vector<workflow::v1::ExecutionListItem> ChildrenOf(
      const std::string& map_run,
      workflow::v1::ExecutionStatus status = workflow::v1::EXECUTION_STATUS_UNSPECIFIED,
      workflow::v1::RedriveFilter filter = workflow::v1::REDRIVE_FILTER_UNSPECIFIED) {
    workflow::v1::ListExecutionsRequest request;
    request.set_map_run_arn(map_run);
    request.set_status_filter(status);
    request.set_redrive_filter(filter);
    const auto response = Must(&Workflows::ListExecutions, request);
    return {response.executions().begin(), response.executions().end()};
  }

  Script script_;
  TestOrchestrator orchestrator_{script_};
  std::string machine_;
};

}  // namespace orderflow::api
