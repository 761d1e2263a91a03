#include "services/payment/payment_module.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/periodic_task.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/metrics/database_metrics.h"
#include "services/payment/payment_service.h"

namespace orderflow::payment {
namespace {

// Of the settler, before it makes its pause.
constexpr int kMaxRounds = 32;

class PaymentModule final : public rpc::Module {
 public:
  PaymentModule(std::unique_ptr<PaymentCore> core, absl::Duration settle_pause)
      : core_(std::move(core)),
        service_(core_->payments()),
        settled_(metrics::Default().AddCounter(
            "orderflow_payments_settled_total",
            "Payments without an answer that the settler brought to an end.")),
        metrics_(metrics::ExportStatistics(core_->database(), "payment")) {
    if (core_->ledger() != nullptr) {
      for (auto& registration : metrics::ExportStatistics(*core_->ledger(), "payment_gateway")) {
        metrics_.push_back(std::move(registration));
      }
    }
    ExportOpen();
    settler_.emplace(settle_pause,
                     [this](PeriodicTask::Done done) { Settle(kMaxRounds, std::move(done)); });
  }

  std::string name() const override { return "payment"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override { core_->database().Check(std::move(done)); }
  void Stop() override {
    settler_.reset();
    metrics_.clear();
    core_.reset();  // waits for the calls that are under way
  }

 private:
  // Rounds while there is more to do than fits one, but not for ever: Stop waits for the end of it.
  // Then the count of what is left.
  void Settle(int rounds, PeriodicTask::Done done) {
    core_->payments().SettleAbandoned(
        [this, rounds, done = std::move(done)](absl::StatusOr<int64_t> settled) mutable {
          OnSettled(settled);
          const bool more = settled.ok() && *settled == Payments::kSettleBatch;
          if (more && rounds > 1) return Settle(rounds - 1, std::move(done));
          CountOpen(std::move(done));
        });
  }

  void CountOpen(PeriodicTask::Done done) {
    core_->store().CountOpen(
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
          return oldest ? std::max(absl::ToDoubleSeconds(core_->clock().Now() - *oldest), 0.0)
                        : 0.0;
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

  std::unique_ptr<PaymentCore> core_;
  PaymentService service_;
  metrics::Counter& settled_;
  mutable Mutex mutex_;
  PaymentStore::Open open_ ABSL_GUARDED_BY(mutex_);  // when they were counted last
  std::vector<metrics::Registration> metrics_;
  std::optional<PeriodicTask> settler_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Module>> OpenPaymentModule(PaymentCoreOptions options) {
  ORDERFLOW_ASSIGN_OR_RETURN(auto core, PaymentCore::Open(options));
  return std::make_unique<PaymentModule>(std::move(core), options.settle_pause);
}

}  // namespace orderflow::payment
