#pragma once

#include <cstdint>
#include <optional>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// What is due when, on one shard: timers of executions and the patience of those who wait. In the
// order of time, then of execution and number, so that a simulation fires them in the same order
// every time.
//
// One thread only.
class TimerQueue {
 public:
  enum class Kind : int8_t { kTimer, kWaiter };
  struct Entry {
    int64_t due_micros;
    store::ExecutionKey execution;
    Kind kind;
    int64_t number;  // a TimerId, or a waiter's number
    auto operator<=>(const Entry&) const = default;
  };

  // `entry` must not be in the queue.
  void Add(const Entry& entry) { entries_.insert(entry); }
  // Nothing happens if it is not there (any more).
  void Remove(const Entry& entry) { entries_.erase(entry); }

  // Takes the first entry that is due, if there is one.
  std::optional<Entry> PopDue(absl::Time now) {
    if (entries_.empty() || entries_.begin()->due_micros > absl::ToUnixMicros(now))
      return std::nullopt;
    const Entry entry = *entries_.begin();
    entries_.erase(entries_.begin());
    return entry;
  }
  // When something is due next.
  std::optional<absl::Time> NextDue() const {
    if (entries_.empty()) return std::nullopt;
    return absl::FromUnixMicros(entries_.begin()->due_micros);
  }
  size_t size() const { return entries_.size(); }
  void Clear() { entries_.clear(); }

 private:
  absl::btree_set<Entry> entries_;
};

}  // namespace orderflow::engine
