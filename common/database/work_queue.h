#pragma once

#include <deque>
#include <vector>

#include "absl/status/status.h"
#include "common/base/callback.h"
#include "common/base/mutex.h"
#include "common/database/database.h"

namespace orderflow::database {

// One submitted body on its way.
struct Job {
  Database::Body body;
  StatusCallback done;
  bool read_only = false;
  absl::Status outcome;  // what `done` will be told
};

// Bodies that wait for the threads of a database, in lanes: a thread serves one lane, in order of
// arrival.
//
// Thread-safe. Each Take that gave jobs must be followed by a Finish of them.
class WorkQueue {
 public:
  // Beyond `max_queued` waiting jobs a new one is refused: a thread of its lane calls its `done`.
  WorkQueue(int lanes, size_t max_queued) : max_queued_(max_queued), lanes_(lanes) {}

  void Push(int lane, Job job);

  // Waits for jobs and takes at most `max` of them from the front, all reading or all writing. With
  // more than one `sharers` (threads on this lane) it leaves the others their part. Empty: the
  // queue has shut down.
  std::vector<Job> Take(int lane, size_t max, size_t sharers);

  // Tells each job's outcome.
  void Finish(std::vector<Job> jobs);

  // From now on Take answers "empty" once nothing is queued or running any more, in any lane. Jobs
  // that `done` callbacks push meanwhile still run.
  void ShutDown();

  // Sleeps until `deadline` or, sooner, the shutdown begins; true if it has begun.
  bool SleepUntil(std::chrono::steady_clock::time_point deadline);

  size_t queued() const;

 private:
  struct Lane {
    std::deque<Job> jobs;
    std::vector<Job> refused;
    CondVar wake;
    int sleeping = 0;
    int woken = 0;  // of the sleeping: notified, but not running yet
  };

  bool ShutDownIsComplete() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return shutting_down_ && unfinished_ == 0;
  }

  const size_t max_queued_;
  mutable Mutex mutex_;
  std::deque<Lane> lanes_ ABSL_GUARDED_BY(mutex_);
  size_t queued_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;  // pushed, `done` not yet returned
  bool shutting_down_ ABSL_GUARDED_BY(mutex_) = false;
  CondVar shutdown_began_;
};

}  // namespace orderflow::database
