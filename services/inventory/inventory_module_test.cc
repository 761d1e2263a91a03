// The module as servers embed it: what its options do, and its RPCs from the other end of a socket.

#include "services/inventory/inventory_module.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/await.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "common/rpc/status.h"
#include "orderflow/inventory/v1/inventory.grpc.pb.h"

namespace orderflow::inventory {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// A server with nothing but the module on a free port, and a client.
class Served {
 public:
  explicit Served(InventoryOptions options) {
    auto opened = OpenInventoryModule(std::move(options));
    EXPECT_THAT(opened, IsOk());
    module_ = *std::move(opened);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    for (grpc::Service* service : module_->services()) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    stub_ = v1::InventoryService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                              grpc::InsecureChannelCredentials()));
  }
  ~Served() {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    module_->Stop();
  }

  rpc::Module& module() { return *module_; }
  absl::StatusOr<v1::Stock> GetStock(const std::string& product) {
    grpc::ClientContext context;
    v1::GetStockRequest request;
    request.set_product_id(product);
    v1::GetStockResponse response;
    const grpc::Status status = stub_->GetStock(&context, request, &response);
    if (!status.ok()) return rpc::FromGrpcStatus(status);
    return response.stock();
  }
  absl::StatusOr<v1::CheckInventoryResponse> Check(const std::string& order,
                                                   const std::string& product) {
    grpc::ClientContext context;
    v1::CheckInventoryRequest request;
    request.set_order_id(order);
    request.set_product_id(product);
    request.set_quantity(1);
    v1::CheckInventoryResponse response;
    const grpc::Status status = stub_->CheckInventory(&context, request, &response);
    if (!status.ok()) return rpc::FromGrpcStatus(status);
    return response;
  }

 private:
  std::unique_ptr<rpc::Module> module_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::InventoryService::Stub> stub_;
};

InventoryOptions WithCatalog(const std::string& url) {
  InventoryOptions options;
  options.database = {.url = url, .name = "inventory"};
  options.catalog = "services/inventory/catalog.json";
  return options;
}

TEST(InventoryModuleTest, TheCatalogIsForSaleFromTheFirstStartOnAndLoadedOnce) {
  const std::string url = database::NewTestUrl(database::TestBackend::kSqliteFile);
  {
    Served served(WithCatalog(url));
    EXPECT_THAT(
        AwaitStatus([&](StatusCallback done) { served.module().CheckReady(std::move(done)); }),
        IsOk());
    EXPECT_EQ(served.Check("order-1", "sku-rare")->inventory_status(), "available");
  }
  Served served(WithCatalog(url));
  EXPECT_EQ(served.GetStock("sku-rare")->available_quantity(), 2);
}

TEST(InventoryModuleTest, ErrorsArriveWithTheirDetails) {
  Served served(WithCatalog(database::NewTestUrl(database::TestBackend::kSqliteFile)));
  const auto unknown = served.GetStock("sku-unknown");
  EXPECT_THAT(unknown, StatusIs(absl::StatusCode::kNotFound));
  ASSERT_TRUE(GetErrorInfo(unknown.status()).has_value());
  EXPECT_EQ(GetErrorInfo(unknown.status())->reason, "PRODUCT_NOT_FOUND");
  const auto bad = served.Check("a/b", "sku 1");
  EXPECT_THAT(bad, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(GetFieldViolations(bad.status()).size(), 2u);
}

TEST(InventoryModuleTest, ABadCatalogKeepsTheServerFromStarting) {
  const std::string url = database::NewTestUrl(database::TestBackend::kSqliteFile);
  InventoryOptions options = WithCatalog(url);
  options.catalog = ::testing::TempDir() + "/" + std::to_string(getpid()) + "bad_catalog.json";
  std::ofstream(options.catalog) << R"({"products": [{"product_id": "sku-001"}]})";
  EXPECT_THAT(OpenInventoryModule(options),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("bad_catalog.json:1: products[0].currency")));
  std::filesystem::remove(options.catalog);
  Served served(WithCatalog(url));
  EXPECT_THAT(served.GetStock("sku-001"), IsOk())
      << "a catalog that was refused must not count as loaded";
}

TEST(InventoryModuleTest, ANegativeTimeIsRefused) {
  InventoryOptions options = WithCatalog("sqlite::memory:");
  options.reservation_ttl = -absl::Seconds(1);
  EXPECT_THAT(OpenInventoryModule(options), StatusIs(absl::StatusCode::kInvalidArgument));
  options = WithCatalog("sqlite::memory:");
  EXPECT_THAT(OpenInventoryModule(options, {.low_stock = -1}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("low_stock")));
}

TEST(InventoryModuleTest, TheMetricsAreRightFromTheStart) {
  const std::string url = database::NewTestUrl(database::TestBackend::kSqliteFile);
  {
    Served served(WithCatalog(url));
    EXPECT_THAT(metrics::Default().Text(),
                AllOf(HasSubstr("orderflow_stock_products 5\n"),
                      HasSubstr("orderflow_stock_products_low 2\n"),
                      HasSubstr("orderflow_stock_products_sold_out 1\n"),
                      HasSubstr("orderflow_stock_low_available_units{product_id=\"sku-gone\"} 0\n"
                                "orderflow_stock_low_available_units{product_id=\"sku-rare\"} 3\n"),
                      HasSubstr("orderflow_reservations_open 0\n"),
                      HasSubstr("orderflow_reservations_open_oldest_age_seconds 0\n")));
    EXPECT_THAT(served.Check("order-1", "sku-rare"), IsOk());
  }
  FakeClock clock(absl::Now() + absl::Hours(1));
  InventoryOptions options = WithCatalog(url);
  options.clock = &clock;
  Served served(options);
  EXPECT_THAT(metrics::Default().Text(),
              AllOf(HasSubstr("{product_id=\"sku-rare\"} 2\n"),
                    HasSubstr("orderflow_stock_reserved_units 1\n"),
                    HasSubstr("orderflow_reservations_open 1\n"),
                    ContainsRegex("orderflow_reservations_open_oldest_age_seconds 3[0-9]{3}")));
}

}  // namespace
}  // namespace orderflow::inventory
