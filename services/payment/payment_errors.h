#pragma once

#include <string>

#include "absl/status/status.h"

namespace orderflow::payment {

// The errors of the contract, with their google.rpc.ErrorInfo in the domain "payment.orderflow".

// UNAVAILABLE, PAYMENT_GATEWAY_UNAVAILABLE: whatever the provider's failure was, the caller's part
// is to try again.
absl::Status GatewayUnavailableError(const absl::Status& cause);
// NOT_FOUND, PAYMENT_NOT_FOUND.
absl::Status PaymentNotFoundError(const std::string& order_id, const std::string& idempotency_key);
// ALREADY_EXISTS, CHARGE_MISMATCH.
absl::Status ChargeMismatchError(const std::string& idempotency_key);
// FAILED_PRECONDITION, PAYMENT_NOT_CHARGED.
absl::Status PaymentNotChargedError(const std::string& idempotency_key,
                                    const std::string& decline_reason);
// FAILED_PRECONDITION, PAYMENT_REFUNDED.
absl::Status PaymentRefundedError(const std::string& idempotency_key);

}  // namespace orderflow::payment
