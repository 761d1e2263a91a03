#pragma once

#include "common/base/callback.h"
#include "common/base/clock.h"
#include "orchestrator/store/version_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on aliases of state machines. A request must live until its callback is called.
// Thread-safe. Borrows store and clock.
class AliasApi {
 public:
  AliasApi(store::VersionStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  void Create(const workflow::v1::CreateStateMachineAliasRequest& request,
              Callback<workflow::v1::CreateStateMachineAliasResponse> done);
  void Update(const workflow::v1::UpdateStateMachineAliasRequest& request,
              Callback<workflow::v1::UpdateStateMachineAliasResponse> done);
  void Delete(const workflow::v1::DeleteStateMachineAliasRequest& request,
              Callback<workflow::v1::DeleteStateMachineAliasResponse> done);
  void Describe(const workflow::v1::DescribeStateMachineAliasRequest& request,
                Callback<workflow::v1::DescribeStateMachineAliasResponse> done);
  void List(const workflow::v1::ListStateMachineAliasesRequest& request,
            Callback<workflow::v1::ListStateMachineAliasesResponse> done);

 private:
  store::VersionStore& store_;
  const Clock& clock_;
};

}  // namespace orderflow::api
