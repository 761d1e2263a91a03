#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace orderflow::engine {

// One execution's place among those that an engine has admitted: from its admission, whatever
// becomes of the start, to the end of the execution or until the shard lets go of it. Counts
// itself, so that none counts twice or not at all on its way from thread to thread.
//
// Movable; the count is thread-safe and outlives its slots.
class RunningSlot {
 public:
  using Count = std::atomic<int64_t>;

  RunningSlot() = default;
  explicit RunningSlot(Count& count) : count_(&count) {
    count.fetch_add(1, std::memory_order_relaxed);
  }
  RunningSlot(RunningSlot&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  RunningSlot& operator=(RunningSlot&& other) noexcept {
    std::swap(count_, other.count_);
    return *this;
  }
  ~RunningSlot() {
    if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  Count* count_ = nullptr;
};

}  // namespace orderflow::engine
