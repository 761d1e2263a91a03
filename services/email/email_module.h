#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/rpc/module.h"
#include "services/email/smtp_options.h"

namespace orderflow::email {

struct EmailModuleOptions {
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
  // The pause between two looks for queued mails whose time has come.
  absl::Duration deliver_pause = absl::Seconds(1);
  const Clock* clock = &SystemClock();  // borrowed
};

// The email service, ready to be served: opens the database (and brings its schema up to date) and
// the way out for mails, puts store, delivery, domain and gRPC service together, and keeps
// delivering queued mails in the background. Errors are those of Database::Open; INVALID_ARGUMENT:
// an option, the message says which and what would be right; NOT_FOUND: the template; UNAVAILABLE:
// the maildir.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenEmailModule(EmailModuleOptions options);

}  // namespace orderflow::email
