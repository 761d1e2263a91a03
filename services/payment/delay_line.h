#pragma once

#include <chrono>
#include <map>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace orderflow::payment {

// Runs tasks after a while, on one thread for all of them, which starts with the first task. Tasks
// must not block. The destructor runs what still waits, at once.
//
// Thread-safe.
class DelayLine {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  DelayLine() = default;
  ~DelayLine();
  DelayLine(const DelayLine&) = delete;
  DelayLine& operator=(const DelayLine&) = delete;

  void RunAfter(absl::Duration delay, Task task);

 private:
  using Time = std::chrono::steady_clock::time_point;

  void Loop();

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::multimap<Time, Task> tasks_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::payment
