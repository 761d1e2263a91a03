#pragma once

#include <grpcpp/client_context.h>

#include <memory>
#include <utility>

#include "common/base/mutex.h"

namespace orderflow::tasks {

// A grpc::ClientContext that may be cancelled at any time: before the call, during it, after it. A
// context holds its channel, so Close lets go of it at the end of the call, while the channel's
// owner is certain to hold the channel, too: the last reference must not be dropped on a thread of
// gRPC's, which would wait for itself.
//
// Thread-safe.
class CallContext {
 public:
  // The context to make the call with; null if it was cancelled before. Lives until Close.
  grpc::ClientContext* Open() {
    MutexLock lock(mutex_);
    if (cancelled_) return nullptr;
    context_ = std::make_shared<grpc::ClientContext>();
    return context_.get();
  }

  void Cancel() {
    std::shared_ptr<grpc::ClientContext> open;
    {
      MutexLock lock(mutex_);
      cancelled_ = true;
      open = context_;
    }
    if (open != nullptr) open->TryCancel();  // not under the lock: it may call back
  }

  // When the call is over: in OnDone, before anybody is told.
  void Close() {
    std::shared_ptr<grpc::ClientContext> closed;  // dies after the lock
    MutexLock lock(mutex_);
    closed.swap(context_);
  }

 private:
  Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<grpc::ClientContext> context_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::tasks
