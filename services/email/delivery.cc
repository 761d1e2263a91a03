#include "services/email/delivery.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/logging/logging.h"

namespace orderflow::email {
namespace {

using Outcome = DeliveryResult::Outcome;

// Calls `done` with the first error, if any, after as many calls of OneDone as announced.
class Gather {
 public:
  Gather(size_t count, StatusCallback done) : left_(count), done_(std::move(done)) {}

  void OneDone(const absl::Status& status) {
    {
      MutexLock lock(mutex_);
      if (first_error_.ok()) first_error_ = status;
      if (--left_ > 0) return;
    }
    std::move(done_)(first_error_);  // the last call: nobody else touches the members any more
  }

 private:
  Mutex mutex_;
  size_t left_ ABSL_GUARDED_BY(mutex_);
  absl::Status first_error_;
  StatusCallback done_;
};

}  // namespace

Delivery::Delivery(const Options& options, const ConfirmationWriter& writer, EmailStore& store,
                   MailTransport& transport, const Clock& clock, Jitter jitter)
    : options_(options),
      writer_(writer),
      store_(store),
      transport_(transport),
      clock_(clock),
      jitter_(std::move(jitter)),
      pause_(options.pause) {}

bool Delivery::TakesNewMails() const {
  if (in_flight_.load(std::memory_order_relaxed) >= options_.max_in_flight) return false;
  const DeliveryPause::State state = pause_.StateAt(clock_.Now());
  return state == DeliveryPause::State::kOpen ||
         (state == DeliveryPause::State::kProbing && options_.new_mails_probe);
}

absl::Time Delivery::ClaimEnd() const {
  return clock_.Now() + transport_.max_delivery_time() + options_.claim_margin;
}

void Delivery::Deliver(Claim claim, Mail mail, Callback<v1::EmailStatus> done) {
  in_flight_.fetch_add(1, std::memory_order_relaxed);
  transport_.Deliver(std::move(mail), [this, claim = std::move(claim),
                                       done = std::move(done)](DeliveryResult result) mutable {
    OnResult(std::move(claim), std::move(result), std::move(done));
  });
}

void Delivery::OnResult(Claim claim, DeliveryResult result, Callback<v1::EmailStatus> done) {
  const absl::Time now = clock_.Now();
  NoteReachability(result, now);
  Record record = RecordOf(claim, std::move(result), now);
  const v1::EmailStatus status = record.status;
  Count(status);
  if (status == v1::EMAIL_STATUS_FAILED) {
    logging::Warning(
        "mail failed for good",
        {{"order_id", record.order_id}, {"attempts", record.attempt}, {"error", record.error}});
  }
  WriteRecord(std::move(record),
              [this, status, done = std::move(done)](absl::Status written) mutable {
                in_flight_.fetch_sub(1, std::memory_order_relaxed);
                std::move(done)(written.ok() ? status : v1::EMAIL_STATUS_QUEUED);
              });
}

Delivery::Record Delivery::RecordOf(const Claim& claim, DeliveryResult result,
                                    absl::Time now) const {
  Record record{.order_id = claim.order_id,
                .attempt = claim.attempt,
                .error = std::move(result.detail),
                .time = now,
                .next_attempt = std::nullopt};
  if (result.outcome == Outcome::kSent) {
    record.status = v1::EMAIL_STATUS_SENT;
  } else if (result.outcome == Outcome::kRefused) {
    record.status = v1::EMAIL_STATUS_FAILED;
  } else if (now - claim.create_time >= options_.give_up_after) {
    record.status = v1::EMAIL_STATUS_FAILED;
    record.error =
        "given up after " + absl::FormatDuration(options_.give_up_after) + ": " + record.error;
  } else {
    record.status = v1::EMAIL_STATUS_QUEUED;
    record.next_attempt = now + DelayAfter(claim.attempt);
  }
  return record;
}

void Delivery::NoteReachability(const DeliveryResult& result, absl::Time now) {
  if (result.outcome == Outcome::kUnreachable) {
    if (pause_.OnUnreachable(now)) {
      logging::Warning("mails cannot be delivered and stay queued",
                       {{"transport", transport_.name()}, {"error", result.detail}});
    }
  } else if (pause_.OnReached()) {
    logging::Info("mails are delivered again", {{"transport", transport_.name()}});
  }
}

void Delivery::Count(v1::EmailStatus status) {
  std::atomic<int64_t>& counter = status == v1::EMAIL_STATUS_SENT     ? sent_
                                  : status == v1::EMAIL_STATUS_FAILED ? failed_
                                                                      : retried_;
  counter.fetch_add(1, std::memory_order_relaxed);
}

absl::Duration Delivery::DelayAfter(int64_t attempt) const {
  absl::Duration delay = options_.first_retry;
  for (int64_t i = 1; i < attempt && delay < options_.longest_retry; ++i) delay *= 2;
  return std::min(delay, options_.longest_retry) * (1 - jitter_() / 2);
}

void Delivery::WriteRecord(Record record, StatusCallback done) {
  StatusCallback keep_if_lost = [this, record,
                                 done = std::move(done)](absl::Status written) mutable {
    if (!written.ok()) KeepRecord(std::move(record));
    std::move(done)(std::move(written));
  };
  if (record.status == v1::EMAIL_STATUS_SENT) {
    store_.RecordSent(record.order_id, record.time, std::move(keep_if_lost));
  } else {
    store_.RecordFailure(record.order_id, record.attempt, std::move(record.error),
                         record.next_attempt, std::move(keep_if_lost));
  }
}

void Delivery::KeepRecord(Record record) {
  MutexLock lock(mutex_);
  kept_records_.push_back(std::move(record));
}

void Delivery::WriteKeptRecords(StatusCallback done) {
  std::vector<Record> records;
  {
    MutexLock lock(mutex_);
    records.swap(kept_records_);
  }
  if (records.empty()) return std::move(done)(absl::OkStatus());
  auto gather = std::make_shared<Gather>(records.size(), std::move(done));
  for (Record& record : records) {
    WriteRecord(std::move(record), [gather](absl::Status written) { gather->OneDone(written); });
  }
}

void Delivery::DeliverDue(Callback<int> done) {
  WriteKeptRecords([this, done = std::move(done)](absl::Status written) mutable {
    if (!written.ok()) return std::move(done)(std::move(written));
    ClaimDue(std::move(done));
  });
}

void Delivery::ClaimDue(Callback<int> done) {
  const absl::Time now = clock_.Now();
  const DeliveryPause::State state = pause_.StateAt(now);
  const int64_t room = options_.max_in_flight - in_flight_.load(std::memory_order_relaxed);
  if (state == DeliveryPause::State::kPaused || room <= 0) return std::move(done)(0);
  const int64_t limit =
      state == DeliveryPause::State::kProbing ? 1 : std::min<int64_t>(options_.claim_batch, room);
  store_.ClaimDue(
      now, ClaimEnd(), static_cast<int>(limit),
      [this, done = std::move(done)](absl::StatusOr<std::vector<StoredMail>> mails) mutable {
        if (!mails.ok()) return std::move(done)(std::move(mails).status());
        OnClaimed(*std::move(mails), std::move(done));
      });
}

void Delivery::OnClaimed(std::vector<StoredMail> mails, Callback<int> done) {
  const int count = static_cast<int>(mails.size());
  if (count == 0) return std::move(done)(0);
  auto gather = std::make_shared<Gather>(
      mails.size(), [count, done = std::move(done)](absl::Status status) mutable {
        status.ok() ? std::move(done)(count) : std::move(done)(std::move(status));
      });
  for (const StoredMail& mail : mails) {
    DeliverClaimed(mail, [gather](absl::StatusOr<v1::EmailStatus> status) {
      gather->OneDone(status.status());
    });
  }
}

void Delivery::DeliverClaimed(const StoredMail& mail, Callback<v1::EmailStatus> done) {
  Claim claim{
      .order_id = mail.content.order_id, .attempt = mail.attempts, .create_time = mail.create_time};
  absl::StatusOr<Mail> ready = writer_.Write(mail);
  if (ready.ok()) return Deliver(std::move(claim), *std::move(ready), std::move(done));
  // Only a row that somebody else has written can come to this.
  in_flight_.fetch_add(1, std::memory_order_relaxed);
  OnResult(std::move(claim),
           {.outcome = Outcome::kRefused, .detail = std::string(ready.status().message())},
           std::move(done));
}

Delivery::Statistics Delivery::statistics() const {
  return {.sent = sent_.load(std::memory_order_relaxed),
          .retried = retried_.load(std::memory_order_relaxed),
          .failed = failed_.load(std::memory_order_relaxed),
          .in_flight = in_flight_.load(std::memory_order_relaxed),
          .unreachable = pause_.StateAt(clock_.Now()) != DeliveryPause::State::kOpen};
}

}  // namespace orderflow::email
