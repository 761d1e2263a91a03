#include <memory>
#include <utility>

#include "common/base/await.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "lambda/function_main.h"
#include "lambda/task.h"
#include "services/payment/payment_core.h"
#include "services/payment/payment_flags.h"

namespace orderflow::payment {
namespace {

// A round of the settler that begins later would hardly come to its end.
constexpr std::chrono::seconds kTimeOfARound(5);

class PaymentFunctions final : public lambda::Functions {
 public:
  explicit PaymentFunctions(std::unique_ptr<PaymentCore> core) : core_(std::move(core)) {}

  const std::map<std::string, lambda::Handler>& handlers() const override { return handlers_; }

  // Settles what was abandoned, round after round while there is more to do than fits one.
  absl::StatusOr<json::Value> RunBackgroundWork(lambda::Instant deadline) override {
    int64_t settled = 0;
    int64_t round = 0;
    do {
      ORDERFLOW_ASSIGN_OR_RETURN(round, AwaitUntil<int64_t>(deadline, [this](auto done) {
                                   core_->payments().SettleAbandoned(std::move(done));
                                 }));
      settled += round;
    } while (round == Payments::kSettleBatch &&
             std::chrono::steady_clock::now() + kTimeOfARound < deadline);
    if (settled > 0) logging::Info("abandoned payments settled", {{"count", settled}});
    return json::Value::Object({{"settled_payments", settled}});
  }

 private:
  const std::unique_ptr<PaymentCore> core_;
  const std::map<std::string, lambda::Handler> handlers_ = {
      {"ChargePayment", lambda::TaskHandler<v1::ChargePaymentRequest, v1::ChargePaymentResponse>(
                            [this](const auto& request, auto done) {
                              core_->payments().ChargePayment(request, std::move(done));
                            })},
      {"RefundPayment", lambda::TaskHandler<v1::RefundPaymentRequest, v1::RefundPaymentResponse>(
                            [this](const auto& request, auto done) {
                              core_->payments().RefundPayment(request, std::move(done));
                            })}};
};

absl::StatusOr<std::unique_ptr<lambda::Functions>> Open() {
  PaymentCoreOptions options = OptionsFromFlags();
  if (options.stripe.ca_file.empty()) options.stripe.ca_file = lambda::PackagedCertificates();
  ORDERFLOW_ASSIGN_OR_RETURN(auto core, PaymentCore::Open(options));
  return std::make_unique<PaymentFunctions>(std::move(core));
}

}  // namespace
}  // namespace orderflow::payment

int main(int argc, char** argv) {
  return orderflow::lambda::RunFunction(argc, argv, "payment", &orderflow::payment::Open);
}
