#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/metrics.h"
#include "orchestrator/engine/engine.h"

namespace orderflow::api {

// Counts what the engine tells it and shows it as metrics: orders by outcome, how long they took,
// those in progress and the age of the oldest; attempts at tasks by task and end, their duration,
// and retries. docs/monitoring.md has the list.
//
// An order costs two short locks and a few atomic additions, an attempt at a task one more lock.
// The number of series is bounded: tasks beyond the first kMaxTasks share the label "other".
//
// Thread-safe. Borrows clock and registry, which must outlive it.
class ExecutionMeter final : public engine::Meter {
 public:
  static constexpr size_t kMaxTasks = 100;

  explicit ExecutionMeter(const Clock& clock, metrics::Registry& registry = metrics::Default());

  void OnAdded(const engine::Machine& machine, absl::Time start_time) override;
  void OnRemoved(const engine::Machine& machine, absl::Time start_time) override;
  void OnEnded(const engine::Machine& machine, const engine::ExecutionResult& result) override;
  void OnAttempt(const asl::Resource& resource, int try_number) override;
  void OnAttemptEnded(const asl::Resource& resource, engine::AttemptEnd end,
                      absl::Duration took) override;

 private:
  static constexpr int kOutcomes = 4;
  static constexpr int kEnds = 4;

  struct Task {
    std::array<metrics::Counter*, kEnds> ended{};
    metrics::Counter* retries = nullptr;
    metrics::Histogram* duration = nullptr;
  };

  void ExportOrders();
  Task& TaskOf(const asl::Resource& resource) ABSL_LOCKS_EXCLUDED(tasks_mutex_);
  std::unique_ptr<Task> MakeTask(const std::string& name);
  int64_t InProgress() const ABSL_LOCKS_EXCLUDED(orders_mutex_);
  double OldestAgeSeconds() const ABSL_LOCKS_EXCLUDED(orders_mutex_);

  const Clock& clock_;
  metrics::Registry& registry_;
  std::array<metrics::Histogram*, kOutcomes> order_duration_{};

  // How many orders in progress began in which second since the epoch; no zeros.
  mutable Mutex orders_mutex_;
  std::map<int64_t, int64_t> orders_by_start_ ABSL_GUARDED_BY(orders_mutex_);
  int64_t orders_in_progress_ ABSL_GUARDED_BY(orders_mutex_) = 0;

  mutable Mutex tasks_mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<Task>> tasks_ ABSL_GUARDED_BY(tasks_mutex_);

  std::vector<metrics::Registration> registrations_;  // last: they read the above
};

}  // namespace orderflow::api
