#include "bench/closed_loop.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/mutex.h"

namespace orderflow::bench {
namespace {

// One phase under way. Its slots run one order after the other; they meet only to count.
class Phase {
 public:
  Phase(Workload& workload, const LoadOptions& options)
      : workload_(workload), options_(options), slots_(options.in_flight) {}

  LoadResult Run() {
    start_ = absl::Now();
    open_slots_ = options_.in_flight;
    for (Slot& slot : slots_) StartNext(slot);
    WaitForSlots();
    return Collect(absl::Now() - start_);
  }

 private:
  struct Slot {
    absl::Time started;
    std::string order_id;
    std::vector<absl::Duration> latencies;
    int64_t failed = 0;
    absl::Status first_failure;
  };

  void StartNext(Slot& slot) {
    const int64_t number = next_number_.fetch_add(1, std::memory_order_relaxed);
    slot.started = absl::Now();
    const bool over = slot.started - start_ >= options_.length ||
                      (options_.max_orders > 0 && number >= options_.max_orders) ||
                      stopped_.load(std::memory_order_relaxed);
    if (over) return CloseSlot();
    slot.order_id = absl::StrCat(options_.id_prefix, number);
    workload_.RunOrder(slot.order_id,
                       [this, &slot](absl::Status status) { OnEnd(slot, std::move(status)); });
  }

  void OnEnd(Slot& slot, absl::Status status) {
    if (status.ok()) {
      slot.latencies.push_back(absl::Now() - slot.started);
      if (options_.on_success) options_.on_success(slot.order_id);
    } else {
      if (slot.failed++ == 0) slot.first_failure = std::move(status);
      if (options_.stop_at_failure) stopped_.store(true, std::memory_order_relaxed);
    }
    StartNext(slot);
  }

  void CloseSlot() {
    MutexLock lock(mutex_);
    if (--open_slots_ == 0) all_closed_.NotifyAll();
  }

  void WaitForSlots() {
    MutexLock lock(mutex_);
    while (open_slots_ > 0) all_closed_.Wait(mutex_);
  }

  LoadResult Collect(absl::Duration wall) {
    LoadResult result;
    result.wall = wall;
    for (Slot& slot : slots_) {
      result.succeeded += static_cast<int64_t>(slot.latencies.size());
      result.failed += slot.failed;
      if (result.first_failure.ok()) result.first_failure = slot.first_failure;
      std::move(slot.latencies.begin(), slot.latencies.end(), std::back_inserter(result.latencies));
    }
    return result;
  }

  Workload& workload_;
  const LoadOptions& options_;
  absl::Time start_;
  std::atomic<int64_t> next_number_ = 0;
  std::atomic<bool> stopped_ = false;
  std::vector<Slot> slots_;  // each touched only by the callback of its one order
  Mutex mutex_;
  CondVar all_closed_;
  int open_slots_ = 0;  // guarded by mutex_ once the first order runs
};

}  // namespace

double LoadResult::OrdersPerSecond() const {
  const double seconds = absl::ToDoubleSeconds(wall);
  return seconds > 0 ? static_cast<double>(succeeded) / seconds : 0;
}

absl::Duration LoadResult::Latency(double quantile) const {
  if (latencies.empty()) return absl::ZeroDuration();
  std::vector<absl::Duration> sorted = latencies;
  const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
  const size_t index = std::min(rank == 0 ? 0 : rank - 1, sorted.size() - 1);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(index),
                   sorted.end());
  return sorted[index];
}

void LoadResult::Merge(LoadResult other) {
  succeeded += other.succeeded;
  failed += other.failed;
  if (first_failure.ok()) first_failure = other.first_failure;
  wall += other.wall;
  std::move(other.latencies.begin(), other.latencies.end(), std::back_inserter(latencies));
}

LoadResult RunClosedLoop(Workload& workload, const LoadOptions& options) {
  return Phase(workload, options).Run();
}

}  // namespace orderflow::bench
