#include "services/payment/payment_errors.h"

#include <utility>

#include "common/base/quote.h"
#include "common/base/status.h"

namespace orderflow::payment {
namespace {

absl::Status Error(absl::Status status, const char* reason, const std::string& idempotency_key) {
  return WithErrorInfo(std::move(status), {.reason = reason,
                                           .domain = "payment.orderflow",
                                           .metadata = {{"idempotency_key", idempotency_key}}});
}

}  // namespace

absl::Status GatewayUnavailableError(const absl::Status& cause) {
  return WithErrorInfo(
      absl::UnavailableError("the payment provider gave no answer: " +
                             std::string(cause.message())),
      {.reason = "PAYMENT_GATEWAY_UNAVAILABLE", .domain = "payment.orderflow", .metadata = {}});
}

absl::Status PaymentNotFoundError(const std::string& order_id, const std::string& idempotency_key) {
  return Error(absl::NotFoundError("order " + Quote(order_id) + " has no payment under key " +
                                   Quote(idempotency_key)),
               "PAYMENT_NOT_FOUND", idempotency_key);
}

absl::Status ChargeMismatchError(const std::string& idempotency_key) {
  return Error(absl::AlreadyExistsError("key " + Quote(idempotency_key) +
                                        " was used for another order, amount, currency or token"),
               "CHARGE_MISMATCH", idempotency_key);
}

absl::Status PaymentNotChargedError(const std::string& idempotency_key,
                                    const std::string& decline_reason) {
  return Error(
      absl::FailedPreconditionError("nothing was charged under key " + Quote(idempotency_key) +
                                    ": declined as " + Quote(decline_reason)),
      "PAYMENT_NOT_CHARGED", idempotency_key);
}

absl::Status PaymentRefundedError(const std::string& idempotency_key) {
  return Error(
      absl::FailedPreconditionError("the charge under key " + Quote(idempotency_key) +
                                    " is being or was refunded; a new charge needs a new key"),
      "PAYMENT_REFUNDED", idempotency_key);
}

}  // namespace orderflow::payment
