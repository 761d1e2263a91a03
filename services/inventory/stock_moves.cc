#include "services/inventory/stock_moves.h"

#include <vector>

#include "common/base/check.h"
#include "common/base/status.h"

namespace orderflow::inventory {
namespace {

using database::Parameter;
using database::Row;
using database::Transaction;

// The check and the taking are this one statement: whoever gets a row back owns the stock.
constexpr char kTakeStock[] =
    "UPDATE stock SET available = available - $1, reserved = reserved + $1, update_time = $2 "
    "WHERE product_id = $3 AND available >= $1 RETURNING available, unit_price_minor, currency";
constexpr char kReadStock[] =
    "SELECT available, unit_price_minor, currency FROM stock WHERE product_id = $1";
constexpr char kGiveStockBack[] =
    "UPDATE stock SET available = available + $1, reserved = reserved - $1, update_time = $2 WHERE "
    "product_id = $3";
constexpr char kShipStock[] =
    "UPDATE stock SET reserved = reserved - $1, update_time = $2 WHERE product_id = $3";
constexpr char kLockStock[] = "UPDATE stock SET update_time = $1 WHERE product_id = $2";
constexpr char kSetStockAndPrice[] =
    "INSERT INTO stock (product_id, available, reserved, unit_price_minor, currency, update_time) "
    "VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT (product_id) DO UPDATE SET available = "
    "excluded.available, "
    "unit_price_minor = excluded.unit_price_minor, currency = excluded.currency, update_time = "
    "excluded.update_time "
    "RETURNING " ORDERFLOW_STOCK_COLUMNS;
constexpr char kSetStock[] =
    "UPDATE stock SET available = $2, unit_price_minor = COALESCE($3, unit_price_minor), "
    "currency = COALESCE($4, currency), update_time = $5 WHERE product_id = $1 "
    "RETURNING " ORDERFLOW_STOCK_COLUMNS;

constexpr char kInsertReservation[] =
    "INSERT INTO reservations (" ORDERFLOW_RESERVATION_COLUMNS
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (order_id) DO NOTHING";
constexpr char kFindReservation[] =
    "SELECT " ORDERFLOW_RESERVATION_COLUMNS " FROM reservations WHERE order_id = $1";
constexpr char kEndReservation[] =
    "UPDATE reservations SET state = $1, update_time = $2 WHERE order_id = $3 AND state = 1";

// Other replicas may restock between our failed taking and our look at what is left. Nobody can do
// that this often.
constexpr int kMaxTakes = 10;

int64_t Stored(ReservationState state) { return static_cast<int64_t>(state); }

// Changes the row of a product that must exist, because a record of ours names it.
absl::Status MoveStock(Transaction& txn, std::string_view sql, int64_t quantity, absl::Time now,
                       const std::string& product_id) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const int64_t rows,
      txn.Execute(sql, {quantity, absl::ToUnixMicros(now), std::string_view(product_id)}));
  if (rows == 1) return absl::OkStatus();
  return absl::InternalError("no stock row of product " + product_id +
                             ", though a reservation names it");
}

}  // namespace

Product ProductFromRow(const Row& row) {
  return {.product_id = row.Text(0),
          .available = row.Int(1),
          .reserved = row.Int(2),
          .unit_price_minor = row.Int(3),
          .currency = row.Text(4),
          .update_time = absl::FromUnixMicros(row.Int(5))};
}

ReservationRecord ReservationFromRow(const Row& row) {
  return {.order_id = row.Text(0),
          .product_id = row.Text(1),
          .quantity = row.Int(2),
          .state = static_cast<ReservationState>(row.Int(3)),
          .available_after = row.Int(4),
          .unit_price_minor = row.Int(5),
          .currency = row.Text(6),
          .create_time = absl::FromUnixMicros(row.Int(7)),
          .update_time = absl::FromUnixMicros(row.Int(8))};
}

absl::StatusOr<std::optional<ReservationRecord>> FindReservation(Transaction& txn,
                                                                 const std::string& order_id) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kFindReservation, {std::string_view(order_id)}));
  if (rows.empty()) return std::nullopt;
  return ReservationFromRow(rows[0]);
}

