#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace orderflow::payment {

// Where a payment is in its life. The numbers are stored, and are those of PaymentStatus of the
// contract.
enum class PaymentState : int64_t {
  kPending = 1,
  kCharged = 2,
  kDeclined = 3,
  kRefundPending = 4,
  kRefunded = 5,
};

// The legal steps of that life; all others are mistakes of ours.
constexpr bool IsLegalStep(PaymentState from, PaymentState to) {
  switch (from) {
    case PaymentState::kPending:
      return to == PaymentState::kCharged || to == PaymentState::kDeclined ||
             to == PaymentState::kRefundPending;
    case PaymentState::kCharged:
      return to == PaymentState::kRefundPending;
    case PaymentState::kRefundPending:
      return to == PaymentState::kRefunded;
    case PaymentState::kDeclined:
    case PaymentState::kRefunded:
      return false;
  }
  return false;
}

// A payment as the store keeps it.
struct PaymentRecord {
  std::string idempotency_key;
  std::string order_id;
  int64_t amount_minor = 0;
  std::string currency;
  std::string request_hash;   // SHA-256 of what was asked for, the token included
  std::string payment_token;  // a secret, kept only while kPending: the provider must be asked for
                              // the very same again
  PaymentState state = PaymentState::kPending;
  std::string gateway_reference;
  std::string decline_reason;
  absl::Time create_time;
  absl::Time update_time;
};

}  // namespace orderflow::payment
