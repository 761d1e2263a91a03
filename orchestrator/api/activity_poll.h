#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "common/rpc/unary.h"
#include "orchestrator/api/activity_api.h"

namespace orderflow::api {

// A GetActivityTask under way: its own reactor, since a worker who goes away must not be handed a
// task. Deletes itself.
class ActivityPoll final : public grpc::ServerUnaryReactor {
 public:
  // `activities` and the messages must live until the call is done.
  static ActivityPoll* Start(grpc::CallbackServerContext& context, ActivityApi& activities,
                             const workflow::v1::GetActivityTaskRequest& request,
                             workflow::v1::GetActivityTaskResponse& response);

 private:
  ActivityPoll(rpc::ServedMethod& method, ActivityApi& activities);
  void OnCancel() override;
  void OnDone() override;

  rpc::UnaryCall call_;
  ActivityApi& activities_;
  const std::shared_ptr<tasks::ActivityTasks::Poll> poll_;
};

}  // namespace orderflow::api
