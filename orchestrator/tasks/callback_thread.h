#pragma once

#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "common/base/mutex.h"

namespace orderflow::tasks {

// Calls back later, from a thread of its own, what must not be called back from within the call:
// answers that are known at once. The destructor runs what is left.
//
// Thread-safe. Not to be destroyed from within a callback.
class CallbackThread {
 public:
  using Callback = absl::AnyInvocable<void() &&>;

  CallbackThread();
  ~CallbackThread();

  void Post(Callback callback);

 private:
  void Loop();

  Mutex mutex_;
  CondVar changed_;
  std::vector<Callback> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace orderflow::tasks
