#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/database/connection.h"
#include "common/database/work_queue.h"

namespace orderflow::database {

// Counters behind Statistics.
struct Counters {
  std::atomic<int64_t> commits = 0;
  std::atomic<int64_t> bodies = 0;
  std::atomic<int64_t> failed_commits = 0;

  Statistics Read(size_t queued) const {
    return {.commits = commits.load(std::memory_order_relaxed),
            .bodies = bodies.load(std::memory_order_relaxed),
            .failed_commits = failed_commits.load(std::memory_order_relaxed),
            .queued = static_cast<int64_t>(queued)};
  }
};

// Runs the jobs' bodies in one transaction, each inside a savepoint, and commits once; sets each
// job's outcome. Where the transaction as a whole fails before its commit, each body runs again in
// a transaction of its own, so that the one that is to blame fails alone. A lost race is run again
// several times.
void RunBatch(Connection& connection, std::vector<Job>& jobs, Counters& counters);

}  // namespace orderflow::database
