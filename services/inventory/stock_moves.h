#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/base/callback.h"
#include "common/database/database.h"
#include "services/inventory/stock.h"

namespace orderflow::inventory {

// One change of one product's stock, together with the record that it belongs to. Several are
// applied in one transaction by a MoveQueue, in the order of their products, which is what keeps
// PostgreSQL free of deadlocks: every transaction locks a product's row first, then records of that
// product, then goes on to the next product.
//
// Locate and Apply may run again after a lost race and set their result anew. One thread at a time.
class StockMove {
 public:
  virtual ~StockMove() = default;
  // Learns what a move named by its order alone is about. Locks nothing.
  virtual absl::Status Locate(database::Transaction&) { return absl::OkStatus(); }
  // The product that Apply will lock; known after Locate. Empty: Apply will lock nothing.
  virtual const std::string& product_id() const = 0;
  // Non-OK: the database failed, and the transaction with it. What the rules forbid is part of the
  // result.
  virtual absl::Status Apply(database::Transaction& txn) = 0;
  // Hands the result over once `commit` is known. Called once.
  virtual void Finish(absl::Status commit) = 0;
};

// What all moves share: a result of their own type, and whom to give it to.
template <typename Result>
class MoveWithResult : public StockMove {
 public:
  explicit MoveWithResult(Callback<Result> done) : done_(std::move(done)) {}
  void Finish(absl::Status commit) final {
    if (!commit.ok()) return std::move(done_)(std::move(commit));
    std::move(done_)(std::move(result_));
  }

 protected:
  Result result_ = {};

 private:
  Callback<Result> done_;
};

// Takes stock for an order if there is enough, and records the answer under the order's id. The
// result is what is on record for the order, which is an earlier answer if there is one; nothing
// where the product is unknown.
class CheckMove final : public MoveWithResult<std::optional<ReservationRecord>> {
 public:
  // `wanted` carries order, product, quantity and time.
  CheckMove(ReservationRecord wanted, Callback<std::optional<ReservationRecord>> done)
      : MoveWithResult(std::move(done)), wanted_(std::move(wanted)) {}
  const std::string& product_id() const override { return wanted_.product_id; }
  absl::Status Apply(database::Transaction& txn) override;

 private:
  // Takes the stock, or finds out what is left; false where the product is unknown.
  absl::StatusOr<bool> TakeOrRefuse(database::Transaction& txn, ReservationRecord& record) const;

  const ReservationRecord wanted_;
};

// Ends a reservation as committed, released or expired, unless it has ended before. The result is
// the record as it is afterwards; nothing where there is none.
class EndMove final : public MoveWithResult<std::optional<ReservationRecord>> {
 public:
  EndMove(std::string order_id, ReservationState end, absl::Time now,
          Callback<std::optional<ReservationRecord>> done)
      : MoveWithResult(std::move(done)), order_id_(std::move(order_id)), end_(end), now_(now) {}
  absl::Status Locate(database::Transaction& txn) override;
  const std::string& product_id() const override { return product_id_; }
  absl::Status Apply(database::Transaction& txn) override;

 private:
  const std::string order_id_;
  const ReservationState end_;
  const absl::Time now_;
  std::string product_id_;
};

// The new stock of a product; the price and currency of a known product stay where none are given.
struct StockSetting {
  std::string product_id;
  int64_t available = 0;
  std::optional<int64_t> unit_price_minor;
  std::optional<std::string> currency;
  absl::Time now;
};

// Sets a product's stock. The result is the product; nothing where it is new and lacks price or
// currency.
class SetMove final : public MoveWithResult<std::optional<Product>> {
 public:
  SetMove(StockSetting setting, Callback<std::optional<Product>> done)
      : MoveWithResult(std::move(done)), setting_(std::move(setting)) {}
  const std::string& product_id() const override { return setting_.product_id; }
  absl::Status Apply(database::Transaction& txn) override;

 private:
  const StockSetting setting_;
};

// Rows as records, for those who read them elsewhere. The columns are those of the two lists.
#define ORDERFLOW_STOCK_COLUMNS \
  "product_id, available, reserved, unit_price_minor, currency, update_time"
#define ORDERFLOW_RESERVATION_COLUMNS                                                    \
  "order_id, product_id, quantity, state, available_after, unit_price_minor, currency, " \
  "create_time, update_time"
Product ProductFromRow(const database::Row& row);
ReservationRecord ReservationFromRow(const database::Row& row);
// The record of an order's check, if there is one.
absl::StatusOr<std::optional<ReservationRecord>> FindReservation(database::Transaction& txn,
                                                                 const std::string& order_id);

}  // namespace orderflow::inventory
