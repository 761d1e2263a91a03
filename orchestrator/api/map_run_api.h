#pragma once

#include "common/base/callback.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/sql_execution_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on map runs of WorkflowService, apart from gRPC: what the parent's journal tells
// of them. A request must live until its callback is called.
//
// Thread-safe. Borrows registry, engine and store.
class MapRunApi {
 public:
  MapRunApi(MachineRegistry& registry, engine::Engine& engine, store::SqlExecutionStore& store,
            const asl::Limits& limits)
      : registry_(registry), engine_(engine), store_(store), limits_(limits) {}

  void Describe(const workflow::v1::DescribeMapRunRequest& request,
                Callback<workflow::v1::DescribeMapRunResponse> done);
  void List(const workflow::v1::ListMapRunsRequest& request,
            Callback<workflow::v1::ListMapRunsResponse> done);
  void Update(const workflow::v1::UpdateMapRunRequest& request,
              Callback<workflow::v1::UpdateMapRunResponse> done);

 private:
  MachineRegistry& registry_;
  engine::Engine& engine_;
  store::SqlExecutionStore& store_;
  const asl::Limits limits_;
};

}  // namespace orderflow::api
