#pragma once

#include "common/base/callback.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/store/sql_execution_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on map runs of WorkflowService, apart from gRPC: what the parent's journal and the
// rows of the child executions tell. A request must live until its callback is called.
//
// Thread-safe. Borrows registry and store.
class MapRunApi {
 public:
  MapRunApi(MachineRegistry& registry, store::SqlExecutionStore& store, const asl::Limits& limits)
      : registry_(registry), store_(store), limits_(limits) {}

  void Describe(const workflow::v1::DescribeMapRunRequest& request,
                Callback<workflow::v1::DescribeMapRunResponse> done);
  void List(const workflow::v1::ListMapRunsRequest& request,
            Callback<workflow::v1::ListMapRunsResponse> done);

 private:
  MachineRegistry& registry_;
  store::SqlExecutionStore& store_;
  const asl::Limits limits_;
};

}  // namespace orderflow::api
