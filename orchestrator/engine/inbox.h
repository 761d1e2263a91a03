#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "orchestrator/engine/messages.h"

namespace orderflow::engine {

// Many post, one shard takes all at once. Outlives the shard where a late answer still holds it:
// what is posted then is never read.
//
// Post and size are thread-safe; Drain and Wait are for the shard's thread only.
class Inbox {
 public:
  void Post(Message message) {
    bool wake = false;
    {
      MutexLock lock(mutex_);
      if (closed_) return;  // dropped outside of the lock
      messages_.push_back(std::move(message));
      size_.store(messages_.size(), std::memory_order_relaxed);
      wake = std::exchange(sleeping_, false);
    }
    if (wake) condition_.NotifyOne();
  }

  // Swaps what has been posted into `messages`, which must be empty.
  void Drain(std::vector<Message>& messages) {
    MutexLock lock(mutex_);
    messages.swap(messages_);
    size_.store(0, std::memory_order_relaxed);
  }

  // Returns when there is something to drain or `limit` has passed.
  void Wait(absl::Duration limit) {
    const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(limit);
    MutexLock lock(mutex_);
    while (messages_.empty()) {
      sleeping_ = true;
      if (!condition_.WaitUntil(mutex_, deadline)) break;
    }
    sleeping_ = false;
  }

  // What is in the box and what is posted from now on is dropped.
  void Close() {
    std::vector<Message> dropped;
    MutexLock lock(mutex_);
    closed_ = true;
    dropped.swap(messages_);
    size_.store(0, std::memory_order_relaxed);
  }

  size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  Mutex mutex_;
  CondVar condition_;
  std::vector<Message> messages_ ABSL_GUARDED_BY(mutex_);
  bool sleeping_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<size_t> size_ = 0;
};

}  // namespace orderflow::engine
