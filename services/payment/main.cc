#include "common/rpc/server_flags.h"
#include "common/rpc/server_main.h"
#include "common/settings/settings.h"
#include "services/payment/payment_flags.h"
#include "services/payment/payment_module.h"

namespace {

constexpr char kUsage[] =
    "Charges and refunds: the gRPC service orderflow.payment.v1.PaymentService.\n\n"
    "Usage: orderflow-payment [flags]";

}  // namespace

int main(int argc, char** argv) {
  using namespace orderflow;
  rpc::SetServerFlagDefaults({.listen = "127.0.0.1:50053", .database = "sqlite:payment.db"});
  settings::ParseSettings(argc, argv, kUsage);
  return rpc::RunServer("payment",
                        [] { return payment::OpenPaymentModule(payment::OptionsFromFlags()); });
}
