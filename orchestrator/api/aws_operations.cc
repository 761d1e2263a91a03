#include "orchestrator/api/aws_operations.h"

namespace orderflow::api {
namespace {

// A worker who goes away must not be handed a task.
void AddGetActivityTask(ActivityApi& activities, aws::Operations& operations) {
  using workflow::v1::GetActivityTaskRequest;
  using workflow::v1::GetActivityTaskResponse;
  operations.Add<GetActivityTaskRequest, GetActivityTaskResponse>(
      [&activities](const GetActivityTaskRequest& request, const http::WhenGone& when_gone,
                    Callback<GetActivityTaskResponse> done) {
        const auto poll = tasks::ActivityTasks::NewPoll();
        when_gone([&activities, poll] { activities.EndPoll(poll); });
        activities.GetTask(request, poll, std::move(done));
      });
}

}  // namespace

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
  operations.Add(apis.executions, &ExecutionApi::Redrive);
  operations.Add(apis.definitions, &DefinitionApi::Validate);
  operations.Add(apis.definitions, &DefinitionApi::DescribeForExecution);
  operations.Add(apis.state_tests, &TestStateApi::Test);
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
  operations.Add(apis.tokens, &TaskTokenApi::Success);
  operations.Add(apis.tokens, &TaskTokenApi::Failure);
  operations.Add(apis.tokens, &TaskTokenApi::Heartbeat);
  operations.Add(apis.activities, &ActivityApi::Create);
  operations.Add(apis.activities, &ActivityApi::Delete);
  operations.Add(apis.activities, &ActivityApi::Describe);
  operations.Add(apis.activities, &ActivityApi::List);
  AddGetActivityTask(apis.activities, operations);
  operations.Add(apis.map_runs, &MapRunApi::Describe);
  operations.Add(apis.map_runs, &MapRunApi::List);
  operations.Add(apis.map_runs, &MapRunApi::Update);
  return operations;
}

}  // namespace orderflow::api
