#include "orchestrator/api/workflow_service.h"

#include <utility>

#include "common/rpc/unary.h"

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
#undef ORDERFLOW_OPERATION

}  // namespace orderflow::api
