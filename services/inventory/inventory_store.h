#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/base/callback.h"
#include "common/base/page_token.h"
#include "common/database/database.h"
#include "services/inventory/move_queue.h"
#include "services/inventory/stock.h"

namespace orderflow::inventory {

// Rows of one page, and where the next page starts: empty on the last.
template <typename T>
struct PageOf {
  std::vector<T> rows;
  std::string next_cursor;
};

// Stock and reservations in a database of either kind.
//
// Keeps for every product: available >= 0, and reserved is the sum of its reservations in state
// kReserved. A reservation leaves that state once. Both hold for any number of stores over one
// database.
//
// All calls are asynchronous: their answer comes on a database thread. UNAVAILABLE: the database is
// away or full. Thread-safe. Owns nothing but its queue: `database`, opened with the migrations
// given here, must outlive it.
class InventoryStore {
 public:
  static absl::Span<const database::Migration> Migrations();

  explicit InventoryStore(database::Database& database, MoveQueue::Limits limits = {})
      : database_(database), moves_(database, limits) {}

  // Takes `wanted.quantity` of `wanted.product_id` for `wanted.order_id` if there is as much, and
  // records the answer. Answers what is on record for the order (an earlier record if there is
  // one); nothing for an unknown product.
  void Check(ReservationRecord wanted, Callback<std::optional<ReservationRecord>> done);
  // Ends the order's reservation (kCommitted, kReleased or kExpired) unless it has ended before.
  // Answers the record as it is afterwards; nothing where the order has none.
  void End(std::string order_id, ReservationState end, absl::Time now,
           Callback<std::optional<ReservationRecord>> done);
  // Answers the product as it is afterwards; nothing where it is new and lacks its price or
  // currency.
  void SetStock(StockSetting setting, Callback<std::optional<Product>> done);

  void GetReservation(std::string order_id, Callback<std::optional<ReservationRecord>> done);
  // Newest first; refusals are no reservations and are left out. INVALID_ARGUMENT: the cursor.
  void ListReservations(Page page, std::optional<ReservationState> state,
                        Callback<PageOf<ReservationRecord>> done);
  // The orders of the oldest reservations made at `cutoff` or before that are still open.
  void ListOpenSince(absl::Time cutoff, int limit, Callback<std::vector<std::string>> done);
  void GetStock(std::string product_id, Callback<std::optional<Product>> done);
  // By product id, in the order of the database's collation.
  void ListStock(Page page, Callback<PageOf<Product>> done);

  // The stock as a whole: products are low with `low` units or fewer; `lowest` are listed at most,
  // open reservations are counted up to kMaxCounted. Reads all products: for a look every now and
  // then, not for a call.
  static constexpr int64_t kMaxCounted = 100'000;
  void GetLevels(int64_t low, int lowest, Callback<StockLevels> done);

  // Adds `products`, once in the life of the database: answers how many were added, nothing if a
  // catalog was loaded before, by whomever. Products that exist are left alone.
  void LoadCatalog(std::vector<Product> products, absl::Time now,
                   Callback<std::optional<int64_t>> done);

  // Changes of stock that wait for a transaction.
  size_t waiting() const { return moves_.waiting(); }

 private:
  database::Database& database_;
  MoveQueue moves_;
};

}  // namespace orderflow::inventory
