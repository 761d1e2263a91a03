#pragma once

#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace orderflow {

// Does background work again and again, `pause` after it was done the last time (and first after
// one pause), on a thread of its own: sweeps, settlements, deliveries. What is to be done at a time
// belongs into a method with an injected clock, which tests call directly; this only decides when
// to look.
//
// The destructor waits for work that is going on, and starts no more.
class PeriodicTask {
 public:
  // `work` starts the work and calls its argument, on any thread, when it is done.
  using Done = absl::AnyInvocable<void() &&>;
  PeriodicTask(absl::Duration pause, absl::AnyInvocable<void(Done)> work);
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void Loop(absl::AnyInvocable<void(Done)> work);
  // False once the destructor has begun.
  bool WaitForNext();
  void RunOnce(absl::AnyInvocable<void(Done)>& work);

  const absl::Duration pause_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace orderflow
