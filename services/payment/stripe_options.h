#pragma once

#include <string>

#include "absl/time/time.h"

namespace orderflow::payment {

struct StripeOptions {
  // A secret: the account's key, such as "sk_live_...".
  std::string secret_key;
  // https, or http to this machine for tests.
  std::string base_url = "https://api.stripe.com";
  // How long one call may take, connecting included. Shorter than the callers' deadline, so that
  // they get our answer.
  absl::Duration timeout = absl::Seconds(20);
  // A PEM file with the authorities that vouch for Stripe. Empty: the system's.
  std::string ca_file;
};

}  // namespace orderflow::payment
