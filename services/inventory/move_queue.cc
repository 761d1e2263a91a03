#include "services/inventory/move_queue.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "common/base/status.h"

namespace orderflow::inventory {
namespace {

absl::Status ApplyAll(database::Transaction& txn, std::vector<std::unique_ptr<StockMove>>& batch) {
  for (const auto& move : batch) ORDERFLOW_RETURN_IF_ERROR(move->Locate(txn));
  // Stable: of two orders for the last item, the one that came first gets it.
  std::stable_sort(batch.begin(), batch.end(),
                   [](const auto& a, const auto& b) { return a->product_id() < b->product_id(); });
  for (const auto& move : batch) ORDERFLOW_RETURN_IF_ERROR(move->Apply(txn));
  return absl::OkStatus();
}

}  // namespace

MoveQueue::~MoveQueue() {
  MutexLock lock(mutex_);
  while (unfinished_ > 0) idle_.Wait(mutex_);
}

size_t MoveQueue::waiting() const {
  MutexLock lock(mutex_);
  return waiting_.size() + alone_.size();
}

void MoveQueue::Add(std::unique_ptr<StockMove> move) {
  Batch batch;
  bool refused = false;
  {
    MutexLock lock(mutex_);
    refused = waiting_.size() >= limits_.max_waiting;
    if (!refused) waiting_.push_back(std::move(move));
    if (!refused && !running_) {
      running_ = true;
      ++unfinished_;
      batch = NextBatch();
    }
  }
  if (refused) {
    return move->Finish(
        absl::ResourceExhaustedError(std::to_string(limits_.max_waiting) +
                                     " changes of stock are waiting already; try again later"));
  }
  if (!batch.empty()) Run(std::move(batch));
}

MoveQueue::Batch MoveQueue::NextBatch() {
  Batch batch;
  if (!alone_.empty()) {
    batch.push_back(std::move(alone_.back()));
    alone_.pop_back();
    return batch;
  }
  const size_t size = std::min(waiting_.size(), limits_.max_batch);
  batch.assign(std::make_move_iterator(waiting_.begin()),
               std::make_move_iterator(waiting_.begin() + size));
  waiting_.erase(waiting_.begin(), waiting_.begin() + size);
  return batch;
}

void MoveQueue::Run(Batch batch) {
  auto shared = std::make_shared<Batch>(std::move(batch));
  database_.Submit([shared](database::Transaction& txn) { return ApplyAll(txn, *shared); },
                   [this, shared](absl::Status commit) { OnCommit(*shared, commit); });
}

void MoveQueue::OnCommit(Batch& batch, const absl::Status& commit) {
  // A database that is away or full fails every move alike.
  const bool take_apart = !commit.ok() && !absl::IsUnavailable(commit) &&
                          !absl::IsResourceExhausted(commit) && batch.size() > 1;
  Batch next;
  {
    MutexLock lock(mutex_);
    if (take_apart) {
      alone_.assign(std::make_move_iterator(batch.rbegin()), std::make_move_iterator(batch.rend()));
      batch.clear();
    }
    next = NextBatch();
    running_ = !next.empty();
    if (running_) ++unfinished_;
  }
  // The next transaction starts before the callers of this one are told.
  if (!next.empty()) Run(std::move(next));
  for (const auto& move : batch) move->Finish(commit);
  MutexLock lock(mutex_);
  if (--unfinished_ == 0) idle_.NotifyAll();
}

}  // namespace orderflow::inventory
