#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "common/base/mutex.h"
#include "common/database/database.h"
#include "services/inventory/stock_moves.h"

namespace orderflow::inventory {

// Carries moves of stock to the database: while one transaction runs, all moves that arrive wait
// together, and go into the next one sorted by product. So a hot product costs one commit for all
// that want it, and transactions of any number of replicas lock products in the same order, which
// keeps them from waiting for each other in a circle.
//
// A transaction that fails for another reason than a database that is away is taken apart and tried
// move by move, so that one bad move takes no others along.
//
// Thread-safe. Borrows `database`. The destructor waits for the moves that were added.
class MoveQueue {
 public:
  struct Limits {
    // Moves in one transaction; bounds how long other replicas wait for a hot product.
    size_t max_batch = 256;
    // Moves that wait; more are refused with RESOURCE_EXHAUSTED.
    size_t max_waiting = 100'000;
  };

  MoveQueue(database::Database& database, Limits limits) : database_(database), limits_(limits) {}
  ~MoveQueue();
  MoveQueue(const MoveQueue&) = delete;
  MoveQueue& operator=(const MoveQueue&) = delete;

  // Runs `move` and finishes it on a database thread, or at once if it is refused.
  void Add(std::unique_ptr<StockMove> move);
  size_t waiting() const;

 private:
  using Batch = std::vector<std::unique_ptr<StockMove>>;

  Batch NextBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run(Batch batch);
  void OnCommit(Batch& batch, const absl::Status& commit);

  database::Database& database_;
  const Limits limits_;
  mutable Mutex mutex_;
  CondVar idle_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;  // a transaction of ours is on its way
  int unfinished_ ABSL_GUARDED_BY(mutex_) = 0;    // batches whose callers have not all been told
  std::deque<std::unique_ptr<StockMove>> waiting_ ABSL_GUARDED_BY(mutex_);
  Batch alone_
      ABSL_GUARDED_BY(mutex_);  // of a failed batch: to be tried one by one, before all others
};

}  // namespace orderflow::inventory
