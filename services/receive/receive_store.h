#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/callback.h"
#include "common/base/page_token.h"
#include "common/database/database.h"

namespace orderflow::receive {

// An order as it is on record.
struct RecordedOrder {
  std::string order_id;
  std::string product_id;
  int64_t quantity = 0;
  std::string customer_email;
  std::string content_hash;  // SHA-256 over all that makes the order what it is
  absl::Time receive_time;   // whole microseconds

  bool operator==(const RecordedOrder&) const = default;
};

// Keeps orders, one per id, which never change. Its SQL is the same on SQLite and PostgreSQL.
//
// Thread-safe; callbacks come on database threads. UNAVAILABLE: the database cannot be read or
// written now. Borrows the database, opened with Migrations(), which must outlive it.
class ReceiveStore {
 public:
  static absl::Span<const database::Migration> Migrations();

  explicit ReceiveStore(database::Database& database) : database_(database) {}

  // Records `order` unless its id is taken, and answers what is on record under its id then:
  // `order` itself or an earlier one. One statement for a new order.
  void Record(RecordedOrder order, Callback<RecordedOrder> done);

  // Nothing where there is no such order.
  void Find(std::string order_id, Callback<std::optional<RecordedOrder>> done);

  struct OrderPage {
    std::vector<RecordedOrder> orders;
    std::string next_cursor;  // empty on the last page
  };
  // Orders from newest to oldest. INVALID_ARGUMENT: a cursor that this did not give.
  void List(const Page& page, Callback<OrderPage> done);

 private:
  database::Database& database_;
};

}  // namespace orderflow::receive
