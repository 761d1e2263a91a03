#pragma once

#include "orchestrator/api/execution_api.h"
#include "orchestrator/api/state_machine_api.h"
#include "orchestrator/aws/operations.h"

namespace orderflow::api {

// All operations of WorkflowService, as the AWS endpoint calls them. Borrows what it is given.
aws::Operations AwsOperations(StateMachineApi& machines, ExecutionApi& executions);

}  // namespace orderflow::api
