#pragma once

#include "orchestrator/api/workflow_apis.h"
#include "orderflow/workflow/v1/workflow.grpc.pb.h"

namespace orderflow::api {

// WorkflowService over gRPC: each operation handed to where it is done. Thread-safe.
class WorkflowService final : public workflow::v1::WorkflowService::CallbackService {
 public:
  explicit WorkflowService(const WorkflowApis& apis) : apis_(apis) {}

#define ORDERFLOW_OPERATION(Operation)                                                 \
  grpc::ServerUnaryReactor* Operation(grpc::CallbackServerContext* context,            \
                                      const workflow::v1::Operation##Request* request, \
                                      workflow::v1::Operation##Response* response) override
  ORDERFLOW_OPERATION(CreateStateMachine);
  ORDERFLOW_OPERATION(UpdateStateMachine);
  ORDERFLOW_OPERATION(DeleteStateMachine);
  ORDERFLOW_OPERATION(DescribeStateMachine);
  ORDERFLOW_OPERATION(ListStateMachines);
  ORDERFLOW_OPERATION(StartExecution);
  ORDERFLOW_OPERATION(StartSyncExecution);
  ORDERFLOW_OPERATION(DescribeExecution);
  ORDERFLOW_OPERATION(ListExecutions);
  ORDERFLOW_OPERATION(GetExecutionHistory);
  ORDERFLOW_OPERATION(StopExecution);
  ORDERFLOW_OPERATION(RedriveExecution);
  ORDERFLOW_OPERATION(SendTaskSuccess);
  ORDERFLOW_OPERATION(SendTaskFailure);
  ORDERFLOW_OPERATION(SendTaskHeartbeat);
  ORDERFLOW_OPERATION(CreateActivity);
  ORDERFLOW_OPERATION(DeleteActivity);
  ORDERFLOW_OPERATION(DescribeActivity);
  ORDERFLOW_OPERATION(ListActivities);
  ORDERFLOW_OPERATION(GetActivityTask);
  ORDERFLOW_OPERATION(DescribeMapRun);
  ORDERFLOW_OPERATION(ListMapRuns);
  ORDERFLOW_OPERATION(UpdateMapRun);
  ORDERFLOW_OPERATION(ValidateStateMachineDefinition);
  ORDERFLOW_OPERATION(TestState);
  ORDERFLOW_OPERATION(DescribeStateMachineForExecution);
  ORDERFLOW_OPERATION(TagResource);
  ORDERFLOW_OPERATION(UntagResource);
  ORDERFLOW_OPERATION(ListTagsForResource);
  ORDERFLOW_OPERATION(PublishStateMachineVersion);
  ORDERFLOW_OPERATION(ListStateMachineVersions);
  ORDERFLOW_OPERATION(DeleteStateMachineVersion);
  ORDERFLOW_OPERATION(CreateStateMachineAlias);
  ORDERFLOW_OPERATION(UpdateStateMachineAlias);
  ORDERFLOW_OPERATION(DeleteStateMachineAlias);
  ORDERFLOW_OPERATION(DescribeStateMachineAlias);
  ORDERFLOW_OPERATION(ListStateMachineAliases);
#undef ORDERFLOW_OPERATION

 private:
  const WorkflowApis apis_;
};

}  // namespace orderflow::api
