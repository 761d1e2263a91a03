#include "services/email/email_store.h"

#include <charconv>
#include <limits>
#include <string_view>

#include "common/base/quote.h"
#include "common/base/status.h"

namespace orderflow::email {
namespace {

using database::Row;
using database::Transaction;

// Statuses are the numbers of v1::EmailStatus. They stand in the statements as literals where a
// partial index depends on them.
static_assert(v1::EMAIL_STATUS_QUEUED == 1 && v1::EMAIL_STATUS_SENT == 2 &&
              v1::EMAIL_STATUS_FAILED == 3);

constexpr database::Migration kMigrations[] = {
    {.version = 1, .sql = R"(
      CREATE TABLE email_outbox (
        order_id TEXT PRIMARY KEY,
        customer_email TEXT NOT NULL,
        product_id TEXT NOT NULL,
        quantity BIGINT NOT NULL,
        amount_minor BIGINT NOT NULL,
        currency TEXT NOT NULL,
        message_id TEXT NOT NULL,
        status BIGINT NOT NULL,
        attempts BIGINT NOT NULL,
        last_error TEXT NOT NULL,
        create_time BIGINT NOT NULL,
        send_time BIGINT,
        next_attempt_time BIGINT
      );
      CREATE INDEX email_outbox_newest ON email_outbox (create_time, order_id);
      CREATE INDEX email_outbox_due ON email_outbox (next_attempt_time) WHERE status = 1;
      CREATE INDEX email_outbox_failed ON email_outbox (create_time, order_id) WHERE status = 3;
    )"},
};

#define COLUMNS                                                                          \
  "order_id, customer_email, product_id, quantity, amount_minor, currency, message_id, " \
  "status, attempts, last_error, create_time, send_time, next_attempt_time"

constexpr char kInsert[] = "INSERT INTO email_outbox (" COLUMNS
                           ") "
                           "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
                           "ON CONFLICT (order_id) DO NOTHING";

constexpr char kGet[] = "SELECT " COLUMNS " FROM email_outbox WHERE order_id = $1";

constexpr char kRecordSent[] =
    "UPDATE email_outbox SET status = 2, send_time = $2, next_attempt_time = NULL "
    "WHERE order_id = $1 AND status <> 2";

constexpr char kRecordRetry[] =
    "UPDATE email_outbox SET last_error = $3, next_attempt_time = $4 "
    "WHERE order_id = $1 AND attempts = $2 AND status = 1";

constexpr char kRecordFailed[] =
    "UPDATE email_outbox SET status = 3, last_error = $3, next_attempt_time = NULL "
    "WHERE order_id = $1 AND attempts = $2 AND status = 1";

constexpr char kIsDue[] =
    "SELECT 1 FROM email_outbox WHERE status = 1 AND next_attempt_time <= $1 LIMIT 1";

// The conditions stand twice: the inner ones choose, the outer ones are checked again on PostgreSQL
// after a wait for another worker's claim of the same row.
constexpr char kClaimDue[] =
    "UPDATE email_outbox SET attempts = attempts + 1, next_attempt_time = $2 "
    "WHERE status = 1 AND next_attempt_time <= $1 AND order_id IN ("
    "SELECT order_id FROM email_outbox WHERE status = 1 AND next_attempt_time <= $1 "
    "ORDER BY next_attempt_time LIMIT $3) RETURNING " COLUMNS;

constexpr char kClaim[] =
    "UPDATE email_outbox SET attempts = attempts + 1, next_attempt_time = $3 "
    "WHERE order_id = $1 AND status = 1 AND next_attempt_time <= $2 RETURNING " COLUMNS;

constexpr char kList[] = "SELECT " COLUMNS
                         " FROM email_outbox WHERE (create_time, order_id) < ($1, $2) "
                         "ORDER BY create_time DESC, order_id DESC LIMIT $3";

constexpr char kListQueued[] =
    "SELECT " COLUMNS
    " FROM email_outbox WHERE (create_time, order_id) < ($1, $2) AND status = 1 "
    "ORDER BY create_time DESC, order_id DESC LIMIT $3";

constexpr char kListSent[] =
    "SELECT " COLUMNS
    " FROM email_outbox WHERE (create_time, order_id) < ($1, $2) AND status = 2 "
    "ORDER BY create_time DESC, order_id DESC LIMIT $3";

constexpr char kListFailed[] =
    "SELECT " COLUMNS
    " FROM email_outbox WHERE (create_time, order_id) < ($1, $2) AND status = 3 "
    "ORDER BY create_time DESC, order_id DESC LIMIT $3";

constexpr char kCountOpen[] =
    "SELECT queued.mails, queued.oldest, (SELECT COUNT(*) FROM email_outbox WHERE status = 3) "
    "FROM (SELECT COUNT(*) AS mails, MIN(create_time) AS oldest FROM email_outbox "
    "WHERE status = 1) AS queued";

#undef COLUMNS

database::Parameter OptionalTime(const std::optional<absl::Time>& time) {
  if (!time.has_value()) return std::monostate();
  return absl::ToUnixMicros(*time);
}

std::optional<absl::Time> OptionalTime(const Row& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return absl::FromUnixMicros(row.Int(column));
}

StoredMail MailOf(const Row& row) {
  return {.content = {.order_id = row.Text(0),
                      .customer_email = row.Text(1),
                      .product_id = row.Text(2),
                      .quantity = row.Int(3),
                      .amount_minor = row.Int(4),
                      .currency = row.Text(5)},
          .message_id = row.Text(6),
          .status = static_cast<v1::EmailStatus>(row.Int(7)),
          .attempts = row.Int(8),
          .last_error = row.Text(9),
          .create_time = absl::FromUnixMicros(row.Int(10)),
          .send_time = OptionalTime(row, 11),
          .next_attempt_time = OptionalTime(row, 12)};
}

std::vector<StoredMail> MailsOf(const std::vector<Row>& rows) {
  std::vector<StoredMail> mails;
  mails.reserve(rows.size());
  for (const Row& row : rows) mails.push_back(MailOf(row));
  return mails;
}

absl::StatusOr<int64_t> InsertRow(Transaction& txn, const StoredMail& mail) {
  const MailContent& content = mail.content;
  return txn.Execute(kInsert, {content.order_id, content.customer_email, content.product_id,
                               content.quantity, content.amount_minor, content.currency,
                               mail.message_id, static_cast<int64_t>(mail.status), mail.attempts,
                               mail.last_error, absl::ToUnixMicros(mail.create_time),
                               OptionalTime(mail.send_time), OptionalTime(mail.next_attempt_time)});
}

absl::StatusOr<StoredMail> GetRow(Transaction& txn, const std::string& order_id) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGet, {order_id}));
  if (rows.empty()) {
    return WithErrorInfo(absl::NotFoundError("no mail for the order " + Quote(order_id)),
                         {.reason = "EMAIL_NOT_FOUND",
                          .domain = "email.orderflow",
                          .metadata = {{"order_id", order_id}}});
  }
  return MailOf(rows.front());
}

