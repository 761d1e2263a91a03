#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "orderflow/email/v1/email.pb.h"
#include "services/email/confirmation_writer.h"
#include "services/email/delivery.h"
#include "services/email/email_store.h"

namespace orderflow::email {

// Confirms orders by mail: the API of the email service, apart from gRPC and SQL.
//
// One order has one mail. It is in the outbox, on disk, before anything else happens to it; what it
// says can no longer change.
//
// Thread-safe. Callbacks may be called from within the call (when the request is wrong) or on any
// thread. Borrows the writer, the store, the delivery and the clock.
class Emails {
 public:
  struct Options {
    // A caller waits at most so long for the delivery, then its answer is "queued". Callers'
    // deadlines should be longer.
    absl::Duration answer_within = absl::Seconds(5);
  };

  Emails(const Options& options, const ConfirmationWriter& writer, EmailStore& store,
         Delivery& delivery, const Clock& clock)
      : options_(options), writer_(writer), store_(store), delivery_(delivery), clock_(clock) {}

  // The comments of proto/orderflow/email/v1/email.proto say what these answer.
  void SendConfirmationEmail(const v1::SendConfirmationEmailRequest& request,
                             Callback<v1::SendConfirmationEmailResponse> done);
  void GetEmail(const v1::GetEmailRequest& request, Callback<v1::GetEmailResponse> done);
  void ListEmails(const v1::ListEmailsRequest& request, Callback<v1::ListEmailsResponse> done);

  // Answers the callers who have waited long enough. To be called every now and then.
  void AnswerOverdue() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class PendingAnswer;

  StoredMail NewMail(MailContent content, bool claimed) const;
  void OnPresent(const StoredMail& row, Callback<v1::SendConfirmationEmailResponse> done);
  void ClaimAndDeliver(const std::string& order_id,
                       Callback<v1::SendConfirmationEmailResponse> done);
  void AnswerStored(const std::string& order_id, Callback<v1::SendConfirmationEmailResponse> done);
  void DeliverNow(const StoredMail& row, Callback<v1::SendConfirmationEmailResponse> done);
  void Await(std::shared_ptr<PendingAnswer> answer) ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  const ConfirmationWriter& writer_;
  EmailStore& store_;
  Delivery& delivery_;
  const Clock& clock_;

  struct Waiting {
    absl::Time until;
    std::shared_ptr<PendingAnswer> answer;
  };
  Mutex mutex_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);  // in the order of `until`
};

}  // namespace orderflow::email
