#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/callback.h"
#include "common/base/page_token.h"
#include "common/database/database.h"
#include "orderflow/email/v1/email.pb.h"

namespace orderflow::email {

// What a confirmation is made of; two with the same order id must be equal.
struct MailContent {
  std::string order_id;
  std::string customer_email;
  std::string product_id;
  int64_t quantity = 0;
  int64_t amount_minor = 0;
  std::string currency;  // empty if no amount is known

  bool operator==(const MailContent&) const = default;
};

// A row of the outbox.
struct StoredMail {
  MailContent content;
  std::string message_id;
  v1::EmailStatus status = v1::EMAIL_STATUS_QUEUED;
  int64_t attempts = 0;  // tries begun; the number of the last claim
  std::string last_error;
  absl::Time create_time;
  std::optional<absl::Time> send_time;          // set when sent
  std::optional<absl::Time> next_attempt_time;  // set while queued: nobody else may try before
};

// The outbox.
//
// To try a delivery one must have claimed the mail: the claim counts `attempts` up and moves
// `next_attempt_time` to the claim's end, in one conditional UPDATE, so of any number of workers
// and replicas only one gets it. A claim whose holder died runs out by itself. The number of the
// claim guards what its holder records.
//
// Thread-safe; callbacks run on the database's threads. Borrows `database`.
class EmailStore {
 public:
  static absl::Span<const database::Migration> Migrations();

  explicit EmailStore(database::Database& database) : database_(database) {}

  struct Insertion {
    bool inserted = false;
    StoredMail mail;  // as it is in the outbox now: the one inserted, or the one that was there
  };
  // Puts a mail into the outbox unless the order has one. With `attempts` 1 it is claimed by the
  // same commit.
  void Insert(StoredMail mail, Callback<Insertion> done);

  // Claims one mail, if it is queued and its time has come; nothing where it is not.
  void Claim(const std::string& order_id, absl::Time now, absl::Time claim_end,
             Callback<std::optional<StoredMail>> done);

  // Records that a mail was sent, whoever sent it. No effect on one that is sent already.
  void RecordSent(const std::string& order_id, absl::Time send_time, StatusCallback done);

  // Records what a failed try met: with `next_attempt` the mail is queued until then, without it
  // has failed for good. No effect if the mail was claimed anew since claim number `attempt`.
  void RecordFailure(const std::string& order_id, int64_t attempt, std::string error,
                     std::optional<absl::Time> next_attempt, StatusCallback done);

  // NOT_FOUND, reason EMAIL_NOT_FOUND.
  void Get(const std::string& order_id, Callback<StoredMail> done);

  struct MailPage {
    std::vector<StoredMail> mails;
    std::string next_cursor;  // empty on the last page
  };
  // Newest first; all mails if `status` is unspecified. INVALID_ARGUMENT: the cursor.
  void List(v1::EmailStatus status, const Page& page, Callback<MailPage> done);

  // Claims up to `limit` queued mails whose time has come, the longest overdue first. Does not
  // write if there is none.
  void ClaimDue(absl::Time now, absl::Time claim_end, int limit,
                Callback<std::vector<StoredMail>> done);

  struct Depth {
    int64_t queued = 0;
    int64_t failed = 0;
    std::optional<absl::Time> oldest_queued;  // when the order of it was confirmed
  };
  // How much waits, since when, and how much has failed.
  void CountOpen(Callback<Depth> done);

 private:
  database::Database& database_;
};

}  // namespace orderflow::email
