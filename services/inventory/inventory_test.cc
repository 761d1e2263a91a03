#include "services/inventory/inventory.h"

#include <memory>
#include <string>
#include <utility>

#include "common/base/await.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"

namespace orderflow::inventory {
namespace {

using database::TestBackend;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InventoryTest : public ::testing::TestWithParam<TestBackend> {
 protected:
  InventoryTest() : url_(database::NewTestUrl(GetParam())) { Reopen(); }

  void Reopen() {
    inventory_.reset();
    store_.reset();
    database_.reset();
    auto opened =
        database::Database::Open({.url = url_, .name = "inventory"}, InventoryStore::Migrations());
    ORDERFLOW_CHECK(opened.ok());
    database_ = *std::move(opened);
    store_ = std::make_unique<InventoryStore>(*database_);
    inventory_ = std::make_unique<Inventory>(*store_, clock_);
  }

  absl::StatusOr<v1::CheckInventoryResponse> Check(const std::string& order,
                                                   const std::string& product, int32_t quantity) {
    v1::CheckInventoryRequest request;
    request.set_order_id(order);
    request.set_product_id(product);
    request.set_quantity(quantity);
    return Await<v1::CheckInventoryResponse>(
        [&](auto done) { inventory_->CheckInventory(request, std::move(done)); });
  }
  absl::StatusOr<std::string> Release(const std::string& order) {
    v1::ReleaseReservationRequest request;
    request.set_order_id(order);
    auto response = Await<v1::ReleaseReservationResponse>(
        [&](auto done) { inventory_->ReleaseReservation(request, std::move(done)); });
    if (!response.ok()) return response.status();
    return response->release_status();
  }
  absl::StatusOr<v1::Reservation> Commit(const std::string& order) {
    v1::CommitReservationRequest request;
    request.set_order_id(order);
    auto response = Await<v1::CommitReservationResponse>(
        [&](auto done) { inventory_->CommitReservation(request, std::move(done)); });
    if (!response.ok()) return response.status();
    return response->reservation();
  }
  absl::StatusOr<v1::Reservation> GetReservation(const std::string& order) {
    v1::GetReservationRequest request;
    request.set_order_id(order);
    auto response = Await<v1::GetReservationResponse>(
        [&](auto done) { inventory_->GetReservation(request, std::move(done)); });
    if (!response.ok()) return response.status();
    return response->reservation();
  }
  absl::StatusOr<v1::ListReservationsResponse> ListReservations(
      const v1::ListReservationsRequest& request) {
    return Await<v1::ListReservationsResponse>(
        [&](auto done) { inventory_->ListReservations(request, std::move(done)); });
  }
  absl::StatusOr<v1::Stock> Get(const std::string& product) {
    v1::GetStockRequest request;
    request.set_product_id(product);
    auto response = Await<v1::GetStockResponse>(
        [&](auto done) { inventory_->GetStock(request, std::move(done)); });
    if (!response.ok()) return response.status();
    return response->stock();
  }
  absl::StatusOr<v1::ListStockResponse> ListStock(const v1::ListStockRequest& request) {
    return Await<v1::ListStockResponse>(
        [&](auto done) { inventory_->ListStock(request, std::move(done)); });
  }
  absl::StatusOr<v1::Stock> Set(const v1::SetStockRequest& request) {
    auto response = Await<v1::SetStockResponse>(
        [&](auto done) { inventory_->SetStock(request, std::move(done)); });
    if (!response.ok()) return response.status();
    return response->stock();
  }
  void Stock(const std::string& product, int64_t available, int64_t price = 1999) {
    v1::SetStockRequest request;
    request.set_product_id(product);
    request.set_available_quantity(available);
    request.set_unit_price_minor(price);
    request.set_currency("EUR");
    ASSERT_THAT(Set(request), IsOk());
  }
  int64_t Available(const std::string& product) { return Get(product)->available_quantity(); }
  int64_t Reserved(const std::string& product) { return Get(product)->reserved_quantity(); }
  absl::StatusOr<int64_t> Sweep(absl::Duration age) {
    return Await<int64_t>([&](auto done) { inventory_->SweepExpired(age, std::move(done)); });
  }

  const std::string url_;
  FakeClock clock_;
  std::unique_ptr<database::Database> database_;
  std::unique_ptr<InventoryStore> store_;
  std::unique_ptr<Inventory> inventory_;
};

std::string Reason(const absl::Status& status) {
  const auto info = GetErrorInfo(status);
  return info.has_value() ? info->domain + "/" + info->reason : "";
}

std::vector<std::string> Fields(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : GetFieldViolations(status))
    fields.push_back(violation.field);
  return fields;
}

std::vector<std::string> Orders(const v1::ListReservationsResponse& response) {
  std::vector<std::string> orders;
  for (const v1::Reservation& reservation : response.reservations())
    orders.push_back(reservation.order_id());
  return orders;
}

TEST_P(InventoryTest, ACheckTakesTheStockAndTellsThePrice) {
  Stock("sku-001", 10, 1999);
  const auto answer = Check("order-1", "sku-001", 3);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->inventory_status(), "available");
  EXPECT_EQ(answer->reservation_id(), "rsv-order-1");
  EXPECT_EQ(answer->available_quantity(), 7);
  EXPECT_EQ(answer->unit_price_minor(), 1999);
  EXPECT_EQ(answer->total_minor(), 5997);
  EXPECT_EQ(answer->currency(), "EUR");
  EXPECT_EQ(Available("sku-001"), 7);
  EXPECT_EQ(Reserved("sku-001"), 3);
}

