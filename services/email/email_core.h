#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "services/email/confirmation_writer.h"
#include "services/email/delivery.h"
#include "services/email/email.h"
#include "services/email/email_store.h"
#include "services/email/mail_transport.h"
#include "services/email/smtp_options.h"

namespace orderflow::email {

struct EmailCoreOptions {
  database::Options database;
  // Who the mails come from: "orders@example.com" or "Example Shop <orders@example.com>". Its
  // domain ends the Message-IDs.
  std::string from = "Orderflow <orders@localhost>";
  // A folder with subject.txt, body.txt and body.html (confirmation_template.h says what is in
  // them). Empty: built-in words.
  std::string template_folder;
  // The folder that mails are put into if there is no SMTP server.
  std::string maildir = "mail";
  // The SMTP server, if its url is not empty.
  SmtpOptions smtp;
  // How long a caller waits for the delivery before it is answered "queued".
  absl::Duration answer_within = absl::Seconds(5);
  // A mail that could not be delivered for so long has failed.
  absl::Duration give_up_after = absl::Hours(5 * 24);
  // Whether somebody calls Delivery::DeliverDue all the time. If not, a mail that comes after the
  // mail server could not be reached is tried itself, instead of being left to that.
  bool delivers_in_background = true;
  // The pause between two looks of a server for queued mails whose time has come.
  absl::Duration deliver_pause = absl::Seconds(1);
  const Clock* clock = &SystemClock();  // borrowed
};

// The email service without a face: database, outbox, way out for mails and domain, put together
// for the gRPC server and the Lambda function. When queued mails are delivered is up to those.
//
// Thread-safe. The destructor ends what the transport has under way and waits for the calls.
class EmailCore {
 public:
  // Opens the database (and brings its schema up to date) and the way out for mails. Errors are
  // those of Database::Open; INVALID_ARGUMENT: an option, the message says which and what would be
  // right; NOT_FOUND: the template; UNAVAILABLE: the maildir.
  static absl::StatusOr<std::unique_ptr<EmailCore>> Open(const EmailCoreOptions& options);
  ~EmailCore();

  const Clock& clock() const { return clock_; }
  database::Database& database() { return *database_; }
  MailTransport& transport() { return *transport_; }
  EmailStore& store() { return store_; }
  Delivery& delivery() { return delivery_; }
  Emails& emails() { return emails_; }

 private:
  EmailCore(const EmailCoreOptions& options, ConfirmationWriter writer,
            std::unique_ptr<MailTransport> transport, std::unique_ptr<database::Database> database);

  const ConfirmationWriter writer_;
  const std::unique_ptr<MailTransport> transport_;
  std::unique_ptr<database::Database> database_;
  const Clock& clock_;
  EmailStore store_;
  Delivery delivery_;
  Emails emails_;
};

}  // namespace orderflow::email