// A place in the list: "CREATE_TIME ORDER_ID" of the last mail seen.
struct Cursor {
  int64_t create_time = std::numeric_limits<int64_t>::max();
  std::string order_id;
};

std::string CursorText(const StoredMail& mail) {
  return std::to_string(absl::ToUnixMicros(mail.create_time)) + " " + mail.content.order_id;
}

absl::StatusOr<Cursor> ParseCursor(const std::string& text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, cursor.create_time);
  if (error != std::errc() || rest == end || *rest != ' ') return BadPageTokenError();
  cursor.order_id.assign(rest + 1, end);
  return cursor;
}

std::string_view ListStatement(v1::EmailStatus status) {
  switch (status) {
    case v1::EMAIL_STATUS_QUEUED:
      return kListQueued;
    case v1::EMAIL_STATUS_SENT:
      return kListSent;
    case v1::EMAIL_STATUS_FAILED:
      return kListFailed;
    default:
      return kList;
  }
}

absl::StatusOr<EmailStore::MailPage> ReadPage(Transaction& txn, std::string_view statement,
                                              const Cursor& cursor, int size) {
  // One more than fits tells whether there is another page.
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      txn.Query(statement, {cursor.create_time, cursor.order_id, static_cast<int64_t>(size) + 1}));
  EmailStore::MailPage page{.mails = MailsOf(rows), .next_cursor = ""};
  if (page.mails.size() > static_cast<size_t>(size)) {
    page.mails.pop_back();
    page.next_cursor = CursorText(page.mails.back());
  }
  return page;
}

absl::StatusOr<std::vector<StoredMail>> ClaimRows(Transaction& txn, absl::Time now,
                                                  absl::Time claim_end, int limit) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      txn.Query(kClaimDue, {absl::ToUnixMicros(now), absl::ToUnixMicros(claim_end),
                            static_cast<int64_t>(limit)}));
  return MailsOf(rows);
}

}  // namespace

