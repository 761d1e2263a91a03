#pragma once

#include "common/base/callback.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/store/execution_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on definitions, apart from those that create and change state machines. A request
// must live until its callback is called. Thread-safe. Borrows registry and store.
class DefinitionApi {
 public:
  DefinitionApi(MachineRegistry& registry, store::ExecutionStore& store)
      : registry_(registry), store_(store) {}

  // Calls back from within, or later where the servers of tasks are asked for their types.
  void Validate(const workflow::v1::ValidateStateMachineDefinitionRequest& request,
                Callback<workflow::v1::ValidateStateMachineDefinitionResponse> done);
  void DescribeForExecution(const workflow::v1::DescribeStateMachineForExecutionRequest& request,
                            Callback<workflow::v1::DescribeStateMachineForExecutionResponse> done);

 private:
  MachineRegistry& registry_;
  store::ExecutionStore& store_;
};

}  // namespace orderflow::api
