#pragma once

#include <curl/curl.h>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "services/email/mail_transport.h"

namespace orderflow::email {

// Delivers mails to an SMTP server, a smarthost as a rule, by libcurl. All connections are driven
// by one thread; they stay open between mails for a while.
//
// A reply of 5xx to a mail's recipient or content refuses that mail; 4xx puts it off. Everything
// that would meet the next mail as well (no connection, no TLS, a login or a sender that is not
// accepted) is kUnreachable, and the mails that wait here are put off with it. If the connection
// breaks after the content was sent and before the server has answered, the mail may have been
// taken: it is tried again under the same Message-ID.
//
// Thread-safe.
class SmtpTransport final : public MailTransport {
 public:
  enum class Tls {
    kNone,      // plain text
    kOptional,  // STARTTLS if the server offers it; no protection from an attacker who hides the
                // offer
    kRequired,  // STARTTLS, or nothing is sent
  };

  struct Options {
    std::string url;  // "smtp://HOST:PORT", or "smtps://HOST:PORT" for TLS from the start
    Tls tls = Tls::kRequired;
    std::string user;  // empty: no login
    std::string password;
    std::string ca_file;    // PEM; empty: the system's
    std::string helo_name;  // how we greet; empty: this machine's name
    int connections = 4;
    absl::Duration connect_timeout = absl::Seconds(10);
    absl::Duration mail_timeout = absl::Seconds(30);  // of one mail, with connecting
    absl::Duration queue_timeout =
        absl::Seconds(30);                            // how long a mail waits for a free connection
    absl::Duration idle_timeout = absl::Seconds(30);  // after it a connection is not used again
    absl::Duration drain_timeout = absl::Seconds(5);  // for the mails under way at Shutdown
  };

  // Does not connect yet. INVALID_ARGUMENT: an option, with what would be right; a login is refused
  // without TLS, but on this machine.
  static absl::StatusOr<std::unique_ptr<SmtpTransport>> Create(Options options);

  ~SmtpTransport() override;
  SmtpTransport(const SmtpTransport&) = delete;
  SmtpTransport& operator=(const SmtpTransport&) = delete;

  void Deliver(Mail mail, DeliveryCallback done) override;
  void Shutdown() override;
  absl::Duration max_delivery_time() const override {
    return options_.queue_timeout + options_.mail_timeout;
  }
  std::string name() const override { return "smtp"; }

 private:
  using Steady = std::chrono::steady_clock;
  struct Job {
    Mail mail;
    DeliveryCallback done;
    Steady::time_point start_by;
  };
  class Transfer;

  explicit SmtpTransport(Options options);

  void Run();
  bool TakeNewJobs() ABSL_LOCKS_EXCLUDED(mutex_);
  void StartTransfers();
  bool FinishTransfers();
  void OnFinished(Transfer& transfer, CURLcode code);
  void FailWaiting(const DeliveryResult& result);
  void AbandonTransfers();

  const Options options_;
  CURLM* const multi_;

  // The thread's own.
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::deque<Job> waiting_;

  Mutex mutex_;
  std::vector<Job> new_jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses all of the above
};

// What the end of a transfer means for its mail: `code` as libcurl sees it, `reply_code` and
// `reply` as the server said it last, `error` as libcurl puts it. Part of SmtpTransport, apart for
// tests.
DeliveryResult ClassifySmtp(CURLcode code, long reply_code, std::string_view error,
                            std::string_view reply, std::string_view recipient);

}  // namespace orderflow::email
