#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "orchestrator/engine/inbox.h"
#include "orchestrator/engine/turn.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::engine {

// Brings the turns of one shard to the journal, many in a batch, and tells which of them are
// durable. While batches are under way, new turns gather for the next one: the busier the disk, the
// larger the batch.
//
// Nothing that was added is ever dropped because the journal cannot be written: such a batch is
// tried again, with growing pauses, until it is on disk. A batch that the journal refuses because
// somebody else writes one of its executions is split, so that only that execution is let go of.
//
// Invariant (kept by the shard): the turns of one execution are in at most one batch at a time, so
// that batches may become durable in any order.
//
// One thread only: the shard's. The journal's answer comes back through the inbox. Borrows
// `journal`.
class Committer {
 public:
  // Read by any thread.
  struct Counters {
    std::atomic<int64_t> batches = 0, records = 0, failing = 0;
  };

  Committer(store::Journal& journal, std::shared_ptr<Inbox> inbox, int max_in_flight,
            const std::function<void(std::string)>& report);

  // Names the batch that Add adds to, from 1. Changes when that batch is sent.
  int64_t open_batch() const { return open_batch_; }
  void Add(Turn turn) { open_.push_back(std::move(turn)); }

  // Sends the open batch if there is anything in it and the journal may be asked now.
  void Flush();

  // What the journal's answer to a batch settles.
  struct Settled {
    std::vector<Turn> durable;
    std::vector<Turn> fenced;  // somebody else has the execution
  };
  Settled OnDone(int64_t number, const absl::Status& status, absl::Time now);

  // Tries failed batches again whose pause is over.
  void Retry(absl::Time now);
  std::optional<absl::Time> NextRetry() const;

  // From now on a batch that fails is dropped: the process ends, and what is not durable was not
  // acted on.
  void StopRetrying();
  // Nothing is open or under way.
  bool idle() const { return open_.empty() && batches_.empty(); }

  const Counters& counters() const { return counters_; }

 private:
  struct Batch {
    std::vector<Turn> turns;
    bool in_flight = false;  // else: waits to be tried again
    bool failed = false;     // was refused at least once
  };

  void Send(std::vector<Turn> turns);
  void Append(int64_t number, Batch& batch);
  void Split(std::vector<Turn> turns);
  void ScheduleRetry(Batch& batch, absl::Time now);
  void SetDown(bool down, const absl::Status& status);

  store::Journal& journal_;
  const std::shared_ptr<Inbox> inbox_;
  const int max_in_flight_;
  const std::function<void(std::string)>& report_;

  int64_t open_batch_ = 1;
  std::vector<Turn> open_;
  int64_t next_number_ = 1;
  std::map<int64_t, Batch> batches_;  // sent, by number
  int in_flight_ = 0;
  bool down_ = false;  // the newest answers say that the journal cannot be written
  bool retrying_ = true;
  absl::Duration pause_;
  std::optional<absl::Time> next_retry_;
  Counters counters_;
};

}  // namespace orderflow::engine
