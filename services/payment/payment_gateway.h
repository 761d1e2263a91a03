#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/base/callback.h"

namespace orderflow::payment {

// A charge as the provider is asked for it. The whole of it must be the same each time under one
// key.
struct GatewayCharge {
  std::string key;  // at most 255 characters; names the charge at the provider
  std::string order_id;
  int64_t amount_minor = 0;
  std::string currency;
  std::string payment_token;  // a secret; empty: the provider's default
  absl::Time first_asked;     // or a little earlier; providers forget keys after a while
};

// What became of a charge.
struct GatewayAnswer {
  enum class Outcome {
    kCharged,     // the money was taken; `reference` names the charge at the provider
    kDeclined,    // the provider said no, for good; `decline_reason` says why
    kNotCharged,  // nothing was taken, and nothing will be under this key
  };
  Outcome outcome = Outcome::kNotCharged;
  std::string reference;
  std::string decline_reason;
};

// A charge to give back, whole.
struct GatewayRefund {
  std::string key;  // names the refund at the provider
  std::string charge_key;
  std::string charge_reference;
};

// A payment provider, which is somebody else's system: calls get lost on the way there and on the
// way back. What makes that bearable is the key: whatever was asked under it before, asking again
// changes nothing and gets the same answer.
//
// An answer that is no OK, whatever its code, means that the outcome is not known: ask again with
// the same arguments. Its message goes to logs and callers, so it never contains a token or a
// credential.
//
// Thread-safe. Every call answers within a time that the implementation bounds, on a thread of its
// own choosing that must not be blocked, possibly before it returns.
class PaymentGateway {
 public:
  virtual ~PaymentGateway() = default;

  // Takes the money, once per key. kNotCharged only after a Close of the key.
  virtual void Charge(const GatewayCharge& charge, Callback<GatewayAnswer> done) = 0;

  // Finds out what became of the charge under its key, and where nothing was taken sees to it that
  // nothing will be: a Charge that is still under way, or that a process sends that was asleep for
  // an hour, takes no money any more. `charge` must be what Charge was given.
  virtual void Close(const GatewayCharge& charge, Callback<GatewayAnswer> done) = 0;

  // Gives a charge back, once per key.
  virtual void Refund(const GatewayRefund& refund, StatusCallback done) = 0;
};

}  // namespace orderflow::payment