TEST_P(InventoryTest, ACheckForMoreThanThereIsTakesNothing) {
  Stock("sku-001", 2);
  const auto answer = Check("order-1", "sku-001", 3);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->inventory_status(), "unavailable");
  EXPECT_EQ(answer->reservation_id(), "");
  EXPECT_EQ(answer->available_quantity(), 2);
  EXPECT_EQ(Available("sku-001"), 2);
  EXPECT_EQ(Reserved("sku-001"), 0);
  EXPECT_THAT(GetReservation("order-1"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(InventoryTest, TheWholeStockCanBeReserved) {
  Stock("sku-001", 3);
  EXPECT_EQ(Check("order-1", "sku-001", 3)->inventory_status(), "available");
  EXPECT_EQ(Check("order-2", "sku-001", 1)->inventory_status(), "unavailable");
}

TEST_P(InventoryTest, TheDearestOrderFitsItsTotal) {
  Stock("sku-dear", 1'000'000, 1'000'000'000'000);
  EXPECT_EQ(Check("order-1", "sku-dear", 1'000'000)->total_minor(), 1'000'000'000'000'000'000);
}

TEST_P(InventoryTest, ARepeatedCheckGetsTheFirstAnswerAndTakesNothingMore) {
  Stock("sku-001", 10);
  const auto first = Check("order-1", "sku-001", 3);
  Stock("sku-001", 1, 5555);
  Reopen();
  const auto again = Check("order-1", "sku-001", 3);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Available("sku-001"), 1);
  EXPECT_EQ(Reserved("sku-001"), 3);
}

TEST_P(InventoryTest, ARepeatedRefusalStaysARefusalAfterRestocking) {
  Stock("sku-001", 2);
  const auto first = Check("order-1", "sku-001", 3);
  Stock("sku-001", 100);
  const auto again = Check("order-1", "sku-001", 3);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Available("sku-001"), 100);
  EXPECT_EQ(Check("order-2", "sku-001", 3)->inventory_status(), "available");
}

TEST_P(InventoryTest, AnOrderCannotCheckSomethingElse) {
  Stock("sku-001", 10);
  Stock("sku-002", 10);
  ASSERT_THAT(Check("order-1", "sku-001", 3), IsOk());
  for (const auto& [product, quantity] : {std::pair("sku-002", 3), std::pair("sku-001", 4)}) {
    const auto other = Check("order-1", product, quantity);
    EXPECT_THAT(other,
                StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("3 of product \"sku-001\"")));
    EXPECT_EQ(Reason(other.status()), "inventory.orderflow/RESERVATION_MISMATCH");
  }
  EXPECT_EQ(Available("sku-001"), 7);
  EXPECT_EQ(Available("sku-002"), 10);
}

TEST_P(InventoryTest, AnUnknownProductIsNotFoundAndLeavesNoTrace) {
  const auto answer = Check("order-1", "sku-none", 1);
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kNotFound, HasSubstr("\"sku-none\"")));
  EXPECT_EQ(Reason(answer.status()), "inventory.orderflow/PRODUCT_NOT_FOUND");
  Stock("sku-none", 1);
  EXPECT_EQ(Check("order-1", "sku-none", 1)->inventory_status(), "available");
}