absl::Status CheckMove::Apply(Transaction& txn) {
  ReservationRecord record = wanted_;
  ORDERFLOW_ASSIGN_OR_RETURN(const bool product_known, TakeOrRefuse(txn, record));
  if (!product_known) {
    result_ = std::nullopt;
    return absl::OkStatus();
  }
  ORDERFLOW_ASSIGN_OR_RETURN(
      const int64_t inserted,
      txn.Execute(
          kInsertReservation,
          {std::string_view(record.order_id), std::string_view(record.product_id), record.quantity,
           Stored(record.state), record.available_after, record.unit_price_minor,
           std::string_view(record.currency), absl::ToUnixMicros(record.create_time)}));
  if (inserted == 1) {
    result_ = std::move(record);
    return absl::OkStatus();
  }
  // The order has its answer already. Taking first costs a new order one statement less, a repeated
  // one two more.
  if (record.state == ReservationState::kReserved) {
    ORDERFLOW_RETURN_IF_ERROR(
        MoveStock(txn, kGiveStockBack, record.quantity, record.create_time, record.product_id));
  }
  ORDERFLOW_ASSIGN_OR_RETURN(result_, FindReservation(txn, record.order_id));
  if (!result_.has_value()) return absl::AbortedError("reservation vanished while it was checked");
  return absl::OkStatus();
}

absl::StatusOr<bool> CheckMove::TakeOrRefuse(Transaction& txn, ReservationRecord& record) const {
  const std::string_view product_id = wanted_.product_id;
  for (int take = 0; take < kMaxTakes; ++take) {
    ORDERFLOW_ASSIGN_OR_RETURN(
        const std::vector<Row> taken,
        txn.Query(kTakeStock,
                  {wanted_.quantity, absl::ToUnixMicros(wanted_.create_time), product_id}));
    const std::vector<Row>* stock = &taken;
    std::vector<Row> left;
    if (taken.empty()) {
      ORDERFLOW_ASSIGN_OR_RETURN(left, txn.Query(kReadStock, {product_id}));
      if (left.empty()) return false;
      if (left[0].Int(0) >= wanted_.quantity) continue;
      stock = &left;
    }
    record.state = taken.empty() ? ReservationState::kRefused : ReservationState::kReserved;
    record.available_after = (*stock)[0].Int(0);
    record.unit_price_minor = (*stock)[0].Int(1);
    record.currency = (*stock)[0].Text(2);
    return true;
  }
  return absl::AbortedError("the stock of product " + wanted_.product_id + " changes too fast");
}

absl::Status EndMove::Locate(Transaction& txn) {
  ORDERFLOW_ASSIGN_OR_RETURN(result_, FindReservation(txn, order_id_));
  const bool open = result_.has_value() && result_->state == ReservationState::kReserved;
  product_id_ = open ? result_->product_id : std::string();
  return absl::OkStatus();
}

absl::Status EndMove::Apply(Transaction& txn) {
  if (product_id_.empty())
    return absl::OkStatus();  // an end is final, so what Locate read stays true
  ORDERFLOW_CHECK(end_ != ReservationState::kRefused && end_ != ReservationState::kReserved);
  // Stock before record, as every move: the product's row is what orders two ends of one
  // reservation.
  ORDERFLOW_RETURN_IF_ERROR(
      txn.Execute(kLockStock, {absl::ToUnixMicros(now_), std::string_view(product_id_)}).status());
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t ended,
                             txn.Execute(kEndReservation, {Stored(end_), absl::ToUnixMicros(now_),
                                                           std::string_view(order_id_)}));
  if (ended == 0) {
    // Somebody else ended it while we waited for the product's row: their end counts.
    ORDERFLOW_ASSIGN_OR_RETURN(result_, FindReservation(txn, order_id_));
    return absl::OkStatus();
  }
  result_->state = end_;
  result_->update_time = now_;
  const bool ships = end_ == ReservationState::kCommitted;
  return MoveStock(txn, ships ? kShipStock : kGiveStockBack, result_->quantity, now_, product_id_);
}

absl::Status SetMove::Apply(Transaction& txn) {
  const bool complete = setting_.unit_price_minor.has_value() && setting_.currency.has_value();
  Parameter price;
  Parameter currency;
  if (setting_.unit_price_minor.has_value()) price = *setting_.unit_price_minor;
  if (setting_.currency.has_value()) currency = std::string_view(*setting_.currency);
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(complete ? kSetStockAndPrice : kSetStock,
                                       {std::string_view(setting_.product_id), setting_.available,
                                        price, currency, absl::ToUnixMicros(setting_.now)}));
  result_ = rows.empty() ? std::nullopt : std::optional<Product>(ProductFromRow(rows[0]));
  return absl::OkStatus();
}

}  // namespace orderflow::inventory
