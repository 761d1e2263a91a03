#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "services/email/mail_transport.h"

namespace orderflow::email {

// Puts mails into a maildir as `new/ORDER_ID.eml`, readable by the owner only. A mail that is
// delivered again replaces its own file, so a repeat after a crash is no second mail (unless a mail
// reader has moved the first one to `cur`).
//
// What `done` calls sent is on disk, name and content. Syncing costs far more than writing, so one
// thread takes all mails that wait, writes them into `tmp`, syncs the file system once, renames
// them into `new` and syncs that folder once: the more there is to do, the cheaper each becomes.
//
// Thread-safe.
class MaildirTransport final : public MailTransport {
 public:
  // How many mails may share a sync; bounds how long the first of them waits.
  static constexpr size_t kMaxBatch = 512;

  // Makes the folders that are missing. UNAVAILABLE: that does not work; the message says why.
  static absl::StatusOr<std::unique_ptr<MaildirTransport>> Open(const std::string& path);

  ~MaildirTransport() override;
  MaildirTransport(const MaildirTransport&) = delete;
  MaildirTransport& operator=(const MaildirTransport&) = delete;

  void Deliver(Mail mail, DeliveryCallback done) override;
  // Delivers what waits first.
  void Shutdown() override;
  absl::Duration max_delivery_time() const override { return absl::Seconds(10); }
  bool repeat_is_harmless() const override { return true; }
  std::string name() const override { return "maildir"; }

 private:
  // An open folder; closes it.
  class Folder;
  struct Job {
    Mail mail;
    DeliveryCallback done;
    std::string temporary_name;
    DeliveryResult result;
  };

  MaildirTransport(std::unique_ptr<Folder> tmp, std::unique_ptr<Folder> new_mails);

  void Run();
  std::vector<Job> TakeBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  void DeliverBatch(std::vector<Job>& batch);
  void WriteAll(std::vector<Job>& batch);
  void RenameAll(std::vector<Job>& batch);
  std::string NextTemporaryName(const Mail& mail);

  const std::unique_ptr<Folder> tmp_;
  const std::unique_ptr<Folder> new_;
  uint64_t written_ = 0;  // the thread's own: counts temporary names

  Mutex mutex_;
  CondVar changed_;
  std::vector<Job> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace orderflow::email
