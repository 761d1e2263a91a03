#include "services/receive/receive.h"

#include <google/protobuf/util/time_util.h>

#include "common/base/await.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"

namespace orderflow::receive {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

v1::ReceiveOrderRequest AnOrder(const std::string& order_id = "12345") {
  v1::ReceiveOrderRequest request;
  request.set_order_id(order_id);
  request.set_product_id("sku-001");
  request.set_quantity(2);
  request.set_customer_email("user@example.com");
  request.set_payment_token("tok_secret");
  return request;
}

int64_t Micros(const google::protobuf::Timestamp& time) {
  return google::protobuf::util::TimeUtil::TimestampToMicroseconds(time);
}

// The domain over its real store, on every database.
class ReceiveTest : public ::testing::TestWithParam<database::TestBackend> {
 protected:
  ReceiveTest() : url_(database::NewTestUrl(GetParam())) { Open(); }

  void Open() {
    receive_.reset();
    store_.reset();
    database_.reset();
    absl::StatusOr<std::unique_ptr<database::Database>> database =
        database::Database::Open({.url = url_, .name = "receive"}, ReceiveStore::Migrations());
    ASSERT_THAT(database, IsOk());
    database_ = *std::move(database);
    store_ = std::make_unique<ReceiveStore>(*database_);
    receive_ = std::make_unique<Receive>(*store_, clock_);
  }

  absl::StatusOr<v1::ReceiveOrderResponse> ReceiveOrder(const v1::ReceiveOrderRequest& request) {
    return Await<v1::ReceiveOrderResponse>(
        [&](auto done) { receive_->ReceiveOrder(request, std::move(done)); });
  }
  absl::StatusOr<v1::GetOrderResponse> GetOrder(const std::string& order_id) {
    v1::GetOrderRequest request;
    request.set_order_id(order_id);
    return Await<v1::GetOrderResponse>(
        [&](auto done) { receive_->GetOrder(request, std::move(done)); });
  }
  absl::StatusOr<v1::ListOrdersResponse> ListOrders(int page_size,
                                                    const std::string& page_token = "") {
    v1::ListOrdersRequest request;
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return Await<v1::ListOrdersResponse>(
        [&](auto done) { receive_->ListOrders(request, std::move(done)); });
  }
  static std::vector<std::string> Ids(const v1::ListOrdersResponse& response) {
    std::vector<std::string> ids;
    for (const v1::ReceivedOrder& order : response.orders()) ids.push_back(order.order_id());
    return ids;
  }

  const std::string url_;
  FakeClock clock_;
  std::unique_ptr<database::Database> database_;
  std::unique_ptr<ReceiveStore> store_;
  std::unique_ptr<Receive> receive_;
};

TEST_P(ReceiveTest, AnOrderIsRecordedAsItCame) {
  absl::StatusOr<v1::ReceiveOrderResponse> response = ReceiveOrder(AnOrder());
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->order_id(), "12345");
  EXPECT_EQ(response->order_status(), "received");
  EXPECT_EQ(response->payment_token(), "tok_secret");
  EXPECT_EQ(Micros(response->receive_time()), absl::ToUnixMicros(clock_.Now()));

  absl::StatusOr<v1::GetOrderResponse> recorded = GetOrder("12345");
  ASSERT_THAT(recorded, IsOk());
  EXPECT_EQ(recorded->order().product_id(), "sku-001");
  EXPECT_EQ(recorded->order().quantity(), 2);
  EXPECT_EQ(recorded->order().customer_email(), "user@example.com");
  EXPECT_EQ(Micros(recorded->order().receive_time()), Micros(response->receive_time()));
}

TEST_P(ReceiveTest, TheSameOrderAgainGetsTheSameAnswerAlsoAfterARestart) {
  const std::string first = ReceiveOrder(AnOrder())->SerializeAsString();
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(ReceiveOrder(AnOrder())->SerializeAsString(), first);
  if (GetParam() == database::TestBackend::kSqliteMemory) return;
  Open();
  EXPECT_EQ(ReceiveOrder(AnOrder())->SerializeAsString(), first);
}