TEST_P(InventoryTest, ABadCheckIsToldAllItsMistakes) {
  const auto answer = Check("a/b", "", 0);
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Fields(answer.status()), ElementsAre("order_id", "product_id", "quantity"));
  EXPECT_THAT(Fields(Check("order-1", "sku-001", -1).status()), ElementsAre("quantity"));
  EXPECT_THAT(Fields(Check("order-1", "sku-001", 1'000'001).status()), ElementsAre("quantity"));
}

TEST_P(InventoryTest, AReleaseGivesTheStockBackOnce) {
  Stock("sku-001", 10);
  ASSERT_THAT(Check("order-1", "sku-001", 3), IsOk());
  EXPECT_THAT(Release("order-1"), IsOkAndHolds("released"));
  EXPECT_THAT(Release("order-1"), IsOkAndHolds("released"));
  EXPECT_EQ(Available("sku-001"), 10);
  EXPECT_EQ(Reserved("sku-001"), 0);
  EXPECT_EQ(GetReservation("order-1")->status(), v1::RESERVATION_STATUS_RELEASED);
}

TEST_P(InventoryTest, ThereIsNothingToReleaseWhereNothingWasReserved) {
  Stock("sku-001", 1);
  EXPECT_THAT(Release("order-1"), IsOkAndHolds("none"));
  ASSERT_THAT(Check("order-1", "sku-001", 2), IsOk());
  EXPECT_THAT(Release("order-1"), IsOkAndHolds("none"));
  EXPECT_EQ(Available("sku-001"), 1);
}

TEST_P(InventoryTest, ACheckAfterTheReleaseIsToldThatTheReservationEnded) {
  Stock("sku-001", 10);
  ASSERT_THAT(Check("order-1", "sku-001", 3), IsOk());
  ASSERT_THAT(Release("order-1"), IsOk());
  const auto again = Check("order-1", "sku-001", 3);
  EXPECT_THAT(again, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("was released")));
  EXPECT_EQ(Reason(again.status()), "inventory.orderflow/RESERVATION_ENDED");
  EXPECT_EQ(Available("sku-001"), 10);
}

TEST_P(InventoryTest, ACommitTakesTheGoodsForGood) {
  Stock("sku-001", 10);
  const auto first = Check("order-1", "sku-001", 3);
  clock_.Advance(absl::Minutes(5));
  for (int i = 0; i < 2; ++i) {
    const auto reservation = Commit("order-1");
    ASSERT_THAT(reservation, IsOk());
    EXPECT_EQ(reservation->status(), v1::RESERVATION_STATUS_COMMITTED);
    EXPECT_EQ(reservation->update_time().seconds() - reservation->create_time().seconds(), 300);
  }
  EXPECT_EQ(Available("sku-001"), 7);
  EXPECT_EQ(Reserved("sku-001"), 0);
  const auto release = Release("order-1");
  EXPECT_THAT(release, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Reason(release.status()), "inventory.orderflow/RESERVATION_COMMITTED");
  EXPECT_EQ(Check("order-1", "sku-001", 3)->SerializeAsString(), first->SerializeAsString());
}

TEST_P(InventoryTest, OnlyAnOpenReservationCanBeCommitted) {
  Stock("sku-001", 3);
  EXPECT_EQ(Reason(Commit("order-0").status()), "inventory.orderflow/RESERVATION_NOT_FOUND");
  ASSERT_THAT(Check("order-1", "sku-001", 4), IsOk());
  EXPECT_EQ(Reason(Commit("order-1").status()), "inventory.orderflow/RESERVATION_NOT_FOUND");
  ASSERT_THAT(Check("order-2", "sku-001", 3), IsOk());
  ASSERT_THAT(Release("order-2"), IsOk());
  EXPECT_EQ(Reason(Commit("order-2").status()), "inventory.orderflow/RESERVATION_ENDED");
  EXPECT_EQ(Available("sku-001"), 3);
}

