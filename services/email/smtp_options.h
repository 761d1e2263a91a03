#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace orderflow::email {

enum class SmtpTls {
  kNone,      // plain text
  kOptional,  // STARTTLS if the server offers it; no protection from an attacker who hides the
              // offer
  kRequired,  // STARTTLS, or nothing is sent
};

// "none", "optional" or "required". INVALID_ARGUMENT otherwise.
absl::StatusOr<SmtpTls> ParseSmtpTls(const std::string& text);

// How mails go to an SMTP server.
struct SmtpOptions {
  std::string url;  // "smtp://HOST:PORT", or "smtps://HOST:PORT" for TLS from the start
  SmtpTls tls = SmtpTls::kRequired;
  std::string user;  // empty: no login
  std::string password;
  std::string ca_file;    // PEM; empty: the system's
  std::string helo_name;  // how we greet; empty: this machine's name
  int connections = 4;    // 1 to 100, each with a thread
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration mail_timeout = absl::Seconds(30);   // of one mail, with connecting
  absl::Duration queue_timeout = absl::Seconds(30);  // how long a mail waits for a free connection
  absl::Duration idle_timeout = absl::Seconds(30);   // after it a connection is not used again
  absl::Duration drain_timeout = absl::Seconds(5);   // for the mails under way at Shutdown
};

}  // namespace orderflow::email
