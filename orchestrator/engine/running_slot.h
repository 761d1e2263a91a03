#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace orderflow::engine {

// One execution's place among those that an engine has admitted: from its admission, whatever
// becomes of the start, to the end of the execution or until the shard lets go of it. Counts
// itself, so that none counts twice or not at all on its way from thread to thread.
//
// Movable. The count is thread-safe; slots share it with the engine, since a store may drop a start
// after the engine is gone.
class RunningSlot {
 public:
  using Count = std::shared_ptr<std::atomic<int64_t>>;

  static Count NewCount() { return std::make_shared<std::atomic<int64_t>>(0); }

  RunningSlot() = default;
  explicit RunningSlot(Count count) : count_(std::move(count)) {
    count_->fetch_add(1, std::memory_order_relaxed);
  }
  RunningSlot(RunningSlot&& other) noexcept = default;  // leaves the other one without a place
  RunningSlot& operator=(RunningSlot&& other) noexcept {
    std::swap(count_, other.count_);
    return *this;
  }
  ~RunningSlot() {
    if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  Count count_;
};

}  // namespace orderflow::engine
