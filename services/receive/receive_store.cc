#include "services/receive/receive_store.h"

#include <charconv>
#include <limits>
#include <utility>

#include "common/base/status.h"

namespace orderflow::receive {
namespace {

using database::Blob;
using database::Database;
using database::Row;
using database::Transaction;

constexpr database::Migration kMigrations[] = {
    {1, R"sql(
      CREATE TABLE received_order (
        order_id TEXT PRIMARY KEY,
        product_id TEXT NOT NULL,
        quantity BIGINT NOT NULL,
        customer_email TEXT NOT NULL,
        content_hash BYTEA NOT NULL,
        receive_time BIGINT NOT NULL
      );
      CREATE INDEX received_order_by_time ON received_order (receive_time, order_id);
    )sql"},
};

constexpr char kInsert[] = R"sql(
  INSERT INTO received_order
    (order_id, product_id, quantity, customer_email, content_hash, receive_time)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (order_id) DO NOTHING
)sql";

constexpr char kFind[] = R"sql(
  SELECT order_id, product_id, quantity, customer_email, content_hash, receive_time
  FROM received_order WHERE order_id = $1
)sql";

constexpr char kList[] = R"sql(
  SELECT order_id, product_id, quantity, customer_email, content_hash, receive_time
  FROM received_order WHERE (receive_time, order_id) < ($1, $2)
  ORDER BY receive_time DESC, order_id DESC LIMIT $3
)sql";

RecordedOrder OrderOf(const Row& row) {
  return {.order_id = row.Text(0),
          .product_id = row.Text(1),
          .quantity = row.Int(2),
          .customer_email = row.Text(3),
          .content_hash = row.Bytes(4),
          .receive_time = absl::FromUnixMicros(row.Int(5))};
}

absl::StatusOr<std::optional<RecordedOrder>> FindOrder(Transaction& txn,
                                                       const std::string& order_id) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kFind, {std::string_view(order_id)}));
  if (rows.empty()) return std::optional<RecordedOrder>();
  return std::optional<RecordedOrder>(OrderOf(rows.front()));
}

absl::StatusOr<RecordedOrder> InsertOrFind(Transaction& txn, const RecordedOrder& order) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const int64_t inserted,
      txn.Execute(kInsert, {std::string_view(order.order_id), std::string_view(order.product_id),
                            order.quantity, std::string_view(order.customer_email),
                            Blob{order.content_hash}, absl::ToUnixMicros(order.receive_time)}));
  if (inserted == 1) return order;
  ORDERFLOW_ASSIGN_OR_RETURN(std::optional<RecordedOrder> earlier, FindOrder(txn, order.order_id));
  // Orders are never deleted, so this can only be a snapshot from before the other insert; running
  // again sees it.
  if (!earlier.has_value())
    return absl::AbortedError("order " + order.order_id + " is being recorded by another call");
  return *std::move(earlier);
}

// A cursor is the last row's time and id: "1700000000000000/12345".
struct Cursor {
  int64_t time_micros = std::numeric_limits<int64_t>::max();
  std::string order_id;
};

std::string CursorText(const RecordedOrder& order) {
  return std::to_string(absl::ToUnixMicros(order.receive_time)) + "/" + order.order_id;
}

std::optional<Cursor> ParseCursor(const std::string& text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, cursor.time_micros);
  if (error != std::errc() || at == end || *at != '/') return std::nullopt;
  cursor.order_id.assign(at + 1, end);
  return cursor;
}

absl::StatusOr<ReceiveStore::OrderPage> ReadPage(Transaction& txn, const Cursor& after, int size) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      txn.Query(kList, {after.time_micros, std::string_view(after.order_id), int64_t{size} + 1}));
  ReceiveStore::OrderPage page;
  for (const Row& row : rows) page.orders.push_back(OrderOf(row));
  if (page.orders.size() > static_cast<size_t>(size)) {
    page.orders.pop_back();
    page.next_cursor = CursorText(page.orders.back());
  }
  return page;
}

}  // namespace

absl::Span<const database::Migration> ReceiveStore::Migrations() { return kMigrations; }

void ReceiveStore::Record(RecordedOrder order, Callback<RecordedOrder> done) {
  database_.Submit<RecordedOrder>(
      [order = std::move(order)](Transaction& txn) { return InsertOrFind(txn, order); },
      std::move(done));
}

void ReceiveStore::Find(std::string order_id, Callback<std::optional<RecordedOrder>> done) {
  database_.SubmitRead<std::optional<RecordedOrder>>(
      [order_id = std::move(order_id)](Transaction& txn) { return FindOrder(txn, order_id); },
      std::move(done));
}

void ReceiveStore::List(const Page& page, Callback<OrderPage> done) {
  std::optional<Cursor> after = ParseCursor(page.cursor);
  if (!after.has_value()) return std::move(done)(BadPageTokenError());
  database_.SubmitRead<OrderPage>([after = *std::move(after), size = page.size](
                                      Transaction& txn) { return ReadPage(txn, after, size); },
                                  std::move(done));
}

}  // namespace orderflow::receive
