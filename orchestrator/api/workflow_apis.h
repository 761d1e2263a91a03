#pragma once

#include "orchestrator/api/activity_api.h"
#include "orchestrator/api/alias_api.h"
#include "orchestrator/api/definition_api.h"
#include "orchestrator/api/execution_api.h"
#include "orchestrator/api/map_run_api.h"
#include "orchestrator/api/state_machine_api.h"
#include "orchestrator/api/tag_api.h"
#include "orchestrator/api/task_token_api.h"
#include "orchestrator/api/test_state_api.h"
#include "orchestrator/api/version_api.h"

namespace orderflow::api {

// What carries the operations of WorkflowService out, however they are asked for. Borrows all.
struct WorkflowApis {
  StateMachineApi& machines;
  ExecutionApi& executions;
  DefinitionApi& definitions;
  TagApi& tags;
  VersionApi& versions;
  AliasApi& aliases;
  TaskTokenApi& tokens;
  ActivityApi& activities;
  MapRunApi& map_runs;
  TestStateApi& state_tests;
};

}  // namespace orderflow::api
