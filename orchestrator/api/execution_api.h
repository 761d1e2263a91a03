#pragma once

#include <string>

#include "common/base/callback.h"
#include "common/base/clock.h"
#include "orchestrator/api/machine_registry.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/sql_execution_store.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The operations on executions of WorkflowService, apart from gRPC. A request must live until its
// callback is called.
//
// Thread-safe. Borrows everything that it is given.
class ExecutionApi {
 public:
  ExecutionApi(MachineRegistry& registry, engine::Engine& engine, store::SqlExecutionStore& store,
               const asl::Limits& limits, const Clock& clock)
      : registry_(registry), engine_(engine), store_(store), limits_(limits), clock_(clock) {}

  void Start(const workflow::v1::StartExecutionRequest& request,
             Callback<workflow::v1::StartExecutionResponse> done);
  void StartSync(const workflow::v1::StartSyncExecutionRequest& request,
                 Callback<workflow::v1::StartSyncExecutionResponse> done);
  void Describe(const workflow::v1::DescribeExecutionRequest& request,
                Callback<workflow::v1::DescribeExecutionResponse> done);
  void List(const workflow::v1::ListExecutionsRequest& request,
            Callback<workflow::v1::ListExecutionsResponse> done);
  void GetHistory(const workflow::v1::GetExecutionHistoryRequest& request,
                  Callback<workflow::v1::GetExecutionHistoryResponse> done);
  void Stop(const workflow::v1::StopExecutionRequest& request,
            Callback<workflow::v1::StopExecutionResponse> done);
  void Redrive(const workflow::v1::RedriveExecutionRequest& request,
               Callback<workflow::v1::RedriveExecutionResponse> done);

 private:
  void ListPendingRedrives(store::ExecutionFilter filter, int size, std::string token,
                           Callback<workflow::v1::ListExecutionsResponse> done);
  void ListOf(std::string given_arn, store::ExecutionFilter filter, int size, std::string token,
              Callback<workflow::v1::ListExecutionsResponse> done);
  void StopEnded(std::string arn, Callback<workflow::v1::StopExecutionResponse> done);

  MachineRegistry& registry_;
  engine::Engine& engine_;
  store::SqlExecutionStore& store_;
  const asl::Limits limits_;
  const Clock& clock_;
};

}  // namespace orderflow::api
