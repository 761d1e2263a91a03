#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/http/client.h"
#include "services/payment/payment_gateway.h"

namespace orderflow::payment {

// What an answer of Stripe's API means to a charge or a refund. Stripe's errors have a type
// (`card_error`, `invalid_request_error`, `idempotency_error`, `api_error`), most have a code,
// declines also a decline_code.
//
// Pure. Messages of the statuses here name Stripe's type, code and request, never what we sent.

enum class StripeVerdict {
  kAnswered,     // `answer` is final
  kOpen,         // the outcome is not known, or not yet
  kKeyMismatch,  // the key was used before for something else
  kKeyBusy,      // another request with the key is under way
};

struct StripeReading {
  StripeVerdict verdict = StripeVerdict::kOpen;
  GatewayAnswer answer;
  bool is_closing = false;     // the payment intent is one that Close has made
  absl::Status why;            // unless kAnswered: what to tell
  bool misconfigured = false;  // Stripe refuses us, not the card: somebody must look
};

// The answer to the creation of a payment intent.
StripeReading ReadPaymentIntent(const http::Response& response);

// The answer to a search for payment intents: that of the first one that is found, if any is.
// Non-OK: not known.
absl::StatusOr<std::optional<GatewayAnswer>> ReadSearch(const http::Response& response);

// The answer to the creation of a refund: OK if the money is on its way back, by this call or an
// earlier one.
absl::Status ReadRefund(const http::Response& response);

}  // namespace orderflow::payment
