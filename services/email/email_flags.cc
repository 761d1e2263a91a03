#include "services/email/email_flags.h"

#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/database/database_flags.h"
#include "common/settings/settings.h"

ABSL_FLAG(std::string, from, "Orderflow <orders@localhost>",
          "Whom the mails come from: an address, or a name and the address in angle brackets.");
ABSL_FLAG(std::string, template_folder, "",
          "A folder with subject.txt, body.txt and body.html of the confirmation. Empty: built-in "
          "words.");
ABSL_FLAG(std::string, maildir, "mail",
          "The folder that mails are put into, as files new/ORDER_ID.eml, if --smtp is empty.");
ABSL_FLAG(std::string, smtp, "",
          "The SMTP server: smtp://HOST:PORT, or smtps://HOST:PORT for TLS from the start. Empty: "
          "--maildir.");
ABSL_FLAG(std::string, smtp_tls, "required",
          "Whether smtp:// uses STARTTLS: required, optional (if the server offers it) or none.");
ABSL_FLAG(std::string, smtp_ca, "",
          "A PEM file with the authorities that vouch for the SMTP server. Empty: the system's.");
ABSL_FLAG(std::string, smtp_user, "", "The user to log in as at the SMTP server. Empty: no login.");
ORDERFLOW_SECRET_FLAG(smtp_password, "", "The password of --smtp_user.");
ABSL_FLAG(std::string, smtp_helo, "",
          "The name that we greet the SMTP server with. Empty: this machine's.");
ABSL_FLAG(int, smtp_connections, 4, "Connections to the SMTP server at one time, 1 to 100.");
ABSL_FLAG(absl::Duration, smtp_timeout, absl::Seconds(30),
          "How long the delivery of one mail by SMTP may take.");
ABSL_FLAG(absl::Duration, answer_within, absl::Seconds(5),
          "How long a caller waits for the delivery before it is answered \"queued\".");
ABSL_FLAG(absl::Duration, give_up_after, absl::Hours(5 * 24),
          "A mail that could not be delivered for so long has failed.");

namespace orderflow::email {

absl::StatusOr<EmailCoreOptions> OptionsFromFlags() {
  EmailCoreOptions options;
  options.database = database::OptionsFromFlags("email");
  options.from = absl::GetFlag(FLAGS_from);
  options.template_folder = absl::GetFlag(FLAGS_template_folder);
  options.maildir = absl::GetFlag(FLAGS_maildir);
  options.smtp.url = absl::GetFlag(FLAGS_smtp);
  ORDERFLOW_ASSIGN_OR_RETURN(options.smtp.tls, ParseSmtpTls(absl::GetFlag(FLAGS_smtp_tls)));
  options.smtp.ca_file = absl::GetFlag(FLAGS_smtp_ca);
  options.smtp.user = absl::GetFlag(FLAGS_smtp_user);
  options.smtp.password = absl::GetFlag(FLAGS_smtp_password);
  options.smtp.helo_name = absl::GetFlag(FLAGS_smtp_helo);
  options.smtp.connections = absl::GetFlag(FLAGS_smtp_connections);
  options.smtp.mail_timeout = absl::GetFlag(FLAGS_smtp_timeout);
  options.answer_within = absl::GetFlag(FLAGS_answer_within);
  options.give_up_after = absl::GetFlag(FLAGS_give_up_after);
  return options;
}

}  // namespace orderflow::email
