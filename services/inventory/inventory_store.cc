#include "services/inventory/inventory_store.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/base/status.h"

namespace orderflow::inventory {
namespace {

using database::Row;
using database::Transaction;

constexpr database::Migration kMigrations[] = {
    {1, R"sql(
CREATE TABLE stock (
  product_id TEXT NOT NULL PRIMARY KEY,
  available BIGINT NOT NULL CHECK (available >= 0),
  reserved BIGINT NOT NULL CHECK (reserved >= 0),
  unit_price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  update_time BIGINT NOT NULL
);
-- One row per order that was checked.
-- state: 0 refused, 1 reserved, 2 committed, 3 released, 4 expired.
CREATE TABLE reservations (
  order_id TEXT NOT NULL PRIMARY KEY,
  product_id TEXT NOT NULL,
  quantity BIGINT NOT NULL,
  state BIGINT NOT NULL,
  available_after BIGINT NOT NULL,
  unit_price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL
);
-- Serves the lists and the sweep.
CREATE INDEX reservations_by_state ON reservations (state, create_time, order_id);
-- Has its one row once a catalog was loaded.
CREATE TABLE catalog_load (
  id BIGINT NOT NULL PRIMARY KEY,
  load_time BIGINT NOT NULL
);
)sql"},
};

constexpr char kListReservations[] =
    "SELECT " ORDERFLOW_RESERVATION_COLUMNS
    " FROM reservations WHERE state = $1 AND (create_time, order_id) < ($2, $3) "
    "ORDER BY create_time DESC, order_id DESC LIMIT $4";
constexpr char kListOpenSince[] =
    "SELECT order_id FROM reservations WHERE state = 1 AND create_time <= $1 ORDER BY create_time "
    "LIMIT $2";
constexpr char kGetStock[] = "SELECT " ORDERFLOW_STOCK_COLUMNS " FROM stock WHERE product_id = $1";
constexpr char kListStock[] = "SELECT " ORDERFLOW_STOCK_COLUMNS
                              " FROM stock WHERE product_id > $1 ORDER BY product_id LIMIT $2";
// An index on what is available would be written by every order; reading all now and then is
// cheaper.
constexpr char kCountStock[] =
    "SELECT COUNT(*), COUNT(CASE WHEN available <= $1 THEN 1 END), "
    "COUNT(CASE WHEN available = 0 THEN 1 END), CAST(COALESCE(SUM(reserved), 0) AS BIGINT) "
    "FROM stock";
constexpr char kListLowest[] =
    "SELECT product_id, available FROM stock WHERE available <= $1 "
    "ORDER BY available, product_id LIMIT $2";
constexpr char kCountOpen[] =
    "SELECT COUNT(*) FROM (SELECT 1 FROM reservations WHERE state = 1 LIMIT $1) AS counted";
constexpr char kOldestOpen[] =
    "SELECT create_time FROM reservations WHERE state = 1 ORDER BY create_time LIMIT 1";
constexpr char kMarkCatalogLoad[] =
    "INSERT INTO catalog_load (id, load_time) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
constexpr char kInsertProduct[] =
    "INSERT INTO stock (" ORDERFLOW_STOCK_COLUMNS
    ") VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT (product_id) DO NOTHING";

constexpr ReservationState kListedStates[] = {
    ReservationState::kReserved, ReservationState::kCommitted, ReservationState::kReleased,
    ReservationState::kExpired};

// The place of a reservation in the list: its time in microseconds and its order.
struct Cursor {
  int64_t create_time = std::numeric_limits<int64_t>::max();
  std::string order_id;
};

std::string ToText(const ReservationRecord& record) {
  return std::to_string(absl::ToUnixMicros(record.create_time)) + ":" + record.order_id;
}

absl::StatusOr<Cursor> ParseCursor(const std::string& text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const size_t colon = text.find(':');
  if (colon == std::string::npos || !absl::SimpleAtoi(text.substr(0, colon), &cursor.create_time)) {
    return BadPageTokenError();
  }
  cursor.order_id = text.substr(colon + 1);
  return cursor;
}

bool IsNewer(const ReservationRecord& a, const ReservationRecord& b) {
  return std::tie(a.create_time, a.order_id) > std::tie(b.create_time, b.order_id);
}

// Cuts what was read, one row more than the page holds if there are that many, down to the page.
template <typename T, typename CursorOf>
PageOf<T> ToPage(std::vector<T> rows, int size, CursorOf cursor_of) {
  PageOf<T> page;
  if (rows.size() > static_cast<size_t>(size)) {
    rows.resize(size);
    page.next_cursor = cursor_of(rows.back());
  }
  page.rows = std::move(rows);
  return page;
}

absl::StatusOr<PageOf<ReservationRecord>> ReadReservations(Transaction& txn, const Page& page,
                                                           const Cursor& cursor,
                                                           std::optional<ReservationState> state) {
  std::vector<ReservationRecord> records;
  // State by state, since the index has it first: that index also serves the sweep, and one is
  // cheaper than two.
  for (const ReservationState listed : kListedStates) {
    if (state.has_value() && *state != listed) continue;
    ORDERFLOW_ASSIGN_OR_RETURN(
        const std::vector<Row> rows,
        txn.Query(kListReservations, {static_cast<int64_t>(listed), cursor.create_time,
                                      std::string_view(cursor.order_id), int64_t{page.size} + 1}));
    for (const Row& row : rows) records.push_back(ReservationFromRow(row));
  }
  std::sort(records.begin(), records.end(), IsNewer);
  return ToPage(std::move(records), page.size, ToText);
}

absl::StatusOr<PageOf<Product>> ReadStock(Transaction& txn, const Page& page) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      txn.Query(kListStock, {std::string_view(page.cursor), int64_t{page.size} + 1}));
  std::vector<Product> products;
  for (const Row& row : rows) products.push_back(ProductFromRow(row));
  return ToPage(std::move(products), page.size,
                [](const Product& product) { return product.product_id; });
}

