#include "services/payment/payment_store.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace orderflow::payment {
namespace {

using database::Row;
using database::Transaction;

constexpr database::Migration kMigrations[] = {
    {1, R"sql(
-- state: 1 pending, 2 charged, 3 declined, 4 refund pending, 5 refunded.
-- payment_token is empty but in state 1. look_again matters in states 1 and 4.
CREATE TABLE payments (
  idempotency_key TEXT NOT NULL PRIMARY KEY,
  order_id TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  payment_token TEXT NOT NULL,
  state BIGINT NOT NULL,
  gateway_reference TEXT NOT NULL,
  decline_reason TEXT NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL,
  look_again BIGINT NOT NULL,
  looks BIGINT NOT NULL
);
-- Serves the lists and the settler: few payments are in states 1 and 4 at a time.
CREATE INDEX payments_by_state ON payments (state, create_time, idempotency_key);
)sql"},
};

#define PAYMENT_COLUMNS                                                                     \
  "idempotency_key, order_id, amount_minor, currency, request_hash, payment_token, state, " \
  "gateway_reference, "                                                                     \
  "decline_reason, create_time, update_time"

constexpr char kInsert[] =
    "INSERT INTO payments (" PAYMENT_COLUMNS
    ", look_again, looks) VALUES ($1, $2, $3, $4, $5, $6, 1, '', '', $7, $7, $8, 0) "
    "ON CONFLICT (idempotency_key) DO NOTHING";
constexpr char kGet[] = "SELECT " PAYMENT_COLUMNS " FROM payments WHERE idempotency_key = $1";
constexpr char kPutOff[] =
    "UPDATE payments SET look_again = $1 WHERE idempotency_key = $2 AND state = 1";
constexpr char kStep[] =
    "UPDATE payments SET state = $1, gateway_reference = $2, decline_reason = $3, payment_token = "
    "'', "
    "update_time = $4, look_again = $5, looks = 0 WHERE idempotency_key = $6 AND state = $7";
constexpr char kList[] =
    "SELECT " PAYMENT_COLUMNS
    " FROM payments WHERE state = $1 AND (create_time, idempotency_key) < ($2, $3) "
    "ORDER BY create_time DESC, idempotency_key DESC LIMIT $4";
constexpr char kFindDue[] = "SELECT " PAYMENT_COLUMNS
                            ", looks FROM payments WHERE state IN (1, 4) AND look_again <= $1 "
                            "ORDER BY idempotency_key LIMIT $2";
constexpr char kTakeDue[] =
    "UPDATE payments SET look_again = $1, looks = looks + 1 "
    "WHERE idempotency_key = $2 AND state = $3 AND look_again <= $4";
constexpr char kCountOpen[] =
    "SELECT COUNT(*), MIN(update_time) FROM payments WHERE state IN (1, 4)";

constexpr PaymentState kStates[] = {PaymentState::kPending, PaymentState::kCharged,
                                    PaymentState::kDeclined, PaymentState::kRefundPending,
                                    PaymentState::kRefunded};

PaymentRecord FromRow(const Row& row) {
  return {.idempotency_key = row.Text(0),
          .order_id = row.Text(1),
          .amount_minor = row.Int(2),
          .currency = row.Text(3),
          .request_hash = row.Text(4),
          .payment_token = row.Text(5),
          .state = static_cast<PaymentState>(row.Int(6)),
          .gateway_reference = row.Text(7),
          .decline_reason = row.Text(8),
          .create_time = absl::FromUnixMicros(row.Int(9)),
          .update_time = absl::FromUnixMicros(row.Int(10))};
}

absl::StatusOr<std::optional<PaymentRecord>> Find(Transaction& txn, const std::string& key) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGet, {std::string_view(key)}));
  if (rows.empty()) return std::nullopt;
  return FromRow(rows[0]);
}

absl::StatusOr<PaymentRecord> FindKnown(Transaction& txn, const std::string& key) {
  ORDERFLOW_ASSIGN_OR_RETURN(std::optional<PaymentRecord> record, Find(txn, key));
  if (!record.has_value()) return absl::InternalError("payment " + key + " has vanished");
  return *std::move(record);
}

absl::StatusOr<PaymentRecord> BeginBody(Transaction& txn, const PaymentRecord& wanted,
                                        absl::Time look_again) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const int64_t inserted,
      txn.Execute(kInsert,
                  {std::string_view(wanted.idempotency_key), std::string_view(wanted.order_id),
                   wanted.amount_minor, std::string_view(wanted.currency),
                   std::string_view(wanted.request_hash), std::string_view(wanted.payment_token),
                   absl::ToUnixMicros(wanted.create_time), absl::ToUnixMicros(look_again)}));
  if (inserted == 1) return wanted;
  ORDERFLOW_ASSIGN_OR_RETURN(PaymentRecord known, FindKnown(txn, wanted.idempotency_key));
  if (known.state == PaymentState::kPending && known.request_hash == wanted.request_hash) {
    // Somebody still waits for the answer: not yet the settler's business.
    ORDERFLOW_RETURN_IF_ERROR(txn.Execute(kPutOff, {absl::ToUnixMicros(look_again),
                                                    std::string_view(wanted.idempotency_key)})
                                  .status());
  }
  return known;
}

