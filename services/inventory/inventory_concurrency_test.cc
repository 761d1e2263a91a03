// Many callers at once, in one process and over one database: nothing is oversold, nothing is lost,
// nobody waits forever.

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/base/await.h"
#include "common/base/check.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "services/inventory/inventory.h"

namespace orderflow::inventory {
namespace {

using database::TestBackend;

// One process of the service, as far as the database can tell.
struct Replica {
  explicit Replica(const std::string& url) {
    auto opened =
        database::Database::Open({.url = url, .name = "inventory"}, InventoryStore::Migrations());
    ORDERFLOW_CHECK(opened.ok());
    database = *std::move(opened);
    store = std::make_unique<InventoryStore>(*database);
    inventory = std::make_unique<Inventory>(*store, SystemClock());
  }

  std::unique_ptr<database::Database> database;
  std::unique_ptr<InventoryStore> store;
  std::unique_ptr<Inventory> inventory;
};

// Counts answers of calls that were all started without waiting for one another.
class Tally {
 public:
  explicit Tally(int calls) : left_(calls) {}
  void Count(bool yes) {
    if (yes) ++yes_;
    left_.count_down();
  }
  int Wait() {
    left_.wait();
    return yes_;
  }

 private:
  std::atomic<int> yes_ = 0;
  std::latch left_;
};

v1::CheckInventoryRequest CheckOf(const std::string& order, const std::string& product,
                                  int quantity) {
  v1::CheckInventoryRequest request;
  request.set_order_id(order);
  request.set_product_id(product);
  request.set_quantity(quantity);
  return request;
}

class InventoryConcurrencyTest : public ::testing::TestWithParam<TestBackend> {
 protected:
  InventoryConcurrencyTest() {
    const std::string url = database::NewTestUrl(GetParam());
    for (int i = 0; i < 3; ++i) replicas_.push_back(std::make_unique<Replica>(url));
  }

  Inventory& On(int i) { return *replicas_[i % replicas_.size()]->inventory; }

  void Stock(const std::string& product, int64_t available) {
    v1::SetStockRequest request;
    request.set_product_id(product);
    request.set_available_quantity(available);
    request.set_unit_price_minor(100);
    request.set_currency("EUR");
    ASSERT_THAT(
        Await<v1::SetStockResponse>([&](auto done) { On(0).SetStock(request, std::move(done)); }),
        IsOk());
  }
  v1::Stock Get(const std::string& product) {
    v1::GetStockRequest request;
    request.set_product_id(product);
    return Await<v1::GetStockResponse>([&](auto done) { On(0).GetStock(request, std::move(done)); })
        ->stock();
  }
  void Check(int replica, const v1::CheckInventoryRequest& request, Tally& available) {
    On(replica).CheckInventory(
        request, [&available](absl::StatusOr<v1::CheckInventoryResponse> answer) {
          EXPECT_THAT(answer, IsOk());
          available.Count(answer.ok() && answer->inventory_status() == "available");
        });
  }

  // Runs `work(i)` on as many threads at once.
  static void InParallel(int threads, const std::function<void(int)>& work) {
    std::latch start(threads);
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
      running.emplace_back([&, i] {
        start.arrive_and_wait();
        work(i);
      });
    }
    for (std::thread& thread : running) thread.join();
  }

