#pragma once

#include "common/base/callback.h"
#include "orchestrator/engine/engine.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// What the holders of task tokens tell: the operations SendTask... of WorkflowService, apart from
// gRPC. A request must live until its callback is called.
//
// Thread-safe. Borrows the engine.
class TaskTokenApi {
 public:
  TaskTokenApi(engine::Engine& engine, size_t max_payload_bytes)
      : engine_(engine), max_payload_bytes_(max_payload_bytes) {}

  void Success(const workflow::v1::SendTaskSuccessRequest& request,
               Callback<workflow::v1::SendTaskSuccessResponse> done);
  void Failure(const workflow::v1::SendTaskFailureRequest& request,
               Callback<workflow::v1::SendTaskFailureResponse> done);
  void Heartbeat(const workflow::v1::SendTaskHeartbeatRequest& request,
                 Callback<workflow::v1::SendTaskHeartbeatResponse> done);

 private:
  template <typename Response>
  void Signal(const std::string& token, engine::TaskSignal signal, Callback<Response> done);

  engine::Engine& engine_;
  const size_t max_payload_bytes_;
};

}  // namespace orderflow::api
