#include "orchestrator/api/aws_operations.h"

namespace orderflow::api {

aws::Operations AwsOperations(const WorkflowApis& apis) {
  aws::Operations operations;
  operations.Add(apis.machines, &StateMachineApi::Create);
  operations.Add(apis.machines, &StateMachineApi::Update);
  operations.Add(apis.machines, &StateMachineApi::Delete);
  operations.Add(apis.machines, &StateMachineApi::Describe);
  operations.Add(apis.machines, &StateMachineApi::List);
  operations.Add(apis.executions, &ExecutionApi::Start);
  operations.Add(apis.executions, &ExecutionApi::StartSync);
  operations.Add(apis.executions, &ExecutionApi::Describe);
  operations.Add(apis.executions, &ExecutionApi::List);
  operations.Add(apis.executions, &ExecutionApi::GetHistory);
  operations.Add(apis.executions, &ExecutionApi::Stop);
  operations.Add(apis.definitions, &DefinitionApi::Validate);
  operations.Add(apis.definitions, &DefinitionApi::DescribeForExecution);
  operations.Add(apis.tags, &TagApi::Tag);
  operations.Add(apis.tags, &TagApi::Untag);
  operations.Add(apis.tags, &TagApi::List);
  operations.Add(apis.versions, &VersionApi::Publish);
  operations.Add(apis.versions, &VersionApi::List);
  operations.Add(apis.versions, &VersionApi::Delete);
  operations.Add(apis.aliases, &AliasApi::Create);
  operations.Add(apis.aliases, &AliasApi::Update);
  operations.Add(apis.aliases, &AliasApi::Delete);
  operations.Add(apis.aliases, &AliasApi::Describe);
  operations.Add(apis.aliases, &AliasApi::List);
  return operations;
}

}  // namespace orderflow::api
