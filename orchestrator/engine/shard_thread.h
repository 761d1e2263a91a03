#pragma once

#include <atomic>
#include <thread>

#include "common/base/clock.h"
#include "orchestrator/engine/shard.h"

namespace orderflow::engine {

// Drives a shard in production: runs it when something was posted or is due, and sleeps in between.
// The destructor ends the thread after what was posted before; it does not halt the shard.
//
// Borrows shard and clock.
class ShardThread {
 public:
  ShardThread(Shard& shard, const Clock& clock);
  ~ShardThread();

 private:
  void Loop();

  Shard& shard_;
  const Clock& clock_;
  std::atomic<bool> end_ = false;
  std::thread thread_;
};

}  // namespace orderflow::engine
