#pragma once

#include <atomic>
#include <cstdint>

#include "common/base/mutex.h"

namespace orderflow::tasks {

// Counts calls under way, so that what they use is not taken away before the last has ended. Shared
// by the calls, because the last one still touches it when the owner may go on.
//
// Thread-safe.
class InFlight {
 public:
  void Add() { count_.fetch_add(1, std::memory_order_relaxed); }

  void Done() {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    MutexLock lock(mutex_);
    none_.NotifyAll();
  }

  // No Add may follow, but by calls that are under way.
  void WaitUntilNone() {
    MutexLock lock(mutex_);
    while (count_.load(std::memory_order_acquire) != 0) none_.Wait(mutex_);
  }

 private:
  std::atomic<int64_t> count_{0};
  Mutex mutex_;
  CondVar none_;
};

}  // namespace orderflow::tasks