absl::Span<const database::Migration> EmailStore::Migrations() { return kMigrations; }

void EmailStore::Insert(StoredMail mail, Callback<Insertion> done) {
  database_.Submit<Insertion>(
      [mail = std::move(mail)](Transaction& txn) -> absl::StatusOr<Insertion> {
        ORDERFLOW_ASSIGN_OR_RETURN(const int64_t inserted, InsertRow(txn, mail));
        if (inserted > 0) return Insertion{.inserted = true, .mail = mail};
        ORDERFLOW_ASSIGN_OR_RETURN(StoredMail present, GetRow(txn, mail.content.order_id));
        return Insertion{.inserted = false, .mail = std::move(present)};
      },
      std::move(done));
}

void EmailStore::Claim(const std::string& order_id, absl::Time now, absl::Time claim_end,
                       Callback<std::optional<StoredMail>> done) {
  using Claimed = std::optional<StoredMail>;
  database_.Submit<Claimed>(
      [order_id, now, claim_end](Transaction& txn) -> absl::StatusOr<Claimed> {
        ORDERFLOW_ASSIGN_OR_RETURN(
            const std::vector<Row> rows,
            txn.Query(kClaim, {order_id, absl::ToUnixMicros(now), absl::ToUnixMicros(claim_end)}));
        return rows.empty() ? Claimed() : Claimed(MailOf(rows.front()));
      },
      std::move(done));
}

void EmailStore::RecordSent(const std::string& order_id, absl::Time send_time,
                            StatusCallback done) {
  database_.Submit(
      [order_id, send_time](Transaction& txn) {
        return txn.Execute(kRecordSent, {order_id, absl::ToUnixMicros(send_time)}).status();
      },
      std::move(done));
}

void EmailStore::RecordFailure(const std::string& order_id, int64_t attempt, std::string error,
                               std::optional<absl::Time> next_attempt, StatusCallback done) {
  database_.Submit(
      [order_id, attempt, error = std::move(error), next_attempt](Transaction& txn) {
        if (!next_attempt.has_value()) {
          return txn.Execute(kRecordFailed, {order_id, attempt, error}).status();
        }
        return txn
            .Execute(kRecordRetry, {order_id, attempt, error, absl::ToUnixMicros(*next_attempt)})
            .status();
      },
      std::move(done));
}

void EmailStore::Get(const std::string& order_id, Callback<StoredMail> done) {
  database_.SubmitRead<StoredMail>([order_id](Transaction& txn) { return GetRow(txn, order_id); },
                                   std::move(done));
}

void EmailStore::List(v1::EmailStatus status, const Page& page, Callback<MailPage> done) {
  database_.SubmitRead<MailPage>(
      [status, page](Transaction& txn) -> absl::StatusOr<MailPage> {
        ORDERFLOW_ASSIGN_OR_RETURN(const Cursor cursor, ParseCursor(page.cursor));
        return ReadPage(txn, ListStatement(status), cursor, page.size);
      },
      std::move(done));
}

void EmailStore::ClaimDue(absl::Time now, absl::Time claim_end, int limit,
                          Callback<std::vector<StoredMail>> done) {
  auto is_due = [now](Transaction& txn) -> absl::StatusOr<bool> {
    ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                               txn.Query(kIsDue, {absl::ToUnixMicros(now)}));
    return !rows.empty();
  };
  // Looking costs a read; claiming would cost a commit even when there is nothing to claim, which
  // is nearly always.
  database_.SubmitRead<bool>(std::move(is_due), [this, now, claim_end, limit,
                                                 done = std::move(done)](
                                                    absl::StatusOr<bool> due) mutable {
    if (!due.ok()) return std::move(done)(std::move(due).status());
    if (!*due) return std::move(done)(std::vector<StoredMail>());
    database_.Submit<std::vector<StoredMail>>(
        [now, claim_end, limit](Transaction& txn) { return ClaimRows(txn, now, claim_end, limit); },
        std::move(done));
  });
}

void EmailStore::CountOpen(Callback<Depth> done) {
  database_.SubmitRead<Depth>(
      [](Transaction& txn) -> absl::StatusOr<Depth> {
        ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kCountOpen, {}));
        const Row& row = rows.front();
        return Depth{
            .queued = row.Int(0), .failed = row.Int(2), .oldest_queued = OptionalTime(row, 1)};
      },
      std::move(done));
}

}  // namespace orderflow::email
