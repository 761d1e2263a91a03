#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "services/payment/payment.h"
#include "services/payment/payment_gateway.h"
#include "services/payment/payment_options.h"
#include "services/payment/payment_store.h"
#include "services/payment/stripe_options.h"

namespace orderflow::payment {

struct PaymentCoreOptions {
  database::Options database;
  // "simulated" (SimulatedGateway says how it behaves) or "stripe".
  std::string gateway = "simulated";
  // The simulated provider's own database. Empty: beside ours, which is PATH.gateway for SQLite,
  // and tables of its own in the same database on PostgreSQL.
  std::string simulated_ledger;
  absl::Duration simulated_latency = absl::ZeroDuration();
  StripeOptions stripe;
  PaymentOptions payments;
  // The pause between two rounds of a server's settler.
  absl::Duration settle_pause = absl::Minutes(1);
  const Clock* clock = &SystemClock();  // borrowed
};

// The payment service without a face: databases, provider and domain, put together for the gRPC
// server and the Lambda functions. When abandoned payments are settled is up to those.
//
// Thread-safe. The destructor waits for the calls that are under way.
class PaymentCore {
 public:
  // Opens the databases and brings their schemas up to date. Errors are those of Database::Open;
  // INVALID_ARGUMENT: an option, the message says which and what would be right.
  static absl::StatusOr<std::unique_ptr<PaymentCore>> Open(const PaymentCoreOptions& options);
  ~PaymentCore();

  const Clock& clock() const { return clock_; }
  database::Database& database() { return *database_; }
  // The simulated provider's; null for a real one.
  database::Database* ledger() { return provider_.ledger.get(); }
  PaymentStore& store() { return store_; }
  Payments& payments() { return *payments_; }

 private:
  // A provider and, where it is ours to simulate, its ledger.
  struct Provider {
    std::unique_ptr<database::Database> ledger;
    std::unique_ptr<PaymentGateway> gateway;
  };

  PaymentCore(std::unique_ptr<database::Database> database, Provider provider,
              const PaymentCoreOptions& options);
  static absl::StatusOr<Provider> OpenProvider(const PaymentCoreOptions& options);

  Provider provider_;
  std::unique_ptr<database::Database> database_;
  PaymentStore store_;
  const Clock& clock_;
  std::optional<Payments> payments_;
};

}  // namespace orderflow::payment
