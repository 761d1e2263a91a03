#include "orchestrator/engine/committer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "orchestrator/engine/journal_codec.h"

namespace orderflow::engine {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(5);

store::ExecutionEnd ToEnd(store::ExecutionKey execution, const ExecutionResult& result) {
  store::ExecutionEnd end;
  end.execution = execution;
  end.status = result.status;
  end.stop_time = result.stop_time;
  if (result.status == store::ExecutionStatus::kSucceeded) end.output = result.output;
  end.error = result.error;
  end.cause = result.cause;
  end.failed_state = result.failed_state;
  end.events = result.events;
  return end;
}

// Turns are kept and batches are made from them as often as needed: a batch is given away when it
// is sent.
store::Batch Encode(const std::vector<Turn>& turns) {
  store::Batch batch;
  batch.records.reserve(turns.size());
  for (const Turn& turn : turns) {
    if (turn.sequence > 0) {
      batch.records.push_back(EncodeInput(turn.execution, turn.sequence, turn.input));
    }
    if (const auto* redriven = std::get_if<asl::Redriven>(&turn.input.what)) {
      batch.redrives.push_back({turn.execution, turn.redrives, turn.input.at, redriven->origin});
    }
    for (const std::string& arn : turn.map_runs) batch.map_runs.push_back({arn, turn.execution});
    if (turn.result != nullptr) batch.ends.push_back(ToEnd(turn.execution, *turn.result));
  }
  return batch;
}

bool OfOneExecution(const std::vector<Turn>& turns) {
  return std::all_of(turns.begin(), turns.end(), [&turns](const Turn& turn) {
    return turn.execution == turns.front().execution;
  });
}

// The journal as a whole cannot be written, whatever the batch holds.
bool IsOutage(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status);
}

}  // namespace

Committer::Committer(store::Journal& journal, std::shared_ptr<Inbox> inbox, int max_in_flight,
                     const std::function<void(std::string)>& report)
    : journal_(journal),
      inbox_(std::move(inbox)),
      max_in_flight_(std::max(1, max_in_flight)),
      report_(report),
      pause_(kFirstPause) {}

void Committer::Flush() {
  if (open_.empty() || down_ || in_flight_ >= max_in_flight_) return;
  ++open_batch_;
  Send(std::exchange(open_, {}));
}

void Committer::Send(std::vector<Turn> turns) {
  const int64_t number = next_number_++;
  Batch& batch = batches_[number];
  batch.turns = std::move(turns);
  Append(number, batch);
}

void Committer::Append(int64_t number, Batch& batch) {
  batch.in_flight = true;
  ++in_flight_;
  journal_.Append(Encode(batch.turns), [inbox = inbox_, number](absl::Status status) {
    inbox->Post(BatchDone{number, std::move(status)});
  });
}

Committer::Settled Committer::OnDone(int64_t number, const absl::Status& status, absl::Time now) {
  const auto found = batches_.find(number);
  ORDERFLOW_CHECK(found != batches_.end() && found->second.in_flight);
  Batch& batch = found->second;
  batch.in_flight = false;
  --in_flight_;
  if (status.ok() || IsOutage(status)) SetDown(!status.ok(), status);

  const bool may_split = !status.ok() && !IsOutage(status) && !OfOneExecution(batch.turns);
  const bool lost = absl::IsAborted(status);
  if (!status.ok() && !may_split && !lost && retrying_) {
    ScheduleRetry(batch, now);
    return {};
  }
  if (batch.failed) counters_.failing.fetch_sub(1, std::memory_order_relaxed);
  std::vector<Turn> turns = std::move(batch.turns);
  batches_.erase(found);

  Settled settled;
  if (status.ok()) {
    counters_.batches.fetch_add(1, std::memory_order_relaxed);
    counters_.records.fetch_add(static_cast<int64_t>(turns.size()), std::memory_order_relaxed);
    settled.durable = std::move(turns);
  } else if (may_split) {
    Split(std::move(turns));
  } else if (lost) {
    settled.fenced = std::move(turns);
  }
  if (down_ && !retrying_) open_.clear();
  return settled;
}

void Committer::Split(std::vector<Turn> turns) {
  std::map<store::ExecutionKey, std::vector<Turn>> by_execution;
  for (Turn& turn : turns) by_execution[turn.execution].push_back(std::move(turn));
  for (auto& [execution, its_turns] : by_execution) Send(std::move(its_turns));
}

void Committer::ScheduleRetry(Batch& batch, absl::Time now) {
  if (!down_ && report_) {
    report_(absl::StrCat("the journal refuses a record of execution ",
                         batch.turns.front().execution, ", which cannot go on"));
  }
  if (!batch.failed) counters_.failing.fetch_add(1, std::memory_order_relaxed);
  batch.failed = true;
  // Batches that fail together are tried again together.
  if (next_retry_) return;
  next_retry_ = now + pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
}

void Committer::Retry(absl::Time now) {
  if (!next_retry_ || now < *next_retry_) return;
  next_retry_.reset();
  for (auto& [number, batch] : batches_) {
    if (!batch.in_flight) Append(number, batch);
  }
}

std::optional<absl::Time> Committer::NextRetry() const { return next_retry_; }

void Committer::StopRetrying() {
  retrying_ = false;
  next_retry_.reset();
  for (auto batch = batches_.begin(); batch != batches_.end();) {
    batch = batch->second.in_flight ? std::next(batch) : batches_.erase(batch);
  }
  if (down_) open_.clear();
}

void Committer::SetDown(bool down, const absl::Status& status) {
  if (!down) pause_ = kFirstPause;
  if (down == down_) return;
  down_ = down;
  if (!report_) return;
  report_(down ? absl::StrCat(
                     "the journal cannot be written, nothing new is acknowledged until it can: ",
                     status.ToString())
               : std::string("the journal can be written again"));
}

}  // namespace orderflow::engine
