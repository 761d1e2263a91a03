#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/email/confirmation_writer.h"
#include "services/email/delivery_pause.h"
#include "services/email/email_store.h"
#include "services/email/mail_transport.h"

namespace orderflow::email {

// Takes claimed mails from the outbox to the transport and records what became of them.
//
// Every try is preceded by a durable claim and followed by a durable record. If the process dies in
// between, the mail is tried again after the claim has run out: the same bytes with the same
// Message-ID. A try that failed for the moment is repeated with growing, jittered delays, in the
// end given up; a refused mail fails at once.
//
// Thread-safe. Borrows the writer, the store, the transport and the clock; they must outlive all
// callbacks.
class Delivery {
 public:
  struct Options {
    // The wait before the second try; doubled for each further one up to the longest. Up to half of
    // it is left out at random.
    absl::Duration first_retry = absl::Seconds(2);
    absl::Duration longest_retry = absl::Minutes(5);
    // A mail that could not be delivered for so long has failed. RFC 5321, 4.5.4.1 advises four to
    // five days.
    absl::Duration give_up_after = absl::Hours(5 * 24);
    // Mails at the transport at one time; more stay in the outbox until there is room.
    int64_t max_in_flight = 10'000;
    // How many mails DeliverDue claims at once.
    int claim_batch = 256;
    // How much longer than a try may take its claim lasts.
    absl::Duration claim_margin = absl::Seconds(5);
    // Whether a new mail is tried when the mail server could not be reached and the pause is over.
    // Else DeliverDue alone finds out whether it is back.
    bool new_mails_probe = false;
    DeliveryPause::Options pause;
  };

  // A number from 0 to below 1.
  using Jitter = absl::AnyInvocable<double() const>;

  struct Statistics {
    int64_t sent = 0;
    int64_t retried = 0;    // tries that failed for the moment
    int64_t failed = 0;     // mails refused or given up
    int64_t in_flight = 0;  // at the transport, or being recorded, now
    bool unreachable = false;
  };

  Delivery(const Options& options, const ConfirmationWriter& writer, EmailStore& store,
           MailTransport& transport, const Clock& clock, Jitter jitter);

  // Whether a new mail may be tried at once: if not it is left to DeliverDue.
  bool TakesNewMails() const;

  // Whether a mail may be tried without a claim.
  bool RepeatIsHarmless() const { return transport_.repeat_is_harmless(); }

  // Until when a claim made now holds.
  absl::Time ClaimEnd() const;

  // A mail that this process has claimed.
  struct Claim {
    std::string order_id;
    int64_t attempt = 0;
    absl::Time create_time;
  };
  // Tries a mail. `done` gets its status once that is recorded. If it cannot be recorded, which is
  // tried again later, the status is still QUEUED.
  void Deliver(Claim claim, Mail mail, Callback<v1::EmailStatus> done);

  // Records what became of mails and could not be recorded then. To be called before a claim, so as
  // not to send a mail again that was sent.
  void WriteKeptRecords(StatusCallback done) ABSL_LOCKS_EXCLUDED(mutex_);

  // Claims the mails whose time has come, up to a batch of them, and tries them. `done` gets how
  // many were tried, after the last of them was recorded. One call at a time: the next one may
  // follow when `done` is called. `done` may be called from within.
  void DeliverDue(Callback<int> done);

  Statistics statistics() const;

 private:
  // What a try has come to, to be recorded.
  struct Record {
    std::string order_id;
    int64_t attempt = 0;
    v1::EmailStatus status = v1::EMAIL_STATUS_QUEUED;
    std::string error;
    absl::Time time;                         // of sending
    std::optional<absl::Time> next_attempt;  // if still queued
  };

  void OnResult(Claim claim, DeliveryResult result, Callback<v1::EmailStatus> done);
  Record RecordOf(const Claim& claim, DeliveryResult result, absl::Time now) const;
  void NoteReachability(const DeliveryResult& result, absl::Time now);
  void Count(v1::EmailStatus status);
  absl::Duration DelayAfter(int64_t attempt) const;

  void WriteRecord(Record record, StatusCallback done);
  void KeepRecord(Record record) ABSL_LOCKS_EXCLUDED(mutex_);

  void ClaimDue(Callback<int> done);
  void OnClaimed(std::vector<StoredMail> mails, Callback<int> done);
  void DeliverClaimed(const StoredMail& mail, Callback<v1::EmailStatus> done);

  const Options options_;
  const ConfirmationWriter& writer_;
  EmailStore& store_;
  MailTransport& transport_;
  const Clock& clock_;
  const Jitter jitter_;

  DeliveryPause pause_;
  std::atomic<int64_t> sent_{0};
  std::atomic<int64_t> retried_{0};
  std::atomic<int64_t> failed_{0};
  std::atomic<int64_t> in_flight_{0};

  mutable Mutex mutex_;
  // What could not be written when it was known.
  std::vector<Record> kept_records_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::email
