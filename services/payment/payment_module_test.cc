// The module as servers embed it: the whole chain from the socket to the simulated provider's
// ledger.

#include "services/payment/payment_module.h"

#include <grpcpp/grpcpp.h>

#include <string>

#include "common/base/await.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "common/rpc/status.h"
#include "orderflow/payment/v1/payment.grpc.pb.h"
#include "services/payment/simulated_gateway.h"

namespace orderflow::payment {
namespace {

using ::testing::HasSubstr;

// A server with nothing but the module on a free port, and a client.
class Served {
 public:
  explicit Served(PaymentCoreOptions options) {
    auto opened = OpenPaymentModule(std::move(options));
    EXPECT_THAT(opened, IsOk());
    module_ = *std::move(opened);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    for (grpc::Service* service : module_->services()) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    stub_ = v1::PaymentService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                            grpc::InsecureChannelCredentials()));
  }
  ~Served() {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    module_->Stop();
  }

  rpc::Module& module() { return *module_; }
  absl::StatusOr<v1::ChargePaymentResponse> Charge(const std::string& order,
                                                   const std::string& token) {
    grpc::ClientContext context;
    v1::ChargePaymentRequest request;
    request.set_order_id(order);
    request.set_amount_minor(1999);
    request.set_currency("EUR");
    request.set_payment_token(token);
    v1::ChargePaymentResponse response;
    const grpc::Status status = stub_->ChargePayment(&context, request, &response);
    if (!status.ok()) return rpc::FromGrpcStatus(status);
    return response;
  }

 private:
  std::unique_ptr<rpc::Module> module_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::PaymentService::Stub> stub_;
};

class PaymentModuleTest : public ::testing::TestWithParam<database::TestBackend> {
 protected:
  PaymentCoreOptions Options() const {
    PaymentCoreOptions options;
    options.database = {.url = url_, .name = "payment"};
    return options;
  }
  // What the simulated provider has on its books, seen from outside.
  int64_t MoneyTaken() const {
    const std::string url =
        GetParam() == database::TestBackend::kPostgres ? url_ : url_ + ".gateway";
    auto ledger = database::Database::Open({.url = url, .name = "payment_gateway"},
                                           SimulatedGateway::Migrations());
    ORDERFLOW_CHECK(ledger.ok());
    int64_t count = -1;
    EXPECT_THAT(database::Read(**ledger,
                               [&](database::Transaction& txn) -> absl::Status {
                                 auto rows = txn.Query(
                                     "SELECT COUNT(*) FROM gateway_charges WHERE outcome = 1", {});
                                 if (rows.ok()) count = rows->at(0).Int(0);
                                 return rows.status();
                               }),
                IsOk());
    return count;
  }

  const std::string url_ = database::NewTestUrl(GetParam());
};

TEST_P(PaymentModuleTest, LostAnswersAndRestartsLeaveOneCharge) {
  for (int start = 0; start < 2; ++start) {
    Served served(Options());
    EXPECT_THAT(
        AwaitStatus([&](StatusCallback done) { served.module().CheckReady(std::move(done)); }),
        IsOk());
    const auto lost = served.Charge("order-1", "tok_error_after");
    EXPECT_THAT(lost, StatusIs(absl::StatusCode::kUnavailable));
    ASSERT_TRUE(GetErrorInfo(lost.status()).has_value());
    EXPECT_EQ(GetErrorInfo(lost.status())->reason, "PAYMENT_GATEWAY_UNAVAILABLE");
  }
  {
    Served served(Options());
    const auto answer = served.Charge("order-1", "tok_error_after");
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(answer->payment_status(), "charged");
    EXPECT_EQ(served.Charge("order-2", "tok_insufficient_funds")->decline_reason(),
              "insufficient_funds");
  }
  EXPECT_EQ(MoneyTaken(), 1);
}

INSTANTIATE_TEST_SUITE_P(Databases, PaymentModuleTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

TEST(PaymentModuleOptionsTest, BadOptionsAreNamed) {
  PaymentCoreOptions good;
  good.database = {.url = "sqlite::memory:", .name = "payment"};
  const auto refusal = [](const PaymentCoreOptions& options) {
    const auto opened = OpenPaymentModule(options);
    EXPECT_THAT(opened, StatusIs(absl::StatusCode::kInvalidArgument));
    return std::string(opened.status().message());
  };
  PaymentCoreOptions options = good;
  options.gateway = "paypal";
  EXPECT_THAT(refusal(options), HasSubstr("\"paypal\""));
  options.gateway = "stripe";
  EXPECT_THAT(refusal(options), HasSubstr("secret key"));
  options = good;
  options.payments.gateway_key_prefix = "it's";
  EXPECT_THAT(refusal(options), HasSubstr("gateway_key_prefix"));
  options = good;
  options.payments.settle_after = absl::ZeroDuration();
  EXPECT_THAT(refusal(options), HasSubstr("settle_after"));
  options = good;
  options.simulated_latency = -absl::Seconds(1);
  EXPECT_THAT(refusal(options), HasSubstr("simulated_latency"));
}

}  // namespace
}  // namespace orderflow::payment
