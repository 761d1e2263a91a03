#include "orchestrator/api/workflow_service.h"

#include <utility>

#include "common/rpc/unary.h"
#include "orchestrator/api/activity_poll.h"

namespace orderflow::api {

// Each operation is the same but for its names.
#define ORDERFLOW_OPERATION(Operation, Call)                                                   \
  grpc::ServerUnaryReactor* WorkflowService::Operation(                                        \
      grpc::CallbackServerContext* context, const workflow::v1::Operation##Request* request,   \
      workflow::v1::Operation##Response* response) {                                           \
    return rpc::HandleUnary(context, request, response, [this](const auto& given, auto done) { \
      Call(given, std::move(done));                                                            \
    });                                                                                        \
  }
ORDERFLOW_OPERATION(CreateStateMachine, apis_.machines.Create)
ORDERFLOW_OPERATION(UpdateStateMachine, apis_.machines.Update)
ORDERFLOW_OPERATION(DeleteStateMachine, apis_.machines.Delete)
ORDERFLOW_OPERATION(DescribeStateMachine, apis_.machines.Describe)
ORDERFLOW_OPERATION(ListStateMachines, apis_.machines.List)
ORDERFLOW_OPERATION(StartExecution, apis_.executions.Start)
ORDERFLOW_OPERATION(StartSyncExecution, apis_.executions.StartSync)
ORDERFLOW_OPERATION(DescribeExecution, apis_.executions.Describe)
ORDERFLOW_OPERATION(ListExecutions, apis_.executions.List)
ORDERFLOW_OPERATION(GetExecutionHistory, apis_.executions.GetHistory)
ORDERFLOW_OPERATION(StopExecution, apis_.executions.Stop)
ORDERFLOW_OPERATION(RedriveExecution, apis_.executions.Redrive)
ORDERFLOW_OPERATION(ValidateStateMachineDefinition, apis_.definitions.Validate)
ORDERFLOW_OPERATION(TestState, apis_.state_tests.Test)
ORDERFLOW_OPERATION(DescribeStateMachineForExecution, apis_.definitions.DescribeForExecution)
ORDERFLOW_OPERATION(TagResource, apis_.tags.Tag)
ORDERFLOW_OPERATION(UntagResource, apis_.tags.Untag)
ORDERFLOW_OPERATION(ListTagsForResource, apis_.tags.List)
ORDERFLOW_OPERATION(PublishStateMachineVersion, apis_.versions.Publish)
ORDERFLOW_OPERATION(ListStateMachineVersions, apis_.versions.List)
ORDERFLOW_OPERATION(DeleteStateMachineVersion, apis_.versions.Delete)
ORDERFLOW_OPERATION(CreateStateMachineAlias, apis_.aliases.Create)
ORDERFLOW_OPERATION(UpdateStateMachineAlias, apis_.aliases.Update)
ORDERFLOW_OPERATION(DeleteStateMachineAlias, apis_.aliases.Delete)
ORDERFLOW_OPERATION(DescribeStateMachineAlias, apis_.aliases.Describe)
ORDERFLOW_OPERATION(ListStateMachineAliases, apis_.aliases.List)
ORDERFLOW_OPERATION(SendTaskSuccess, apis_.tokens.Success)
ORDERFLOW_OPERATION(SendTaskFailure, apis_.tokens.Failure)
ORDERFLOW_OPERATION(SendTaskHeartbeat, apis_.tokens.Heartbeat)
ORDERFLOW_OPERATION(CreateActivity, apis_.activities.Create)
ORDERFLOW_OPERATION(DeleteActivity, apis_.activities.Delete)
ORDERFLOW_OPERATION(DescribeActivity, apis_.activities.Describe)
ORDERFLOW_OPERATION(ListActivities, apis_.activities.List)
ORDERFLOW_OPERATION(DescribeMapRun, apis_.map_runs.Describe)
ORDERFLOW_OPERATION(ListMapRuns, apis_.map_runs.List)
ORDERFLOW_OPERATION(UpdateMapRun, apis_.map_runs.Update)
#undef ORDERFLOW_OPERATION

grpc::ServerUnaryReactor* WorkflowService::GetActivityTask(
    grpc::CallbackServerContext* context, const workflow::v1::GetActivityTaskRequest* request,
    workflow::v1::GetActivityTaskResponse* response) {
  return ActivityPoll::Start(*context, apis_.activities, *request, *response);
}

}  // namespace orderflow::api
