#include "orchestrator/engine/shard_thread.h"

#include <algorithm>
#include <optional>

#include "absl/time/time.h"

namespace orderflow::engine {
namespace {

// Wall clocks jump; sleeping no longer than this bounds how late a timer notices.
constexpr absl::Duration kLongestSleep = absl::Seconds(1);

}  // namespace

ShardThread::ShardThread(Shard& shard, const Clock& clock)
    : shard_(shard), clock_(clock), thread_([this] { Loop(); }) {}

ShardThread::~ShardThread() {
  shard_.Post(Barrier{[this] { end_ = true; }});
  thread_.join();
}

void ShardThread::Loop() {
  while (!end_) {
    absl::Duration sleep = kLongestSleep;
    if (const std::optional<absl::Time> due = shard_.NextDue()) {
      sleep = std::min(sleep, *due - clock_.Now());
    }
    if (sleep > absl::ZeroDuration()) shard_.inbox().Wait(sleep);
    shard_.RunOnce(clock_.Now());
  }
}

}  // namespace orderflow::engine
