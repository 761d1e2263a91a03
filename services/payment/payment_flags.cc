#include "services/payment/payment_flags.h"

#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/database/database_flags.h"
#include "common/settings/settings.h"

ABSL_FLAG(std::string, gateway, "simulated", "The payment provider: simulated or stripe.");
ABSL_FLAG(std::string, gateway_key_prefix, "orderflow",
          "What our keys at the provider begin with; differs between installations that share an "
          "account.");
ABSL_FLAG(absl::Duration, settle_after, absl::Minutes(15),
          "How long a payment may stay without an answer before it is undone; longer than any "
          "caller tries.");
ABSL_FLAG(absl::Duration, settle_pause, absl::Minutes(1),
          "The pause between two looks for payments to undo.");
ORDERFLOW_SECRET_FLAG(
    simulated_ledger, "",
    "Database of the simulated provider; empty: the file of --database with .gateway behind it, or "
    "on PostgreSQL the same database.");
ABSL_FLAG(absl::Duration, simulated_latency, absl::ZeroDuration(),
          "How long the simulated provider takes to answer.");
ORDERFLOW_SECRET_FLAG(stripe_secret_key, "", "The secret key of the Stripe account.");
ABSL_FLAG(std::string, stripe_url, "https://api.stripe.com",
          "Where Stripe's API is; https, or http to this machine.");
ABSL_FLAG(absl::Duration, stripe_timeout, absl::Seconds(20),
          "How long a call to Stripe may take; shorter than the callers' deadline.");

ABSL_FLAG(std::string, stripe_ca, "",
          "A PEM file with the authorities that vouch for Stripe. Empty: the system's.");

namespace orderflow::payment {

PaymentCoreOptions OptionsFromFlags() {
  return {.database = database::OptionsFromFlags("payment"),
          .gateway = absl::GetFlag(FLAGS_gateway),
          .simulated_ledger = absl::GetFlag(FLAGS_simulated_ledger),
          .simulated_latency = absl::GetFlag(FLAGS_simulated_latency),
          .stripe = {.secret_key = absl::GetFlag(FLAGS_stripe_secret_key),
                     .base_url = absl::GetFlag(FLAGS_stripe_url),
                     .timeout = absl::GetFlag(FLAGS_stripe_timeout),
                     .ca_file = absl::GetFlag(FLAGS_stripe_ca)},
          .payments = {.settle_after = absl::GetFlag(FLAGS_settle_after),
                       .gateway_key_prefix = absl::GetFlag(FLAGS_gateway_key_prefix)},
          .settle_pause = absl::GetFlag(FLAGS_settle_pause)};
}

}  // namespace orderflow::payment
