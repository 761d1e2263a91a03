#pragma once

#include <string>

#include "absl/time/time.h"

namespace orderflow::payment {

struct PaymentOptions {
  // How long a payment may stay without an answer before the settler undoes it: longer than any
  // caller tries.
  absl::Duration settle_after = absl::Minutes(15);
  // What keys at the provider begin with, so that several installations can share a provider's
  // account. 1 to 64 characters of A-Z a-z 0-9 . _ -.
  std::string gateway_key_prefix = "orderflow";
};

}  // namespace orderflow::payment