TEST_P(InventoryTest, TheSweepGivesBackWhatIsOldAndOpenOnly) {
  Stock("sku-001", 100);
  ASSERT_THAT(Check("old", "sku-001", 1), IsOk());
  ASSERT_THAT(Check("old-committed", "sku-001", 10), IsOk());
  ASSERT_THAT(Commit("old-committed"), IsOk());
  clock_.Advance(absl::Minutes(10));
  ASSERT_THAT(Check("young", "sku-001", 20), IsOk());
  clock_.Advance(absl::Minutes(5));
  EXPECT_THAT(Sweep(absl::Minutes(15)), IsOkAndHolds(1));
  EXPECT_THAT(Sweep(absl::Minutes(15)), IsOkAndHolds(0));
  EXPECT_EQ(GetReservation("old")->status(), v1::RESERVATION_STATUS_EXPIRED);
  EXPECT_EQ(GetReservation("old-committed")->status(), v1::RESERVATION_STATUS_COMMITTED);
  EXPECT_EQ(GetReservation("young")->status(), v1::RESERVATION_STATUS_RESERVED);
  EXPECT_EQ(Available("sku-001"), 70);
  EXPECT_EQ(Reserved("sku-001"), 20);
  EXPECT_THAT(Release("old"), IsOkAndHolds("none"));
  EXPECT_EQ(Reason(Check("old", "sku-001", 1).status()), "inventory.orderflow/RESERVATION_ENDED");
}

TEST_P(InventoryTest, ASweepGoesOnUntilNothingOldIsLeft) {
  Stock("sku-001", 1000);
  for (int i = 0; i < 300; ++i)
    ASSERT_THAT(Check("order-" + std::to_string(i), "sku-001", 1), IsOk());
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(Sweep(absl::Hours(1)), IsOkAndHolds(300));
  EXPECT_EQ(Available("sku-001"), 1000);
}

TEST_P(InventoryTest, SetStockKeepsThePriceThatItIsNotGiven) {
  Stock("sku-001", 1, 1999);
  ASSERT_THAT(Check("order-1", "sku-001", 1), IsOk());
  v1::SetStockRequest request;
  request.set_product_id("sku-001");
  request.set_available_quantity(50);
  auto stock = Set(request);
  ASSERT_THAT(stock, IsOk());
  EXPECT_EQ(stock->available_quantity(), 50);
  EXPECT_EQ(stock->reserved_quantity(), 1);
  EXPECT_EQ(stock->unit_price_minor(), 1999);
  request.set_unit_price_minor(0);
  stock = Set(request);
  EXPECT_EQ(stock->unit_price_minor(), 0);
  EXPECT_EQ(stock->currency(), "EUR");
}

TEST_P(InventoryTest, ANewProductNeedsPriceAndCurrency) {
  v1::SetStockRequest request;
  request.set_product_id("sku-new");
  request.set_available_quantity(50);
  EXPECT_THAT(Fields(Set(request).status()), ElementsAre("unit_price_minor", "currency"));
  request.set_currency("USD");
  EXPECT_THAT(Fields(Set(request).status()), ElementsAre("unit_price_minor"));
  EXPECT_EQ(Reason(Get("sku-new").status()), "inventory.orderflow/PRODUCT_NOT_FOUND");
}

TEST_P(InventoryTest, ABadSettingIsToldAllItsMistakes) {
  v1::SetStockRequest request;
  request.set_product_id("sku 1");
  request.set_available_quantity(-1);
  request.set_unit_price_minor(1'000'000'000'001);
  request.set_currency("euro");
  EXPECT_THAT(Fields(Set(request).status()),
              ElementsAre("product_id", "available_quantity", "unit_price_minor", "currency"));
}

