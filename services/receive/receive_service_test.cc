// The service as clients see it: over a real socket, module and all.

#include <grpcpp/client_context.h>

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "orderflow/receive/v1/receive.grpc.pb.h"
#include "services/receive/receive_module.h"

namespace orderflow::receive {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ReceiveServiceTest : public ::testing::Test {
 protected:
  ReceiveServiceTest()
      : module_(*OpenReceiveModule(
            {.database = {.url = database::NewTestUrl(database::TestBackend::kSqliteFile),
                          .name = "receive"},
             .clock = &clock_})),
        server_(*rpc::Server::Start({}, *module_)),
        channel_(*rpc::MakeChannel(server_->address(), {.own_connection = true})),
        stub_(v1::ReceiveService::NewStub(channel_)) {}

  absl::Status ReceiveOrder(const v1::ReceiveOrderRequest& request,
                            v1::ReceiveOrderResponse& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    return rpc::FromGrpcStatus(stub_->ReceiveOrder(&context, request, &response));
  }

  FakeClock clock_;
  std::unique_ptr<rpc::Module> module_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ReceiveService::Stub> stub_;
};

v1::ReceiveOrderRequest TheSampleOrder() {
  v1::ReceiveOrderRequest request;
  request.set_order_id("12345");
  request.set_product_id("sku-001");
  request.set_quantity(1);
  request.set_customer_email("user@example.com");
  return request;
}

TEST_F(ReceiveServiceTest, TheSampleOrderIsReceivedReadAndListed) {
  v1::ReceiveOrderResponse response;
  ASSERT_THAT(ReceiveOrder(TheSampleOrder(), response), IsOk());
  EXPECT_EQ(response.order_status(), "received");

  grpc::ClientContext get;
  v1::GetOrderRequest get_request;
  get_request.set_order_id("12345");
  v1::GetOrderResponse order;
  ASSERT_TRUE(stub_->GetOrder(&get, get_request, &order).ok());
  EXPECT_EQ(order.order().receive_time().seconds(), response.receive_time().seconds());

  grpc::ClientContext list;
  v1::ListOrdersResponse orders;
  ASSERT_TRUE(stub_->ListOrders(&list, {}, &orders).ok());
  EXPECT_THAT(orders.orders(), SizeIs(1));
}

TEST_F(ReceiveServiceTest, ViolationsArriveAsErrorDetails) {
  v1::ReceiveOrderResponse response;
  const absl::Status status = ReceiveOrder({}, response);
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("order_id: is required")));
  EXPECT_THAT(GetFieldViolations(status), SizeIs(4));  // all but the optional token
}

TEST_F(ReceiveServiceTest, AConflictArrivesWithItsReason) {
  v1::ReceiveOrderResponse response;
  ASSERT_THAT(ReceiveOrder(TheSampleOrder(), response), IsOk());
  v1::ReceiveOrderRequest other = TheSampleOrder();
  other.set_quantity(2);
  const absl::Status status = ReceiveOrder(other, response);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(GetErrorInfo(status)->reason, "ORDER_ALREADY_EXISTS");
}

TEST_F(ReceiveServiceTest, IsHealthyOnceTheDatabaseAnswers) {
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse health;
  ASSERT_TRUE(grpc::health::v1::Health::NewStub(channel_)->Check(&context, {}, &health).ok());
  EXPECT_EQ(health.status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST(ReceiveModuleTest, ADatabaseThatCannotBeOpenedIsNamed) {
  EXPECT_THAT(
      OpenReceiveModule({.database = {.url = "sqlite:/dev/null/receive.db", .name = "receive"}})
          .status(),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/dev/null/receive.db")));
  EXPECT_THAT(OpenReceiveModule({.database = {.url = "mysql://x", .name = "receive"}}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace orderflow::receive
