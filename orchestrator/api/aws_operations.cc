#include "orchestrator/api/aws_operations.h"

namespace orderflow::api {

aws::Operations AwsOperations(StateMachineApi& machines, ExecutionApi& executions) {
  aws::Operations operations;
  operations.Add(machines, &StateMachineApi::Create);
  operations.Add(machines, &StateMachineApi::Update);
  operations.Add(machines, &StateMachineApi::Delete);
  operations.Add(machines, &StateMachineApi::Describe);
  operations.Add(machines, &StateMachineApi::List);
  operations.Add(executions, &ExecutionApi::Start);
  operations.Add(executions, &ExecutionApi::StartSync);
  operations.Add(executions, &ExecutionApi::Describe);
  operations.Add(executions, &ExecutionApi::List);
  operations.Add(executions, &ExecutionApi::GetHistory);
  operations.Add(executions, &ExecutionApi::Stop);
  return operations;
}

}  // namespace orderflow::api
