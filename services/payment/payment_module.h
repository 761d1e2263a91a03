#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/rpc/module.h"
#include "services/payment/payment_options.h"
#include "services/payment/stripe_options.h"

namespace orderflow::payment {

struct PaymentModuleOptions {
  database::Options database;
  // "simulated" (SimulatedGateway says how it behaves) or "stripe".
  std::string gateway = "simulated";
  // The simulated provider's own database. Empty: beside ours, which is PATH.gateway for SQLite,
  // and tables of its own in the same database on PostgreSQL.
  std::string simulated_ledger;
  absl::Duration simulated_latency = absl::ZeroDuration();
  StripeOptions stripe;
  PaymentOptions payments;
  // The pause between two rounds of the settler.
  absl::Duration settle_pause = absl::Minutes(1);
  const Clock* clock = &SystemClock();  // borrowed
};

// The payment service, ready to be served: opens the databases (and brings their schemas up to
// date) and puts store, provider, domain, gRPC service and settler together. Errors are those of
// Database::Open; INVALID_ARGUMENT: an option, the message says which and what would be right.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenPaymentModule(PaymentModuleOptions options);

}  // namespace orderflow::payment
