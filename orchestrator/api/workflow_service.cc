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
ORDERFLOW_OPERATION(CreateStateMachine, machines_.Create)
ORDERFLOW_OPERATION(UpdateStateMachine, machines_.Update)
ORDERFLOW_OPERATION(DeleteStateMachine, machines_.Delete)
ORDERFLOW_OPERATION(DescribeStateMachine, machines_.Describe)
ORDERFLOW_OPERATION(ListStateMachines, machines_.List)
ORDERFLOW_OPERATION(StartExecution, executions_.Start)
ORDERFLOW_OPERATION(StartSyncExecution, executions_.StartSync)
ORDERFLOW_OPERATION(DescribeExecution, executions_.Describe)
ORDERFLOW_OPERATION(ListExecutions, executions_.List)
ORDERFLOW_OPERATION(GetExecutionHistory, executions_.GetHistory)
ORDERFLOW_OPERATION(StopExecution, executions_.Stop)
ORDERFLOW_OPERATION(SendTaskSuccess, tokens_.Success)
ORDERFLOW_OPERATION(SendTaskFailure, tokens_.Failure)
ORDERFLOW_OPERATION(SendTaskHeartbeat, tokens_.Heartbeat)
ORDERFLOW_OPERATION(CreateActivity, activities_.Create)
ORDERFLOW_OPERATION(DeleteActivity, activities_.Delete)
ORDERFLOW_OPERATION(DescribeActivity, activities_.Describe)
ORDERFLOW_OPERATION(ListActivities, activities_.List)
ORDERFLOW_OPERATION(DescribeMapRun, map_runs_.Describe)
ORDERFLOW_OPERATION(ListMapRuns, map_runs_.List)
#undef ORDERFLOW_OPERATION

grpc::ServerUnaryReactor* WorkflowService::GetActivityTask(
    grpc::CallbackServerContext* context, const workflow::v1::GetActivityTaskRequest* request,
    workflow::v1::GetActivityTaskResponse* response) {
  return ActivityPoll::Start(*context, activities_, *request, *response);
}

}  // namespace orderflow::api
