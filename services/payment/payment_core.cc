#include "services/payment/payment_core.h"

#include <utility>

#include "common/base/quote.h"
#include "common/base/status.h"
#include "services/payment/simulated_gateway.h"
#include "services/payment/stripe_gateway.h"

namespace orderflow::payment {
namespace {

bool IsPostgres(const std::string& url) {
  return url.compare(0, 13, "postgresql://") == 0 || url.compare(0, 11, "postgres://") == 0;
}

std::string LedgerUrl(const PaymentCoreOptions& options) {
  const std::string& url = options.database.url;
  if (!options.simulated_ledger.empty()) return options.simulated_ledger;
  return IsPostgres(url) || url == "sqlite::memory:" ? url : url + ".gateway";
}

absl::Status Validate(const PaymentCoreOptions& options) {
  if (options.payments.settle_after <= absl::ZeroDuration() ||
      options.settle_pause <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("settle_after and settle_pause must be positive");
  }
  if (options.simulated_latency < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("simulated_latency must not be negative");
  }
  const std::string& prefix = options.payments.gateway_key_prefix;
  for (const char c : prefix) {
    const bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    if (!good) {
      return absl::InvalidArgumentError("gateway_key_prefix is " + Quote(prefix) +
                                        "; allowed are A-Z a-z 0-9 . _ -");
    }
  }
  if (prefix.empty() || prefix.size() > 64) {
    return absl::InvalidArgumentError("gateway_key_prefix must have 1 to 64 characters");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PaymentCore::Provider> PaymentCore::OpenProvider(const PaymentCoreOptions& options) {
  Provider provider;
  if (options.gateway == "simulated") {
    database::Options ledger = options.database;
    ledger.url = LedgerUrl(options);
    ledger.name = "payment_gateway";
    if (!options.simulated_ledger.empty()) ledger.setting = "--simulated_ledger";
    ORDERFLOW_ASSIGN_OR_RETURN(
        provider.ledger,
        database::Database::Open(std::move(ledger), SimulatedGateway::Migrations()));
    provider.gateway = std::make_unique<SimulatedGateway>(*provider.ledger, *options.clock,
                                                          options.simulated_latency);
    return provider;
  }
  if (options.gateway == "stripe") {
    ORDERFLOW_ASSIGN_OR_RETURN(provider.gateway,
                               StripeGateway::Create(options.stripe, *options.clock));
    return provider;
  }
  return absl::InvalidArgumentError("gateway is " + Quote(options.gateway) +
                                    "; must be \"simulated\" or \"stripe\"");
}

absl::StatusOr<std::unique_ptr<PaymentCore>> PaymentCore::Open(const PaymentCoreOptions& options) {
  ORDERFLOW_RETURN_IF_ERROR(Validate(options));
  ORDERFLOW_ASSIGN_OR_RETURN(Provider provider, OpenProvider(options));
  ORDERFLOW_ASSIGN_OR_RETURN(
      auto database, database::Database::Open(options.database, PaymentStore::Migrations()));
  return std::unique_ptr<PaymentCore>(
      new PaymentCore(std::move(database), std::move(provider), options));
}

PaymentCore::PaymentCore(std::unique_ptr<database::Database> database, Provider provider,
                         const PaymentCoreOptions& options)
    : provider_(std::move(provider)),
      database_(std::move(database)),
      store_(*database_),
      clock_(*options.clock),
      payments_(std::in_place, store_, *provider_.gateway, *options.clock, options.payments) {}

PaymentCore::~PaymentCore() {
  payments_.reset();  // waits for the calls that are under way
  provider_.gateway.reset();
  provider_.ledger.reset();
  database_.reset();
}

}  // namespace orderflow::payment
