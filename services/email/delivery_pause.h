#pragma once

#include <algorithm>

#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace orderflow::email {

// Keeps mails from being tried while the mail server is known to be unreachable, so that orders do
// not wait for it one by one. After a failed try it pauses, each time twice as long; then single
// mails probe until one gets through.
//
// Thread-safe.
class DeliveryPause {
 public:
  struct Options {
    absl::Duration first = absl::Seconds(1);
    absl::Duration longest = absl::Seconds(30);
  };
  enum class State { kOpen, kPaused, kProbing };

  explicit DeliveryPause(const Options& options) : options_(options), next_(options.first) {}

  State StateAt(absl::Time now) const {
    MutexLock lock(mutex_);
    if (!unreachable_) return State::kOpen;
    return now < until_ ? State::kPaused : State::kProbing;
  }

  // A try found the server unreachable. True if it was not known to be.
  bool OnUnreachable(absl::Time now) {
    MutexLock lock(mutex_);
    const bool news = !unreachable_;
    // Many tries may fail of one cause: only one that began after the pause makes it longer.
    if (!news && now < until_) return false;
    unreachable_ = true;
    until_ = now + next_;
    next_ = std::min(2 * next_, options_.longest);
    return news;
  }

  // A try got an answer about its mail, whichever. True if the server was thought to be
  // unreachable.
  bool OnReached() {
    MutexLock lock(mutex_);
    const bool news = unreachable_;
    unreachable_ = false;
    next_ = options_.first;
    return news;
  }

 private:
  const Options options_;
  mutable Mutex mutex_;
  bool unreachable_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time until_ ABSL_GUARDED_BY(mutex_);
  absl::Duration next_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::email
