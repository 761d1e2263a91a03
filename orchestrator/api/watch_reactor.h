#pragma once

#include <grpcpp/support/server_callback.h>

#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/rpc/served_method.h"
#include "orchestrator/api/execution_follower.h"
#include "orchestrator/api/order_progress.h"
#include "orderflow/order/v1/order.pb.h"

namespace orderflow::api {

// A WatchOrder under way: writes an order's progress as fast as the client reads it, and no faster:
// the next step is asked for when the last one is written. Owns itself until gRPC is done with it.
class WatchReactor final : public grpc::ServerWriteReactor<order::v1::WatchOrderResponse>,
                           public std::enable_shared_from_this<WatchReactor> {
 public:
  static WatchReactor* Start(std::string order_id, std::shared_ptr<ExecutionFollower> follower);
  // A call that ends at once with an error.
  static WatchReactor* Refuse(const absl::Status& status);

 private:
  WatchReactor(std::string order_id, std::shared_ptr<ExecutionFollower> follower);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void AskForMore();
  void OnStep(absl::StatusOr<ExecutionFollower::Step> step);
  void WriteOrAsk();
  void End(const absl::Status& status);

  const std::string order_id_;
  const std::shared_ptr<ExecutionFollower> follower_;
  rpc::ServedMethod& method_;
  const absl::Time start_;
  std::shared_ptr<WatchReactor> self_;

  // One at a time: the step that came, or the write that is done.
  OrderProgress progress_;
  std::deque<order::v1::WatchOrderResponse> pending_;  // the first is being written
  bool last_ = false;

  Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace orderflow::api
