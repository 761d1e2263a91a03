#include "services/email/email_module.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/periodic_task.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/metrics/database_metrics.h"
#include "common/metrics/metrics.h"
#include "services/email/email_service.h"

namespace orderflow::email {
namespace {

// How late a caller's "queued" may come.
constexpr absl::Duration kAnswerPause = absl::Milliseconds(100);
// How old the counts of the metrics may be.
constexpr absl::Duration kCountPause = absl::Seconds(10);

class EmailModule final : public rpc::Module {
 public:
  EmailModule(std::unique_ptr<EmailCore> core, absl::Duration deliver_pause)
      : core_(std::move(core)), service_(core_->emails()) {
    ExportMetrics();
    StartTasks(deliver_pause);
  }
  ~EmailModule() override { EmailModule::Stop(); }

  std::string name() const override { return "email"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override { core_->database().Check(std::move(done)); }

  void Stop() override {
    if (core_ == nullptr) return;
    stopping_ = true;
    core_->transport().Shutdown();  // answers what the tasks may wait for
    count_task_.reset();
    deliver_task_.reset();
    answer_task_.reset();
    metrics_.clear();
    core_.reset();
  }

 private:
  void StartTasks(absl::Duration deliver_pause) {
    answer_task_.emplace(kAnswerPause, [this](PeriodicTask::Done done) {
      core_->emails().AnswerOverdue();
      std::move(done)();
    });
    deliver_task_.emplace(deliver_pause,
                          [this](PeriodicTask::Done done) { DeliverAllDue(std::move(done)); });
    count_task_.emplace(kCountPause, [this](PeriodicTask::Done done) { Count(std::move(done)); });
  }

  // Batch after batch, until nothing is due.
  void DeliverAllDue(PeriodicTask::Done done) {
    core_->delivery().DeliverDue([this, done = std::move(done)](absl::StatusOr<int> tried) mutable {
      if (!tried.ok()) {
        logging::Debug("queued mails cannot be looked at", {{"error", tried.status().ToString()}});
      } else if (*tried > 0 && !stopping_) {
        return DeliverAllDue(std::move(done));
      }
      std::move(done)();
    });
  }

  void Count(PeriodicTask::Done done) {
    core_->store().CountOpen(
        [this, done = std::move(done)](absl::StatusOr<EmailStore::Depth> depth) mutable {
          if (depth.ok()) {
            MutexLock lock(mutex_);
            depth_ = *depth;
          }
          std::move(done)();
        });
  }

  EmailStore::Depth depth() const {
    MutexLock lock(mutex_);
    return depth_;
  }

  double OldestAgeSeconds() const {
    const std::optional<absl::Time> oldest = depth().oldest_queued;
    return oldest ? std::max(absl::ToDoubleSeconds(core_->clock().Now() - *oldest), 0.0) : 0.0;
  }

  void ExportMetrics() {
    metrics_ = metrics::ExportStatistics(core_->database(), "email");
    Export(metrics::Kind::kGauge, "orderflow_email_queued_mails",
           "Mails in the outbox that are not delivered yet, counted every ten seconds.", {},
           [this] { return static_cast<double>(depth().queued); });
    Export(metrics::Kind::kGauge, "orderflow_email_queued_mails_oldest_age_seconds",
           "How long the oldest of these has waited; 0 if there is none.", {},
           [this] { return OldestAgeSeconds(); });
    Export(metrics::Kind::kGauge, "orderflow_email_failed_mails",
           "Mails that were refused or given up and that nobody has dealt with yet, counted every "
           "ten seconds.",
           {}, [this] { return static_cast<double>(depth().failed); });
    Export(metrics::Kind::kGauge, "orderflow_email_deliveries_in_flight",
           "Mails that are being delivered.", {},
           [this] { return static_cast<double>(core_->delivery().statistics().in_flight); });
    Export(metrics::Kind::kGauge, "orderflow_email_server_unreachable",
           "1 while mails are held back because the way out takes none.", {},
           [this] { return core_->delivery().statistics().unreachable ? 1.0 : 0.0; });
    ExportOutcome("sent", [this] { return core_->delivery().statistics().sent; });
    ExportOutcome("retried", [this] { return core_->delivery().statistics().retried; });
    ExportOutcome("failed", [this] { return core_->delivery().statistics().failed; });
  }

  void ExportOutcome(std::string outcome, std::function<int64_t()> read) {
    Export(metrics::Kind::kCounter, "orderflow_email_deliveries_total",
           "Tries to deliver a mail: sent, failed for the moment and to be retried, or failed for "
           "good.",
           {{"outcome", std::move(outcome)}},
           [read = std::move(read)] { return static_cast<double>(read()); });
  }

  void Export(metrics::Kind kind, std::string_view name, std::string_view help,
              const metrics::Labels& labels, std::function<double()> read) {
    metrics_.push_back(metrics::Default().AddCallback(kind, name, help, labels, std::move(read)));
  }

  std::unique_ptr<EmailCore> core_;
  EmailService service_;
  std::atomic<bool> stopping_ = false;
  mutable Mutex mutex_;
  EmailStore::Depth depth_ ABSL_GUARDED_BY(mutex_);  // when it was counted last
  std::vector<metrics::Registration> metrics_;
  std::optional<PeriodicTask> answer_task_;
  std::optional<PeriodicTask> deliver_task_;
  std::optional<PeriodicTask> count_task_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Module>> OpenEmailModule(EmailCoreOptions options) {
  ORDERFLOW_ASSIGN_OR_RETURN(auto core, EmailCore::Open(options));
  return std::make_unique<EmailModule>(std::move(core), options.deliver_pause);
}

}  // namespace orderflow::email
