#pragma once

#include <atomic>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "services/email/mail_transport.h"

namespace orderflow::email {

// A transport for tests: keeps every mail, and answers it as told, at once or when the test says
// so. Unlike a real one it answers from within Deliver. Thread-safe.
class FakeTransport final : public MailTransport {
 public:
  // What every further mail is answered; nothing: it waits for AnswerNext.
  void AnswerAll(std::optional<DeliveryResult> result) {
    MutexLock lock(mutex_);
    answer_ = std::move(result);
  }

  void Deliver(Mail mail, DeliveryCallback done) override {
    std::optional<DeliveryResult> answer;
    {
      MutexLock lock(mutex_);
      mails_.push_back(std::move(mail));
      answer = answer_;
      if (!answer.has_value()) waiting_.push_back(std::move(done));
      changed_.NotifyAll();
    }
    if (answer.has_value()) std::move(done)(*std::move(answer));
  }

  // Blocks until a mail waits, then answers the one that waits the longest.
  void AnswerNext(DeliveryResult result) {
    DeliveryCallback done;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty()) changed_.Wait(mutex_);
      done = std::move(waiting_.front());
      waiting_.pop_front();
    }
    std::move(done)(std::move(result));
  }

  // Blocks until so many mails have come, and answers all that have.
  std::vector<Mail> WaitForMails(size_t count) {
    MutexLock lock(mutex_);
    while (mails_.size() < count) changed_.Wait(mutex_);
    return mails_;
  }
  std::vector<Mail> mails() { return WaitForMails(0); }

  void Shutdown() override {
    for (;;) {
      DeliveryCallback done;
      {
        MutexLock lock(mutex_);
        answer_ = {.outcome = DeliveryResult::Outcome::kTryLater, .detail = "shutting down"};
        if (waiting_.empty()) return;
        done = std::move(waiting_.front());
        waiting_.pop_front();
      }
      std::move(done)({.outcome = DeliveryResult::Outcome::kTryLater, .detail = "shutting down"});
    }
  }

  absl::Duration max_delivery_time() const override { return absl::Seconds(20); }
  bool repeat_is_harmless() const override { return repeat_is_harmless_; }
  void SetRepeatIsHarmless(bool harmless) { repeat_is_harmless_ = harmless; }
  std::string name() const override { return "fake"; }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::atomic<bool> repeat_is_harmless_ = false;
  std::optional<DeliveryResult> answer_ ABSL_GUARDED_BY(mutex_) = DeliveryResult{
      .outcome = DeliveryResult::Outcome::kSent, .detail = ""};
  std::vector<Mail> mails_ ABSL_GUARDED_BY(mutex_);
  std::deque<DeliveryCallback> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::email
