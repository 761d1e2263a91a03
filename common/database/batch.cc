#include "common/database/batch.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace orderflow::database {
namespace {

// How often a body that keeps losing races is tried before ABORTED goes to its caller. With the
// pauses below that is about a second.
constexpr int kMaxRaces = 10;
constexpr int kMaxDisconnects = 3;

// Losers that come back at the same moment would meet again.
void PauseAfterLostRace(int attempt) {
  static thread_local std::minstd_rand random(std::random_device{}());
  const int longest_ms = std::min(1 << attempt, 256);
  std::uniform_int_distribution<int> pause_us(0, longest_ms * 1000);
  std::this_thread::sleep_for(std::chrono::microseconds(pause_us(random)));
}

void Count(const absl::Status& commit, int64_t bodies, Counters& counters) {
  if (commit.ok()) {
    counters.commits.fetch_add(1, std::memory_order_relaxed);
    counters.bodies.fetch_add(bodies, std::memory_order_relaxed);
  } else {
    counters.failed_commits.fetch_add(1, std::memory_order_relaxed);
  }
}

absl::Status TryAlone(Connection& connection, Job& job, Counters& counters) {
  if (absl::Status ready = connection.Ready(); !ready.ok()) return ready;
  if (absl::Status begun = connection.Begin(job.read_only); !begun.ok()) return begun;
  absl::Status status = connection.RunBody(job.body, job.read_only);
  if (!status.ok() || connection.fate() != Fate::kAlive) {
    connection.Rollback();
    return status.ok() ? absl::InternalError("the transaction ended before its commit") : status;
  }
  status = connection.Commit();
  Count(status, 1, counters);
  return status;
}

void RunAlone(Connection& connection, Job& job, Counters& counters) {
  int races = 0;
  int disconnects = 0;
  while (true) {
    job.outcome = TryAlone(connection, job, counters);
    if (job.outcome.ok()) return;
    if (connection.fate() == Fate::kRaceLost && ++races < kMaxRaces) {
      PauseAfterLostRace(races);
    } else if (connection.fate() != Fate::kDisconnected || ++disconnects >= kMaxDisconnects) {
      return;
    }
  }
}

// Whether the transaction as a whole failed in a way that leaves nothing of it, so that the bodies
// may run again.
bool MayRunAgain(Fate fate) {
  return fate == Fate::kRolledBack || fate == Fate::kRaceLost || fate == Fate::kDisconnected;
}

void RunInSavepoint(Connection& connection, Job& job) {
  connection.SetSavepoint();
  job.outcome = connection.RunBody(job.body, job.read_only);
  if (connection.fate() != Fate::kAlive) return;
  if (job.outcome.ok()) {
    connection.ReleaseSavepoint();
  } else {
    connection.RollbackToSavepoint();
  }
}

// Replaces the success of all bodies by the reason why they have no effect.
void Overrule(std::vector<Job>& jobs, const absl::Status& status) {
  for (Job& job : jobs) {
    if (job.outcome.ok()) job.outcome = status;
  }
}

// The transaction's fate. If it is such that the bodies may run again their outcomes mean nothing.
Fate RunTogether(Connection& connection, std::vector<Job>& jobs, Counters& counters) {
  if (absl::Status begun = connection.Begin(jobs.front().read_only); !begun.ok()) {
    Overrule(jobs, begun);
    return Fate::kAlive;
  }
  int64_t succeeded = 0;
  for (Job& job : jobs) {
    RunInSavepoint(connection, job);
    if (connection.fate() != Fate::kAlive) {
      connection.Rollback();
      return connection.fate();
    }
    if (job.outcome.ok()) ++succeeded;
  }
  const absl::Status committed = connection.Commit();
  Count(committed, succeeded, counters);
  if (!committed.ok()) Overrule(jobs, committed);
  return connection.fate();
}

// False if the bodies must run alone. After a lost race or connection all try it together again:
// most likely the race is over, and the server was only restarted.
bool RunTogetherTwice(Connection& connection, std::vector<Job>& jobs, Counters& counters) {
  Fate fate = RunTogether(connection, jobs, counters);
  if (fate == Fate::kRaceLost || fate == Fate::kDisconnected) {
    if (fate == Fate::kRaceLost) PauseAfterLostRace(1);
    if (connection.Ready().ok()) fate = RunTogether(connection, jobs, counters);
  }
  return !MayRunAgain(fate);
}

}  // namespace

void RunBatch(Connection& connection, std::vector<Job>& jobs, Counters& counters) {
  if (absl::Status ready = connection.Ready(); !ready.ok()) {
    for (Job& job : jobs) job.outcome = ready;
    return;
  }
  if (jobs.size() > 1 && RunTogetherTwice(connection, jobs, counters)) return;
  for (Job& job : jobs) RunAlone(connection, job, counters);
}

}  // namespace orderflow::database
