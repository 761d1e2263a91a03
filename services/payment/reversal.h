#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "services/payment/payment_gateway.h"
#include "services/payment/payment_store.h"

namespace orderflow::payment {

// The charge of a payment as the provider is asked for it, each time.
GatewayCharge ToGatewayCharge(const std::string& key_prefix, const PaymentRecord& record);

// A payment of unknown outcome that turned out not to have happened, and now never will: the reason
// of its decline.
inline constexpr char kAbandoned[] = "abandoned";

// Brings payments to an end in which the customer keeps the money: a pending one is asked for by
// its key first (an unknown outcome is not a failure), a charged one is refunded. Every step is
// recorded before the next, so a reversal that stops anywhere is taken up again from its record.
//
// Thread-safe. Borrows all it is given.
class Reversals {
 public:
  struct Options {
    std::string gateway_key_prefix;
    // When the settler takes up a refund that got stuck.
    absl::Duration refund_look_again = absl::Minutes(1);
  };
  enum class OfCharged {
    kRefund,  // somebody wants the money back
    kLeave,   // it was charged after all, and somebody has been told so
  };

  Reversals(PaymentStore& store, PaymentGateway& gateway, const Clock& clock, Options options)
      : store_(store), gateway_(gateway), clock_(clock), options_(std::move(options)) {}

  // Goes on from `record` until it is kDeclined or kRefunded, or kCharged and to be left. Answers
  // the record then. A status: a step failed, and what is recorded stands.
  void Run(PaymentRecord record, OfCharged of_charged, Callback<PaymentRecord> done);

 private:
  class Reversal;

  PaymentStore& store_;
  PaymentGateway& gateway_;
  const Clock& clock_;
  const Options options_;
};

}  // namespace orderflow::payment