TEST_P(ReceiveTest, AnyOtherContentUnderAKnownIdIsAConflict) {
  ASSERT_THAT(ReceiveOrder(AnOrder()), IsOk());
  std::vector<v1::ReceiveOrderRequest> others(4, AnOrder());
  others[0].set_product_id("sku-002");
  others[1].set_quantity(3);
  others[2].set_customer_email("other@example.com");
  others[3].set_payment_token("tok_other");
  for (const v1::ReceiveOrderRequest& other : others) {
    absl::StatusOr<v1::ReceiveOrderResponse> response = ReceiveOrder(other);
    EXPECT_THAT(response, StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_EQ(GetErrorInfo(response.status()),
              (ErrorInfo{"ORDER_ALREADY_EXISTS", "receive.orderflow", {{"order_id", "12345"}}}));
  }
  EXPECT_EQ(GetOrder("12345")->order().quantity(), 2);
}

TEST_P(ReceiveTest, ABadOrderNamesAllViolationsAndLeavesNoTrace) {
  v1::ReceiveOrderRequest bad = AnOrder("a/b");
  bad.set_quantity(-1);
  bad.set_customer_email("x@y\nBcc: z@y");
  absl::StatusOr<v1::ReceiveOrderResponse> response = ReceiveOrder(bad);
  EXPECT_THAT(response, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(GetFieldViolations(response.status()),
              ElementsAre(Field(&FieldViolation::field, "order_id"),
                          Field(&FieldViolation::field, "quantity"),
                          Field(&FieldViolation::field, "customer_email")));
  EXPECT_EQ(ListOrders(10)->orders_size(), 0);
}

TEST_P(ReceiveTest, TheTokenIsNotKept) {
  ASSERT_THAT(ReceiveOrder(AnOrder()), IsOk());
  absl::StatusOr<std::optional<RecordedOrder>> order = Await<std::optional<RecordedOrder>>(
      [&](auto done) { store_->Find("12345", std::move(done)); });
  ASSERT_THAT(order, IsOk());
  EXPECT_EQ((*order)->content_hash.size(), 32u);
  EXPECT_THAT((*order)->content_hash, Not(HasSubstr("tok_secret")));
}

TEST_P(ReceiveTest, OfManyConcurrentCallsWithOneIdOneIsRecorded) {
  constexpr int kCalls = 64;
  std::vector<std::unique_ptr<FakeClock>> clocks;
  std::vector<std::unique_ptr<Receive>> replicas;
  Mutex mutex;
  CondVar changed;
  std::vector<absl::StatusOr<v1::ReceiveOrderResponse>> answers;
  for (int i = 0; i < kCalls; ++i) {
    clocks.push_back(std::make_unique<FakeClock>(clock_.Now() + absl::Seconds(i)));
    replicas.push_back(std::make_unique<Receive>(*store_, *clocks.back()));
    replicas.back()->ReceiveOrder(AnOrder(), [&](absl::StatusOr<v1::ReceiveOrderResponse> answer) {
      MutexLock lock(mutex);
      answers.push_back(std::move(answer));
      changed.NotifyOne();
    });
  }
  MutexLock lock(mutex);
  while (answers.size() < kCalls) changed.Wait(mutex);
  for (const auto& answer : answers) {
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(answer->SerializeAsString(), answers.front()->SerializeAsString());
  }
}

TEST_P(ReceiveTest, AnUnknownOrderIsNotFound) {
  absl::StatusOr<v1::GetOrderResponse> response = GetOrder("nobody");
  EXPECT_THAT(response, StatusIs(absl::StatusCode::kNotFound, HasSubstr("nobody")));
  EXPECT_EQ(GetErrorInfo(response.status())->reason, "ORDER_NOT_FOUND");
  EXPECT_THAT(GetOrder("a/b"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("order_id")));
}

TEST_P(ReceiveTest, PagesListEveryOrderOnceNewestFirst) {
  for (const char* id : {"a", "b", "c"})
    ASSERT_THAT(ReceiveOrder(AnOrder(id)), IsOk());  // all at one moment
  clock_.Advance(absl::Microseconds(1));
  for (const char* id : {"d", "e"}) ASSERT_THAT(ReceiveOrder(AnOrder(id)), IsOk());
  std::vector<std::string> ids;
  std::string token;
  int pages = 0;
  do {
    absl::StatusOr<v1::ListOrdersResponse> page = ListOrders(2, token);
    ASSERT_THAT(page, IsOk());
    for (const std::string& id : Ids(*page)) ids.push_back(id);
    token = page->next_page_token();
    ++pages;
    // What arrives meanwhile is newer, and shifts no page.
    clock_.Advance(absl::Microseconds(1));
    ASSERT_THAT(ReceiveOrder(AnOrder("late" + std::to_string(pages))), IsOk());
  } while (!token.empty());
  EXPECT_THAT(ids, ElementsAre("e", "d", "c", "b", "a"));
  EXPECT_EQ(pages, 3);
}

TEST_P(ReceiveTest, APageThatHoldsAllHasNoNext) {
  for (const char* id : {"a", "b"}) ASSERT_THAT(ReceiveOrder(AnOrder(id)), IsOk());
  EXPECT_EQ(ListOrders(2)->next_page_token(), "");
  EXPECT_EQ(ListOrders(0)->orders_size(), 2);
}

TEST_P(ReceiveTest, BadPagingIsRefused) {
  EXPECT_THAT(ListOrders(-1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page_size")));
  EXPECT_THAT(ListOrders(1001),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page_size")));
  EXPECT_THAT(ListOrders(1, "made up"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page_token")));
  // A good checksum over nonsense: forged, or from another version.
  for (const char* cursor : {"x", "12", "99999999999999999999/a", "/a"}) {
    EXPECT_THAT(ListOrders(1, MakePageToken(cursor, "received orders")),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page_token")))
        << cursor;
  }
}

INSTANTIATE_TEST_SUITE_P(Databases, ReceiveTest, ::testing::ValuesIn(database::AllTestBackends()),
                         database::TestBackendName);

}  // namespace
}  // namespace orderflow::receive
