#pragma once

#include <string>

#include "common/base/callback.h"
#include "common/base/clock.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/api/qualified_arn.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/store/version_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on state machines of WorkflowService, apart from gRPC: checks a request, asks the
// registry, makes the answer. A request must live until its callback is called.
//
// Thread-safe. Borrows all that it is given.
class StateMachineApi {
 public:
  StateMachineApi(MachineRegistry& registry, store::ExecutionStore& store,
                  store::VersionStore& versions, const Clock& clock)
      : registry_(registry), store_(store), versions_(versions), clock_(clock) {}

  void Create(const workflow::v1::CreateStateMachineRequest& request,
              Callback<workflow::v1::CreateStateMachineResponse> done);
  void Update(const workflow::v1::UpdateStateMachineRequest& request,
              Callback<workflow::v1::UpdateStateMachineResponse> done);
  void Delete(const workflow::v1::DeleteStateMachineRequest& request,
              Callback<workflow::v1::DeleteStateMachineResponse> done);
  void Describe(const workflow::v1::DescribeStateMachineRequest& request,
                Callback<workflow::v1::DescribeStateMachineResponse> done);
  void List(const workflow::v1::ListStateMachinesRequest& request,
            Callback<workflow::v1::ListStateMachinesResponse> done);

 private:
  void DescribeVersion(const QualifiedArn& arn, bool with_data,
                       Callback<workflow::v1::DescribeStateMachineResponse> done);
  void DescribeRevision(std::string arn, store::StateMachineRecord record, bool with_data,
                        Callback<workflow::v1::DescribeStateMachineResponse> done);

  MachineRegistry& registry_;
  store::ExecutionStore& store_;
  store::VersionStore& versions_;
  const Clock& clock_;
};

}  // namespace orderflow::api