  std::vector<std::unique_ptr<Replica>> replicas_;
};

TEST_P(InventoryConcurrencyTest, ASmallStockIsNeverOversold) {
  constexpr int kThreads = 6;
  constexpr int kOrders = 100;
  Stock("sku-rare", 77);
  Tally available(kThreads * kOrders);
  InParallel(kThreads, [&](int thread) {
    for (int i = 0; i < kOrders; ++i) {
      Check(thread,
            CheckOf("order-" + std::to_string(thread) + "-" + std::to_string(i), "sku-rare", 1),
            available);
    }
  });
  EXPECT_EQ(available.Wait(), 77);
  EXPECT_EQ(Get("sku-rare").available_quantity(), 0);
  EXPECT_EQ(Get("sku-rare").reserved_quantity(), 77);
}

TEST_P(InventoryConcurrencyTest, ThreeRacingCallersOfOneOrderGetOneReservation) {
  constexpr int kOrders = 100;
  Stock("sku-001", 1000);
  Tally available(3 * kOrders);
  InParallel(3, [&](int thread) {
    for (int i = 0; i < kOrders; ++i)
      Check(thread, CheckOf("order-" + std::to_string(i), "sku-001", 2), available);
  });
  EXPECT_EQ(available.Wait(), 3 * kOrders);
  EXPECT_EQ(Get("sku-001").available_quantity(), 1000 - 2 * kOrders);
}

TEST_P(InventoryConcurrencyTest, RacingCallersForTheLastItemAgreeOnWhoGotIt) {
  constexpr int kOrders = 30;
  Stock("sku-last", 1);
  std::atomic<int> available[kOrders] = {};
  Tally answers(3 * kOrders);
  InParallel(3, [&](int thread) {
    for (int i = 0; i < kOrders; ++i) {
      On(thread).CheckInventory(CheckOf("order-" + std::to_string(i), "sku-last", 1),
                                [&, i](auto answer) {
                                  EXPECT_THAT(answer, IsOk());
                                  if (answer.ok() && answer->inventory_status() == "available")
                                    ++available[i];
                                  answers.Count(true);
                                });
    }
  });
  answers.Wait();
  std::multiset<int> counts;
  for (const auto& count : available) counts.insert(count);
  EXPECT_EQ(counts.count(3), 1u);  // all three callers of one order were told "available"
  EXPECT_EQ(counts.count(0), kOrders - 1u);
}

// On PostgreSQL, transactions that lock the same products in different orders would wait for each
// other in a circle.
TEST_P(InventoryConcurrencyTest, ManyProductsInAnyOrderDoNotBlockEachOther) {
  constexpr int kProducts = 8;
  constexpr int kOrders = 240;
  for (int i = 0; i < kProducts; ++i) Stock("sku-" + std::to_string(i), kOrders);
  Tally available(3 * kOrders);
  InParallel(3, [&](int thread) {
    for (int i = 0; i < kOrders; ++i) {
      const int product =
          thread == 1 ? kProducts - 1 - i % kProducts : (i * (thread + 3)) % kProducts;
      Check(thread,
            CheckOf("order-" + std::to_string(thread) + "-" + std::to_string(i),
                    "sku-" + std::to_string(product), 1),
            available);
    }
  });
  EXPECT_EQ(available.Wait(), 3 * kOrders);
  int64_t reserved = 0;
  for (int i = 0; i < kProducts; ++i)
    reserved += Get("sku-" + std::to_string(i)).reserved_quantity();
  EXPECT_EQ(reserved, 3 * kOrders);
  // A circle costs PostgreSQL a second to notice, and the transaction its work.
  for (const auto& replica : replicas_)
    EXPECT_EQ(replica->database->statistics().failed_commits, 0);
}

TEST_P(InventoryConcurrencyTest, AReservationHasOneEndWhoeverAsks) {
  constexpr int kOrders = 60;
  Stock("sku-001", kOrders);
  Tally reserved(kOrders);
  for (int i = 0; i < kOrders; ++i)
    Check(i, CheckOf("order-" + std::to_string(i), "sku-001", 1), reserved);
  ASSERT_EQ(reserved.Wait(), kOrders);

  Tally released(kOrders);
  Tally committed(kOrders);
  Tally swept(1);
  std::atomic<int64_t> expired = 0;
  InParallel(3, [&](int thread) {
    for (int i = 0; thread == 0 && i < kOrders; ++i) {
      v1::ReleaseReservationRequest request;
      request.set_order_id("order-" + std::to_string(i));
      On(0).ReleaseReservation(request, [&](auto answer) {
        released.Count(answer.ok() && answer->release_status() == "released");
      });
    }
    for (int i = kOrders; thread == 1 && i-- > 0;) {
      v1::CommitReservationRequest request;
      request.set_order_id("order-" + std::to_string(i));
      On(1).CommitReservation(request, [&](auto answer) { committed.Count(answer.ok()); });
    }
    if (thread == 2) {
      On(2).SweepExpired(absl::ZeroDuration(), [&](auto count) {
        EXPECT_THAT(count, IsOk());
        expired = count.ok() ? *count : 0;
        swept.Count(true);
      });
    }
  });
  const int releases = released.Wait();
  const int commits = committed.Wait();
  swept.Wait();
  EXPECT_EQ(releases + commits + expired, kOrders);
  EXPECT_EQ(Get("sku-001").available_quantity(), kOrders - commits);
  EXPECT_EQ(Get("sku-001").reserved_quantity(), 0);
}

INSTANTIATE_TEST_SUITE_P(Databases, InventoryConcurrencyTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

}  // namespace
}  // namespace orderflow::inventory
