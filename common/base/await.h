#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/callback.h"
#include "common/base/mutex.h"

namespace orderflow {
namespace base_internal {

// What the caller of Await and the callback share; whoever comes last frees it.
template <typename Result>
class Awaited {
 public:
  void Set(Result result) {
    MutexLock lock(mutex_);
    result_ = std::move(result);
    ready_.NotifyOne();
  }
  Result Wait() {
    MutexLock lock(mutex_);
    while (!result_.has_value()) ready_.Wait(mutex_);
    return *std::move(result_);
  }
  // Nothing if `deadline` passed first.
  std::optional<Result> WaitUntil(std::chrono::steady_clock::time_point deadline) {
    MutexLock lock(mutex_);
    while (!result_.has_value()) {
      if (!ready_.WaitUntil(mutex_, deadline)) break;
    }
    return std::move(result_);
  }

 private:
  Mutex mutex_;
  CondVar ready_;
  std::optional<Result> result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace base_internal

// Blocks until an asynchronous call has called back, and answers what it was given. For tests,
// start-up and command lines: never on a thread that callbacks need (a gRPC callback, a database's
// or a shard's thread).
//
//   absl::StatusOr<Stock> stock = Await<Stock>([&](Callback<Stock> done) { store.Get(id,
//   std::move(done)); });
template <typename T, typename F>
absl::StatusOr<T> Await(F start) {
  auto awaited = std::make_shared<base_internal::Awaited<absl::StatusOr<T>>>();
  start(Callback<T>([awaited](absl::StatusOr<T> result) { awaited->Set(std::move(result)); }));
  return awaited->Wait();
}

// The same, but DEADLINE_EXCEEDED if the call has not called back by then. It goes on: what becomes
// of it, nobody is told.
template <typename T, typename F>
absl::StatusOr<T> AwaitUntil(std::chrono::steady_clock::time_point deadline, F start) {
  auto awaited = std::make_shared<base_internal::Awaited<absl::StatusOr<T>>>();
  start(Callback<T>([awaited](absl::StatusOr<T> result) { awaited->Set(std::move(result)); }));
  std::optional<absl::StatusOr<T>> result = awaited->WaitUntil(deadline);
  if (result.has_value()) return *std::move(result);
  return absl::DeadlineExceededError("no answer in the time that was left");
}

// The same for calls that have nothing to give but their success.
//
//   absl::Status status = AwaitStatus([&](StatusCallback done) { db.Check(std::move(done)); });
template <typename F>
absl::Status AwaitStatus(F start) {
  auto awaited = std::make_shared<base_internal::Awaited<absl::Status>>();
  start(StatusCallback([awaited](absl::Status status) { awaited->Set(std::move(status)); }));
  return awaited->Wait();
}

}  // namespace orderflow
