#include "common/database/work_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace orderflow::database {

void WorkQueue::Push(int lane, Job job) {
  Database::Body dropped;  // destroyed after the lock is released
  MutexLock lock(mutex_);
  Lane& target = lanes_[lane];
  ++unfinished_;
  if (queued_ < max_queued_) {
    target.jobs.push_back(std::move(job));
    ++queued_;
  } else {
    job.outcome = absl::ResourceExhaustedError(absl::StrCat(
        "the database has ", queued_, " operations waiting, the limit is ", max_queued_));
    dropped = std::move(job.body);
    target.refused.push_back(std::move(job));
  }
  if (target.sleeping > target.woken) {  // One system call per sleeper, not one per job.
    ++target.woken;
    target.wake.NotifyOne();
  }
}

std::vector<Job> WorkQueue::Take(int lane, size_t max, size_t sharers) {
  while (true) {
    std::vector<Job> taken;
    {
      MutexLock lock(mutex_);
      Lane& from = lanes_[lane];
      while (from.jobs.empty() && from.refused.empty() && !ShutDownIsComplete()) {
        ++from.sleeping;
        from.wake.Wait(mutex_);
        --from.sleeping;
        if (from.woken > 0) --from.woken;
      }
      if (from.refused.empty()) {
        const size_t share = std::min(max, (from.jobs.size() + sharers - 1) / sharers);
        taken.reserve(share);
        while (taken.size() < share &&
               (taken.empty() || from.jobs.front().read_only == taken.front().read_only)) {
          taken.push_back(std::move(from.jobs.front()));
          from.jobs.pop_front();
        }
        queued_ -= taken.size();
        return taken;
      }
      taken.swap(from.refused);
    }
    Finish(std::move(taken));
  }
}

void WorkQueue::Finish(std::vector<Job> jobs) {
  const size_t count = jobs.size();
  for (Job& job : jobs) std::move(job.done)(std::move(job.outcome));
  jobs.clear();  // What the callbacks own goes before the destructor of the database may return.
  MutexLock lock(mutex_);
  unfinished_ -= count;
  if (!ShutDownIsComplete()) return;
  for (Lane& lane : lanes_) lane.wake.NotifyAll();
}

void WorkQueue::ShutDown() {
  MutexLock lock(mutex_);
  shutting_down_ = true;
  shutdown_began_.NotifyAll();
  for (Lane& lane : lanes_) lane.wake.NotifyAll();
}

bool WorkQueue::SleepUntil(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (!shutting_down_ && shutdown_began_.WaitUntil(mutex_, deadline)) {
  }
  return shutting_down_;
}

size_t WorkQueue::queued() const {
  MutexLock lock(mutex_);
  return queued_;
}

}  // namespace orderflow::database
