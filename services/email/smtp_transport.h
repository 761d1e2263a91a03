#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "services/email/mail_transport.h"
#include "services/email/smtp_options.h"

namespace orderflow::email {

// Delivers mails to an SMTP server, a smarthost as a rule, by libcurl. Each connection has a thread
// of its own and stays open between mails: libcurl waits for the reply to a mail's content without
// letting go of its thread, so several connections cannot share one.
//
// A reply of 5xx to a mail's recipient or content refuses that mail; 4xx puts it off. Everything
// that would meet the next mail as well (no connection, no TLS, no answer, a login or a sender that
// is not accepted) is kUnreachable, and the mails that wait here are put off with it. If the
// connection breaks after the content was sent and before the server has answered, the mail may
// have been taken: it is tried again under the same Message-ID.
//
// Thread-safe.
class SmtpTransport final : public MailTransport {
 public:
  // Does not connect yet. INVALID_ARGUMENT: an option, with what would be right; a login is refused
  // without TLS, but on this machine.
  static absl::StatusOr<std::unique_ptr<SmtpTransport>> Create(SmtpOptions options);

  ~SmtpTransport() override;
  SmtpTransport(const SmtpTransport&) = delete;
  SmtpTransport& operator=(const SmtpTransport&) = delete;

  void Deliver(Mail mail, DeliveryCallback done) override;
  void Shutdown() override;
  absl::Duration max_delivery_time() const override {
    return options_.queue_timeout + options_.mail_timeout;
  }
  bool repeat_is_harmless() const override { return false; }
  std::string name() const override { return "smtp"; }

 private:
  using Steady = std::chrono::steady_clock;
  struct Job {
    Mail mail;
    DeliveryCallback done;
    Steady::time_point start_by;
  };
  class Connection;

  explicit SmtpTransport(SmtpOptions options);

  void Work();
  std::optional<Job> NextJob() ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<Job> WaitForJob() ABSL_LOCKS_EXCLUDED(mutex_);
  void FailWaiting(const DeliveryResult& result) ABSL_LOCKS_EXCLUDED(mutex_);

  const SmtpOptions options_;
  // When mails under way are broken off; the end of time until Shutdown.
  std::atomic<Steady::time_point> abandon_at_{Steady::time_point::max()};

  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;  // last: they use all of the above
};

// What the end of a transfer means for its mail: `code` is a CURLcode, `reply_code` and
// `reply` as the server said it last, `error` as libcurl puts it. Part of SmtpTransport, apart for
// tests.
DeliveryResult ClassifySmtp(int code, long reply_code, std::string_view error,
                            std::string_view reply, std::string_view recipient);

}  // namespace orderflow::email
