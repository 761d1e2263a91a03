#include "services/email/email_module.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "common/base/mutex.h"
#include "common/base/periodic_task.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/metrics/database_metrics.h"
#include "common/metrics/metrics.h"
#include "services/email/confirmation_writer.h"
#include "services/email/delivery.h"
#include "services/email/email.h"
#include "services/email/email_service.h"
#include "services/email/email_store.h"
#include "services/email/maildir_transport.h"
#include "services/email/smtp_transport.h"

namespace orderflow::email {
namespace {

// How late a caller's "queued" may come.
constexpr absl::Duration kAnswerPause = absl::Milliseconds(100);
// How old the counts of the metrics may be.
constexpr absl::Duration kCountPause = absl::Seconds(10);

double RandomFraction() {
  thread_local absl::BitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

class EmailModule final : public rpc::Module {
 public:
  EmailModule(const EmailModuleOptions& options, ConfirmationWriter writer,
              std::unique_ptr<MailTransport> transport,
              std::unique_ptr<database::Database> database)
      : writer_(std::move(writer)),
        transport_(std::move(transport)),
        database_(std::move(database)),
        clock_(*options.clock),
        store_(*database_),
        delivery_({.give_up_after = options.give_up_after, .pause = {}}, writer_, store_,
                  *transport_, *options.clock, &RandomFraction),
        emails_({.answer_within = options.answer_within}, writer_, store_, delivery_,
                *options.clock),
        service_(emails_) {
    ExportMetrics();
    StartTasks(options.deliver_pause);
  }
  ~EmailModule() override { EmailModule::Stop(); }

  std::string name() const override { return "email"; }
  std::vector<grpc::Service*> services() override { return {&service_}; }
  void CheckReady(StatusCallback done) override { database_->Check(std::move(done)); }

  void Stop() override {
    if (database_ == nullptr) return;
    stopping_ = true;
    transport_->Shutdown();  // answers what the tasks may wait for
    count_task_.reset();
    deliver_task_.reset();
    answer_task_.reset();
    metrics_.clear();
    database_.reset();
  }

 private:
  void StartTasks(absl::Duration deliver_pause) {
    answer_task_.emplace(kAnswerPause, [this](PeriodicTask::Done done) {
      emails_.AnswerOverdue();
      std::move(done)();
    });
    deliver_task_.emplace(deliver_pause,
                          [this](PeriodicTask::Done done) { DeliverAllDue(std::move(done)); });
    count_task_.emplace(kCountPause, [this](PeriodicTask::Done done) { Count(std::move(done)); });
  }

  // Batch after batch, until nothing is due.
  void DeliverAllDue(PeriodicTask::Done done) {
    delivery_.DeliverDue([this, done = std::move(done)](absl::StatusOr<int> tried) mutable {
      if (!tried.ok()) {
        logging::Debug("queued mails cannot be looked at", {{"error", tried.status().ToString()}});
      } else if (*tried > 0 && !stopping_) {
        return DeliverAllDue(std::move(done));
      }
      std::move(done)();
    });
  }

  void Count(PeriodicTask::Done done) {
    store_.CountOpen(
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
    return oldest ? std::max(absl::ToDoubleSeconds(clock_.Now() - *oldest), 0.0) : 0.0;
  }

  void ExportMetrics() {
    metrics_ = metrics::ExportStatistics(*database_, "email");
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
           [this] { return static_cast<double>(delivery_.statistics().in_flight); });
    Export(metrics::Kind::kGauge, "orderflow_email_server_unreachable",
           "1 while mails are held back because the way out takes none.", {},
           [this] { return delivery_.statistics().unreachable ? 1.0 : 0.0; });
    ExportOutcome("sent", [this] { return delivery_.statistics().sent; });
    ExportOutcome("retried", [this] { return delivery_.statistics().retried; });
    ExportOutcome("failed", [this] { return delivery_.statistics().failed; });
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

  const ConfirmationWriter writer_;
  const std::unique_ptr<MailTransport> transport_;
  std::unique_ptr<database::Database> database_;
  const Clock& clock_;
  EmailStore store_;
  Delivery delivery_;
  Emails emails_;
  EmailService service_;
  std::atomic<bool> stopping_ = false;
  mutable Mutex mutex_;
  EmailStore::Depth depth_ ABSL_GUARDED_BY(mutex_);  // when it was counted last
  std::vector<metrics::Registration> metrics_;
  std::optional<PeriodicTask> answer_task_;
  std::optional<PeriodicTask> deliver_task_;
  std::optional<PeriodicTask> count_task_;
};

absl::StatusOr<std::unique_ptr<MailTransport>> OpenTransport(const EmailModuleOptions& options) {
  if (!options.smtp.url.empty()) return SmtpTransport::Create(options.smtp);
  return MaildirTransport::Open(options.maildir);
}

absl::Status CheckPositive(std::string_view what, absl::Duration duration) {
  if (duration > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(what) + " is " + absl::FormatDuration(duration) +
                                    "; must be more than zero");
}

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Module>> OpenEmailModule(EmailModuleOptions options) {
  ORDERFLOW_RETURN_IF_ERROR(CheckPositive("the wait for a delivery", options.answer_within));
  ORDERFLOW_RETURN_IF_ERROR(
      CheckPositive("the time until mails are given up", options.give_up_after));
  ORDERFLOW_RETURN_IF_ERROR(
      CheckPositive("the pause between looks for queued mails", options.deliver_pause));
  ORDERFLOW_ASSIGN_OR_RETURN(Mailbox from, ParseMailbox(options.from));
  ConfirmationTemplate words = ConfirmationTemplate::Default();
  if (!options.template_folder.empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(words, ConfirmationTemplate::Load(options.template_folder));
  }
  ORDERFLOW_ASSIGN_OR_RETURN(auto transport, OpenTransport(options));
  ORDERFLOW_ASSIGN_OR_RETURN(auto database,
                             database::Database::Open(options.database, EmailStore::Migrations()));
  return std::make_unique<EmailModule>(options,
                                       ConfirmationWriter(std::move(from), std::move(words)),
                                       std::move(transport), std::move(database));
}

}  // namespace orderflow::email
