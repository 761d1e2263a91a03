#include "services/payment/payment_module.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/periodic_task.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/metrics/database_metrics.h"
#include "services/payment/payment.h"
#include "services/payment/payment_service.h"
#include "services/payment/payment_store.h"
#include "services/payment/simulated_gateway.h"
#include "services/payment/stripe_gateway.h"

namespace orderflow::payment {
namespace {

// Of the settler, before it makes its pause.
constexpr int kMaxRounds = 32;

// A provider and, where it is ours to simulate, its ledger.
struct Provider {
  std::unique_ptr<database::Database> ledger;
  std::unique_ptr<PaymentGateway> gateway;
};

class PaymentModule final : public rpc::Module {
 public:
  PaymentModule(std::unique_ptr<database::Database> database, Provider provider,
                const PaymentModuleOptions& options)
      : provider_(std::move(provider)),
        database_(std::move(database)),
        store_(*database_),
        clock_(*options.clock),
        payments_(std::in_place, store_, *provider_.gateway, *options.clock, options.payments),
        service_(*payments_),
        settled_(metrics::Default().AddCounter(
            "orderflow_payments_settled_total",
            "Payments without an answer that the settler brought to an end.")),
        metrics_(metrics::ExportStatistics(*database_, "payment")) {
    if (provider_.ledger != nullptr) {
      for (auto& registration : metrics::ExportStatistics(*provider_.ledger, "payment_gateway")) {
        metrics_.push_back(std::move(registration));
      }
    }
    ExportOpen();
    settler_.emplace(options.settle_pause,
                     [this](PeriodicTask::Done done) { Settle(kMaxRounds, std::move(done)); });
  }

  std::string name() const override { return "payment"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override { database_->Check(std::move(done)); }
  void Stop() override {
    settler_.reset();
    metrics_.clear();
    payments_.reset();  // waits for the calls that are under way
    provider_.gateway.reset();
    provider_.ledger.reset();
    database_.reset();
  }

 private:
  // Rounds while there is more to do than fits one, but not for ever: Stop waits for the end of it.
  // Then the count of what is left.
  void Settle(int rounds, PeriodicTask::Done done) {
    payments_->SettleAbandoned(
        [this, rounds, done = std::move(done)](absl::StatusOr<int64_t> settled) mutable {
          OnSettled(settled);
          const bool more = settled.ok() && *settled == Payments::kSettleBatch;
          if (more && rounds > 1) return Settle(rounds - 1, std::move(done));
          CountOpen(std::move(done));
        });
  }

  void CountOpen(PeriodicTask::Done done) {
    store_.CountOpen(
        [this, done = std::move(done)](absl::StatusOr<PaymentStore::Open> open) mutable {
          if (open.ok()) {
            MutexLock lock(mutex_);
            open_ = *open;
          }
          std::move(done)();
        });
  }

  PaymentStore::Open open() const {
    MutexLock lock(mutex_);
    return open_;
  }

  void ExportOpen() {
    metrics_.push_back(metrics::Default().AddCallback(
        metrics::Kind::kGauge, "orderflow_payments_open",
        "Payments whose charge or refund has no known outcome yet, counted every --settle_pause.",
        {}, [this] { return static_cast<double>(open().count); }));
    metrics_.push_back(metrics::Default().AddCallback(
        metrics::Kind::kGauge, "orderflow_payments_open_oldest_age_seconds",
        "How long the oldest of these has had no known outcome; 0 if there is none.", {}, [this] {
          const std::optional<absl::Time> oldest = open().oldest;
          return oldest ? std::max(absl::ToDoubleSeconds(clock_.Now() - *oldest), 0.0) : 0.0;
        }));
  }

  void OnSettled(const absl::StatusOr<int64_t>& settled) {
    if (!settled.ok())
      return logging::Warning("settling failed",
                              {{"error", std::string(settled.status().message())}});
    if (*settled == 0) return;
    settled_.Add(*settled);
    logging::Info("abandoned payments settled", {{"count", *settled}});
  }

  Provider provider_;
  std::unique_ptr<database::Database> database_;
  PaymentStore store_;
  const Clock& clock_;
  std::optional<Payments> payments_;
  PaymentService service_;
  metrics::Counter& settled_;
  mutable Mutex mutex_;
  PaymentStore::Open open_ ABSL_GUARDED_BY(mutex_);  // when they were counted last
  std::vector<metrics::Registration> metrics_;
  std::optional<PeriodicTask> settler_;
};

bool IsPostgres(const std::string& url) {
  return url.compare(0, 13, "postgresql://") == 0 || url.compare(0, 11, "postgres://") == 0;
}

std::string LedgerUrl(const PaymentModuleOptions& options) {
  const std::string& url = options.database.url;
  if (!options.simulated_ledger.empty()) return options.simulated_ledger;
  return IsPostgres(url) || url == "sqlite::memory:" ? url : url + ".gateway";
}

absl::StatusOr<Provider> OpenProvider(const PaymentModuleOptions& options) {
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

absl::Status Validate(const PaymentModuleOptions& options) {
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

absl::StatusOr<std::unique_ptr<rpc::Module>> OpenPaymentModule(PaymentModuleOptions options) {
  ORDERFLOW_RETURN_IF_ERROR(Validate(options));
  ORDERFLOW_ASSIGN_OR_RETURN(Provider provider, OpenProvider(options));
  ORDERFLOW_ASSIGN_OR_RETURN(
      auto database, database::Database::Open(options.database, PaymentStore::Migrations()));
  return std::make_unique<PaymentModule>(std::move(database), std::move(provider), options);
}

}  // namespace orderflow::payment