TEST_P(InventoryTest, ReservationsAreListedNewestFirstPageByPage) {
  Stock("sku-001", 5);
  for (const char* order : {"a", "b", "c", "d", "e"}) {
    ASSERT_THAT(Check(order, "sku-001", 1), IsOk());
    if (std::string(order) != "b") clock_.Advance(absl::Seconds(1));  // b and c at the same time
  }
  ASSERT_THAT(Check("refused", "sku-001", 1), IsOk());
  ASSERT_THAT(Release("b"), IsOk());
  ASSERT_THAT(Commit("d"), IsOk());
  v1::ListReservationsRequest request;
  request.set_page_size(2);
  std::vector<std::string> seen;
  do {
    const auto page = ListReservations(request);
    ASSERT_THAT(page, IsOk());
    for (const std::string& order : Orders(*page)) seen.push_back(order);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(seen, ElementsAre("e", "d", "c", "b", "a"));
  request.set_status(v1::RESERVATION_STATUS_RESERVED);
  EXPECT_THAT(Orders(*ListReservations(request)), ElementsAre("e", "c"));
}

TEST_P(InventoryTest, AListRefusesWhatItCannotServe) {
  Stock("sku-001", 5);
  ASSERT_THAT(Check("a", "sku-001", 1), IsOk());
  ASSERT_THAT(Check("b", "sku-001", 1), IsOk());
  v1::ListReservationsRequest request;
  request.set_page_size(1);
  const std::string token = ListReservations(request)->next_page_token();
  request.set_page_token(token);
  request.set_status(v1::RESERVATION_STATUS_RELEASED);
  EXPECT_THAT(Fields(ListReservations(request).status()), ElementsAre("page_token"));
  request.set_page_size(1001);
  request.set_page_token("nonsense");
  EXPECT_THAT(Fields(ListReservations(request).status()), ElementsAre("page_size", "page_token"));
  request.set_status(static_cast<v1::ReservationStatus>(17));
  EXPECT_THAT(Fields(ListReservations(request).status()), ElementsAre("status"));
}

TEST_P(InventoryTest, ProductsAreListedByIdPageByPage) {
  for (const char* product : {"c", "a", "b"}) Stock(product, 1);
  v1::ListStockRequest request;
  request.set_page_size(2);
  const auto first = ListStock(request);
  ASSERT_THAT(first, IsOk());
  ASSERT_EQ(first->stock_size(), 2);
  EXPECT_EQ(first->stock(0).product_id(), "a");
  EXPECT_EQ(first->stock(1).product_id(), "b");
  request.set_page_token(first->next_page_token());
  const auto second = ListStock(request);
  ASSERT_EQ(second->stock_size(), 1);
  EXPECT_EQ(second->stock(0).product_id(), "c");
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_P(InventoryTest, ACatalogIsLoadedOnce) {
  const auto load = [&](std::vector<Product> products) {
    return *Await<std::optional<int64_t>>([&](auto done) {
      store_->LoadCatalog(std::move(products), clock_.Now(), std::move(done));
    });
  };
  Stock("sku-known", 7);
  const Product known = {.product_id = "sku-known", .available = 1, .currency = "EUR"};
  const Product fresh = {
      .product_id = "sku-new", .available = 2, .unit_price_minor = 5, .currency = "EUR"};
  EXPECT_EQ(load({known, fresh}), 1);
  EXPECT_EQ(Available("sku-known"), 7);
  EXPECT_EQ(Available("sku-new"), 2);
  Reopen();
  EXPECT_EQ(load({{.product_id = "sku-late", .currency = "EUR"}}), std::nullopt);
  EXPECT_THAT(Get("sku-late"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(InventoryTest, LevelsTellWhatIsLowAndWhatIsReserved) {
  Stock("plenty", 1000);
  Stock("few", 7);
  Stock("fewer", 5);
  Stock("none", 0);
  const auto levels = [&](int64_t low, int lowest) {
    return *Await<StockLevels>([&](auto done) { store_->GetLevels(low, lowest, std::move(done)); });
  };
  EXPECT_EQ(levels(7, 10).oldest_open_reservation, std::nullopt);
  const absl::Time first = clock_.Now();
  ASSERT_THAT(Check("order-1", "plenty", 3), IsOk());
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(Check("order-2", "fewer", 1), IsOk());
  ASSERT_THAT(Check("order-3", "plenty", 5), IsOk());
  ASSERT_THAT(Release("order-3"), IsOk());

  const StockLevels all = levels(7, 10);
  EXPECT_EQ(all.products, 4);
  EXPECT_EQ(all.low, 3);
  EXPECT_EQ(all.sold_out, 1);
  EXPECT_EQ(all.reserved_units, 4);
  EXPECT_EQ(all.open_reservations, 2);
  EXPECT_EQ(all.oldest_open_reservation, first);
  ASSERT_EQ(all.lowest.size(), 3u);
  EXPECT_EQ(all.lowest[0].product_id, "none");
  EXPECT_EQ(all.lowest[1].product_id, "fewer");
  EXPECT_EQ(all.lowest[1].available, 4);
  EXPECT_EQ(all.lowest[2].product_id, "few");
  EXPECT_EQ(levels(7, 2).lowest.size(), 2u);
  EXPECT_EQ(levels(0, 10).low, 1);
}

INSTANTIATE_TEST_SUITE_P(Databases, InventoryTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

}  // namespace
}  // namespace orderflow::inventory
