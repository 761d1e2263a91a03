#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/module.h"
#include "services/payment/payment_core.h"

namespace orderflow::payment {

// The payment service, ready to be served: PaymentCore behind gRPC, and the settler of abandoned
// payments. Errors are those of PaymentCore::Open.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenPaymentModule(PaymentCoreOptions options);

}  // namespace orderflow::payment