absl::StatusOr<PaymentRecord> StepBody(Transaction& txn, PaymentState from,
                                       const PaymentRecord& next, absl::Time look_again) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const int64_t changed,
      txn.Execute(kStep,
                  {static_cast<int64_t>(next.state), std::string_view(next.gateway_reference),
                   std::string_view(next.decline_reason), absl::ToUnixMicros(next.update_time),
                   absl::ToUnixMicros(look_again), std::string_view(next.idempotency_key),
                   static_cast<int64_t>(from)}));
  if (changed == 1) return next;
  return FindKnown(txn, next.idempotency_key);
}

// The place of a payment in the list: its time in microseconds and its key.
struct Cursor {
  int64_t create_time = std::numeric_limits<int64_t>::max();
  std::string key;
};

absl::StatusOr<Cursor> ParseCursor(const std::string& text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const size_t blank = text.find(' ');
  if (blank == std::string::npos || !absl::SimpleAtoi(text.substr(0, blank), &cursor.create_time)) {
    return BadPageTokenError();
  }
  cursor.key = text.substr(blank + 1);
  return cursor;
}

absl::StatusOr<PaymentPage> ListBody(Transaction& txn, const Page& page,
                                     std::optional<PaymentState> state) {
  ORDERFLOW_ASSIGN_OR_RETURN(const Cursor cursor, ParseCursor(page.cursor));
  PaymentPage result;
  // State by state, since the index has it first: that index also serves the settler, and one is
  // cheaper than two.
  for (const PaymentState listed : kStates) {
    if (state.has_value() && *state != listed) continue;
    ORDERFLOW_ASSIGN_OR_RETURN(
        const std::vector<Row> rows,
        txn.Query(kList, {static_cast<int64_t>(listed), cursor.create_time,
                          std::string_view(cursor.key), int64_t{page.size} + 1}));
    for (const Row& row : rows) result.rows.push_back(FromRow(row));
  }
  std::sort(result.rows.begin(), result.rows.end(),
            [](const PaymentRecord& a, const PaymentRecord& b) {
              return std::tie(a.create_time, a.idempotency_key) >
                     std::tie(b.create_time, b.idempotency_key);
            });
  if (result.rows.size() > static_cast<size_t>(page.size)) {
    result.rows.resize(page.size);
    const PaymentRecord& last = result.rows.back();
    result.next_cursor =
        std::to_string(absl::ToUnixMicros(last.create_time)) + " " + last.idempotency_key;
  }
  return result;
}

absl::StatusOr<std::vector<PaymentRecord>> TakeDueBody(Transaction& txn, absl::Time now,
                                                       PaymentStore::Pause pause, int limit) {
  constexpr int64_t kMaxDoublings = 30;
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kFindDue, {absl::ToUnixMicros(now), int64_t{limit}}));
  std::vector<PaymentRecord> taken;
  for (const Row& row : rows) {
    PaymentRecord record = FromRow(row);
    const int64_t doublings = std::min(row.Int(11), kMaxDoublings);
    const absl::Duration wait = std::min(pause.first * (int64_t{1} << doublings), pause.longest);
    ORDERFLOW_ASSIGN_OR_RETURN(
        const int64_t mine,
        txn.Execute(kTakeDue,
                    {absl::ToUnixMicros(now + wait), std::string_view(record.idempotency_key),
                     static_cast<int64_t>(record.state), absl::ToUnixMicros(now)}));
    if (mine == 1) taken.push_back(std::move(record));
  }
  return taken;
}

}  // namespace

absl::Span<const database::Migration> PaymentStore::Migrations() { return kMigrations; }

void PaymentStore::Begin(PaymentRecord wanted, absl::Time look_again,
                         Callback<PaymentRecord> done) {
  wanted.state = PaymentState::kPending;
  wanted.update_time = wanted.create_time;
  database_.Submit([wanted = std::move(wanted),
                    look_again](Transaction& txn) { return BeginBody(txn, wanted, look_again); },
                   std::move(done));
}

void PaymentStore::Step(PaymentState from, PaymentRecord next, absl::Time look_again,
                        Callback<PaymentRecord> done) {
  ORDERFLOW_CHECK(IsLegalStep(from, next.state));
  next.payment_token.clear();
  database_.Submit([from, next = std::move(next),
                    look_again](Transaction& txn) { return StepBody(txn, from, next, look_again); },
                   std::move(done));
}

void PaymentStore::Get(std::string idempotency_key, Callback<std::optional<PaymentRecord>> done) {
  database_.SubmitRead(
      [key = std::move(idempotency_key)](Transaction& txn) { return Find(txn, key); },
      std::move(done));
}

void PaymentStore::List(Page page, std::optional<PaymentState> state, Callback<PaymentPage> done) {
  database_.SubmitRead(
      [page = std::move(page), state](Transaction& txn) { return ListBody(txn, page, state); },
      std::move(done));
}

void PaymentStore::TakeDue(absl::Time now, Pause pause, int limit,
                           Callback<std::vector<PaymentRecord>> done) {
  database_.Submit(
      [now, pause, limit](Transaction& txn) { return TakeDueBody(txn, now, pause, limit); },
      std::move(done));
}

void PaymentStore::CountOpen(Callback<Open> done) {
  database_.SubmitRead(
      [](Transaction& txn) -> absl::StatusOr<Open> {
        ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kCountOpen, {}));
        Open open{.count = rows.at(0).Int(0), .oldest = std::nullopt};
        if (!rows[0].IsNull(1)) open.oldest = absl::FromUnixMicros(rows[0].Int(1));
        return open;
      },
      std::move(done));
}

}  // namespace orderflow::payment