absl::StatusOr<StockLevels> ReadLevels(Transaction& txn, int64_t low, int lowest) {
  StockLevels levels;
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> stock, txn.Query(kCountStock, {low}));
  levels.products = stock.front().Int(0);
  levels.low = stock.front().Int(1);
  levels.sold_out = stock.front().Int(2);
  levels.reserved_units = stock.front().Int(3);
  if (levels.low > 0) {
    ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                               txn.Query(kListLowest, {low, int64_t{lowest}}));
    for (const Row& row : rows) levels.lowest.push_back({row.Text(0), row.Int(1)});
  }
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> open,
                             txn.Query(kCountOpen, {InventoryStore::kMaxCounted}));
  levels.open_reservations = open.front().Int(0);
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> oldest, txn.Query(kOldestOpen, {}));
  if (!oldest.empty()) {
    levels.oldest_open_reservation = absl::FromUnixMicros(oldest.front().Int(0));
  }
  return levels;
}

absl::StatusOr<std::optional<int64_t>> InsertCatalog(Transaction& txn,
                                                     const std::vector<Product>& products,
                                                     absl::Time now) {
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t first,
                             txn.Execute(kMarkCatalogLoad, {absl::ToUnixMicros(now)}));
  if (first == 0) return std::nullopt;
  int64_t added = 0;
  for (const Product& product : products) {
    ORDERFLOW_ASSIGN_OR_RETURN(
        const int64_t rows,
        txn.Execute(kInsertProduct, {std::string_view(product.product_id), product.available,
                                     product.unit_price_minor, std::string_view(product.currency),
                                     absl::ToUnixMicros(now)}));
    added += rows;
  }
  return added;
}

}  // namespace

absl::Span<const database::Migration> InventoryStore::Migrations() { return kMigrations; }

void InventoryStore::Check(ReservationRecord wanted,
                           Callback<std::optional<ReservationRecord>> done) {
  wanted.update_time = wanted.create_time;
  moves_.Add(std::make_unique<CheckMove>(std::move(wanted), std::move(done)));
}

void InventoryStore::End(std::string order_id, ReservationState end, absl::Time now,
                         Callback<std::optional<ReservationRecord>> done) {
  moves_.Add(std::make_unique<EndMove>(std::move(order_id), end, now, std::move(done)));
}

void InventoryStore::SetStock(StockSetting setting, Callback<std::optional<Product>> done) {
  moves_.Add(std::make_unique<SetMove>(std::move(setting), std::move(done)));
}

void InventoryStore::GetReservation(std::string order_id,
                                    Callback<std::optional<ReservationRecord>> done) {
  database_.SubmitRead(
      [order_id = std::move(order_id)](Transaction& txn) { return FindReservation(txn, order_id); },
      std::move(done));
}

void InventoryStore::ListReservations(Page page, std::optional<ReservationState> state,
                                      Callback<PageOf<ReservationRecord>> done) {
  database_.SubmitRead(
      [page = std::move(page),
       state](Transaction& txn) -> absl::StatusOr<PageOf<ReservationRecord>> {
        ORDERFLOW_ASSIGN_OR_RETURN(const Cursor cursor, ParseCursor(page.cursor));
        return ReadReservations(txn, page, cursor, state);
      },
      std::move(done));
}

void InventoryStore::ListOpenSince(absl::Time cutoff, int limit,
                                   Callback<std::vector<std::string>> done) {
  database_.SubmitRead(
      [cutoff, limit](Transaction& txn) -> absl::StatusOr<std::vector<std::string>> {
        ORDERFLOW_ASSIGN_OR_RETURN(
            const std::vector<Row> rows,
            txn.Query(kListOpenSince, {absl::ToUnixMicros(cutoff), int64_t{limit}}));
        std::vector<std::string> orders;
        for (const Row& row : rows) orders.push_back(row.Text(0));
        return orders;
      },
      std::move(done));
}

void InventoryStore::GetStock(std::string product_id, Callback<std::optional<Product>> done) {
  database_.SubmitRead(
      [product_id =
           std::move(product_id)](Transaction& txn) -> absl::StatusOr<std::optional<Product>> {
        ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                                   txn.Query(kGetStock, {std::string_view(product_id)}));
        if (rows.empty()) return std::nullopt;
        return ProductFromRow(rows[0]);
      },
      std::move(done));
}

void InventoryStore::ListStock(Page page, Callback<PageOf<Product>> done) {
  database_.SubmitRead([page = std::move(page)](Transaction& txn) { return ReadStock(txn, page); },
                       std::move(done));
}

void InventoryStore::GetLevels(int64_t low, int lowest, Callback<StockLevels> done) {
  database_.SubmitRead([low, lowest](Transaction& txn) { return ReadLevels(txn, low, lowest); },
                       std::move(done));
}

void InventoryStore::LoadCatalog(std::vector<Product> products, absl::Time now,
                                 Callback<std::optional<int64_t>> done) {
  database_.Submit([products = std::move(products),
                    now](Transaction& txn) { return InsertCatalog(txn, products, now); },
                   std::move(done));
}

}  // namespace orderflow::inventory
