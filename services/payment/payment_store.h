#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/base/callback.h"
#include "common/base/page_token.h"
#include "common/database/database.h"
#include "services/payment/payment_record.h"

namespace orderflow::payment {

// Rows of one page, and where the next page starts: empty on the last.
struct PaymentPage {
  std::vector<PaymentRecord> rows;
  std::string next_cursor;
};

// Payments in a database of either kind, one per idempotency key.
//
// Keeps: a payment is recorded once, and changes by legal steps only, each of which one caller
// wins, with any number of stores over one database. A token is erased by the step out of kPending.
//
// All calls are asynchronous: their answer comes on a database thread. UNAVAILABLE: the database is
// away or full. Thread-safe. Borrows `database`, opened with the migrations given here.
class PaymentStore {
 public:
  static absl::Span<const database::Migration> Migrations();

  explicit PaymentStore(database::Database& database) : database_(database) {}

  // Records `wanted` as kPending unless its key is known, and answers what is on record under the
  // key. In both cases `look_again` is when the settler may take interest in the payment while it
  // is kPending.
  void Begin(PaymentRecord wanted, absl::Time look_again, Callback<PaymentRecord> done);

  // Writes the state, reference, reason and update time of `next`, if the payment is still in state
  // `from`. Answers what is on record then: `next`, or what somebody else made of it. `look_again`
  // matters for kRefundPending.
  void Step(PaymentState from, PaymentRecord next, absl::Time look_again,
            Callback<PaymentRecord> done);

  void Get(std::string idempotency_key, Callback<std::optional<PaymentRecord>> done);

  // Newest first. INVALID_ARGUMENT: the cursor.
  void List(Page page, std::optional<PaymentState> state, Callback<PaymentPage> done);

  // Takes at most `limit` payments in kPending or kRefundPending whose time to be looked at has
  // come. Each goes to one caller, and comes up again after a pause that doubles from `first_pause`
  // to `longest_pause`, so whoever took it and did not get on with it needs to do nothing.
  struct Pause {
    absl::Duration first;
    absl::Duration longest;
  };
  void TakeDue(absl::Time now, Pause pause, int limit, Callback<std::vector<PaymentRecord>> done);

  // How many payments are kPending or kRefundPending, and since when the oldest of them is.
  struct Open {
    int64_t count = 0;
    std::optional<absl::Time> oldest;
  };
  void CountOpen(Callback<Open> done);

 private:
  database::Database& database_;
};

}  // namespace orderflow::payment
