#pragma once

#include "orchestrator/api/activity_api.h"
#include "orchestrator/api/execution_api.h"
#include "orchestrator/api/map_run_api.h"
#include "orchestrator/api/state_machine_api.h"
#include "orchestrator/api/task_token_api.h"
#include "orderflow/workflow/v1/workflow.grpc.pb.h"

namespace orderflow::api {

// WorkflowService over gRPC: each operation handed to where it is done. Thread-safe. Borrows all of
// them.
class WorkflowService final : public workflow::v1::WorkflowService::CallbackService {
 public:
  WorkflowService(StateMachineApi& machines, ExecutionApi& executions, TaskTokenApi& tokens,
                  ActivityApi& activities, MapRunApi& map_runs)
      : machines_(machines),
        executions_(executions),
        tokens_(tokens),
        activities_(activities),
        map_runs_(map_runs) {}

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
#undef ORDERFLOW_OPERATION

 private:
  StateMachineApi& machines_;
  ExecutionApi& executions_;
  TaskTokenApi& tokens_;
  ActivityApi& activities_;
  MapRunApi& map_runs_;
};

}  // namespace orderflow::api
