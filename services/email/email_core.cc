#include "services/email/email_core.h"

#include <utility>

#include "absl/random/random.h"
#include "common/base/status.h"
#include "services/email/maildir_transport.h"
#include "services/email/smtp_transport.h"

namespace orderflow::email {
namespace {

double RandomFraction() {
  thread_local absl::BitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

absl::StatusOr<std::unique_ptr<MailTransport>> OpenTransport(const EmailCoreOptions& options) {
  if (!options.smtp.url.empty()) return SmtpTransport::Create(options.smtp);
  return MaildirTransport::Open(options.maildir);
}

absl::Status CheckPositive(std::string_view what, absl::Duration duration) {
  if (duration > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(what) + " is " + absl::FormatDuration(duration) +
                                    "; must be more than zero");
}

}  // namespace

absl::StatusOr<std::unique_ptr<EmailCore>> EmailCore::Open(const EmailCoreOptions& options) {
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
  return std::unique_ptr<EmailCore>(
      new EmailCore(options, ConfirmationWriter(std::move(from), std::move(words)),
                    std::move(transport), std::move(database)));
}

EmailCore::EmailCore(const EmailCoreOptions& options, ConfirmationWriter writer,
                     std::unique_ptr<MailTransport> transport,
                     std::unique_ptr<database::Database> database)
    : writer_(std::move(writer)),
      transport_(std::move(transport)),
      database_(std::move(database)),
      clock_(*options.clock),
      store_(*database_),
      delivery_({.give_up_after = options.give_up_after,
                 .new_mails_probe = !options.delivers_in_background,
                 .pause = {}},
                writer_, store_, *transport_, *options.clock, &RandomFraction),
      emails_({.answer_within = options.answer_within}, writer_, store_, delivery_,
              *options.clock) {}

EmailCore::~EmailCore() {
  transport_->Shutdown();
  database_.reset();  // waits for its callbacks, which use the rest
}

}  // namespace orderflow::email
