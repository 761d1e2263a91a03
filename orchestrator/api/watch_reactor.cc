#include "orchestrator/api/watch_reactor.h"

#include <utility>

#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/rpc/status.h"
#include "orchestrator/api/order_api.h"

namespace orderflow::api {

WatchReactor* WatchReactor::Start(std::string order_id,
                                  std::shared_ptr<ExecutionFollower> follower) {
  auto reactor =
      std::shared_ptr<WatchReactor>(new WatchReactor(std::move(order_id), std::move(follower)));
  reactor->self_ = reactor;
  WatchReactor* const borrowed = reactor.get();
  borrowed->AskForMore();
  return borrowed;
}

WatchReactor* WatchReactor::Refuse(const absl::Status& status) {
  auto reactor = std::shared_ptr<WatchReactor>(new WatchReactor("", nullptr));
  reactor->self_ = reactor;
  reactor->End(status);
  return reactor.get();
}

WatchReactor::WatchReactor(std::string order_id, std::shared_ptr<ExecutionFollower> follower)
    : order_id_(std::move(order_id)),
      follower_(std::move(follower)),
      method_(rpc::MethodTaking(*order::v1::WatchOrderRequest::descriptor())),
      start_(absl::Now()) {
  method_.metrics->Start();
  method_.service->in_flight.fetch_add(1, std::memory_order_relaxed);
}

void WatchReactor::AskForMore() {
  follower_->Next([self = shared_from_this()](absl::StatusOr<ExecutionFollower::Step> step) {
    self->OnStep(std::move(step));
  });
}

void WatchReactor::OnStep(absl::StatusOr<ExecutionFollower::Step> step) {
  if (!step.ok()) {
    return End(absl::IsNotFound(step.status()) ? OrderApi::NotFound(order_id_) : step.status());
  }
  last_ = step->last;
  for (auto& message : progress_.Messages(*std::move(step))) pending_.push_back(std::move(message));
  WriteOrAsk();
}

void WatchReactor::WriteOrAsk() {
  if (!pending_.empty()) return StartWrite(&pending_.front());
  last_ ? End(absl::OkStatus()) : AskForMore();
}

void WatchReactor::OnWriteDone(bool ok) {
  if (!ok) return End(absl::CancelledError("the caller has gone"));
  pending_.pop_front();
  WriteOrAsk();
}

// The step or the write under way comes back with an error and ends the call: nothing is written
// after the end.
void WatchReactor::OnCancel() {
  if (follower_ != nullptr) follower_->Cancel();
}

void WatchReactor::End(const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    if (std::exchange(ended_, true)) return;
  }
  if (follower_ != nullptr) follower_->Cancel();
  method_.service->in_flight.fetch_sub(1, std::memory_order_relaxed);
  method_.metrics->Finish(status.code(), absl::ToInt64Nanoseconds(absl::Now() - start_));
  if (absl::IsInternal(status) || absl::IsDataLoss(status)) {
    logging::Error("cannot follow an order",
                   {{"order_id", order_id_}, {"error", status.ToString()}});
    return Finish(grpc::Status(grpc::StatusCode::INTERNAL,
                               "internal error; the server's log has the details"));
  }
  Finish(rpc::ToGrpcStatus(status));
}

void WatchReactor::OnDone() { self_.reset(); }

}  // namespace orderflow::api
