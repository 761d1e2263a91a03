#include "services/email/email.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <vector>

#include "common/base/page_token.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/order/order_rules.h"

namespace orderflow::email {
namespace {

using Response = v1::SendConfirmationEmailResponse;

absl::StatusOr<MailContent> ParseContent(const v1::SendConfirmationEmailRequest& request) {
  std::vector<FieldViolation> violations;
  order::AddViolation("order_id", order::CheckOrderId(request.order_id()), violations);
  order::AddViolation("customer_email", order::CheckEmail(request.customer_email()), violations);
  order::AddViolation("product_id", order::CheckProductId(request.product_id()), violations);
  order::AddViolation("quantity", order::CheckQuantity(request.quantity()), violations);
  if (request.amount_minor() < 0) {
    violations.push_back(
        {"amount_minor", "is " + std::to_string(request.amount_minor()) + "; must be at least 0"});
  }
  if (request.amount_minor() != 0 || !request.currency().empty()) {
    order::AddViolation("currency", order::CheckCurrency(request.currency()), violations);
  }
  if (!violations.empty()) return InvalidArgumentError(violations);
  return MailContent{.order_id = request.order_id(),
                     .customer_email = request.customer_email(),
                     .product_id = request.product_id(),
                     .quantity = request.quantity(),
                     .amount_minor = request.amount_minor(),
                     .currency = request.currency()};
}

// Names the fields that differ, not their values: one of them is an address.
absl::Status MismatchError(const MailContent& wanted, const MailContent& present) {
  std::string fields;
  const auto add = [&fields](bool differs, std::string_view field) {
    if (!differs) return;
    if (!fields.empty()) fields += ", ";
    fields += field;
  };
  add(wanted.customer_email != present.customer_email, "customer_email");
  add(wanted.product_id != present.product_id, "product_id");
  add(wanted.quantity != present.quantity, "quantity");
  add(wanted.amount_minor != present.amount_minor, "amount_minor");
  add(wanted.currency != present.currency, "currency");
  return WithErrorInfo(absl::AlreadyExistsError("the order " + Quote(wanted.order_id) +
                                                " was confirmed by a mail with another " + fields),
                       {.reason = "EMAIL_MISMATCH",
                        .domain = "email.orderflow",
                        .metadata = {{"order_id", wanted.order_id}, {"fields", fields}}});
}

std::string StatusName(v1::EmailStatus status) {
  switch (status) {
    case v1::EMAIL_STATUS_SENT:
      return "sent";
    case v1::EMAIL_STATUS_FAILED:
      return "failed";
    default:
      return "queued";
  }
}

Response ResponseOf(v1::EmailStatus status, const std::string& message_id) {
  Response response;
  response.set_email_status(StatusName(status));
  response.set_message_id(message_id);
  return response;
}

void SetTime(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const int64_t micros = absl::ToUnixMicros(time);
  timestamp.set_seconds(micros / 1'000'000);
  timestamp.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
}

v1::Email ToProto(const StoredMail& mail) {
  v1::Email email;
  email.set_message_id(mail.message_id);
  email.set_order_id(mail.content.order_id);
  email.set_customer_email(mail.content.customer_email);
  email.set_status(mail.status);
  email.set_attempts(
      static_cast<int32_t>(std::min<int64_t>(mail.attempts, std::numeric_limits<int32_t>::max())));
  email.set_last_error(mail.last_error);
  SetTime(mail.create_time, *email.mutable_create_time());
  if (mail.send_time.has_value()) SetTime(*mail.send_time, *email.mutable_send_time());
  if (mail.next_attempt_time.has_value()) {
    SetTime(*mail.next_attempt_time, *email.mutable_next_attempt_time());
  }
  return email;
}

absl::StatusOr<Page> ParseListRequest(const v1::ListEmailsRequest& request,
                                      const std::string& filter) {
  absl::StatusOr<Page> page = ParsePage(request.page_size(), request.page_token(), filter);
  if (v1::EmailStatus_IsValid(request.status())) return page;
  std::vector<FieldViolation> violations = GetFieldViolations(page.status());
  violations.push_back(
      {"status", "is " + std::to_string(request.status()) + "; must be a value of EmailStatus"});
  return InvalidArgumentError(violations);
}

v1::ListEmailsResponse ToProto(const EmailStore::MailPage& page, const std::string& filter) {
  v1::ListEmailsResponse response;
  for (const StoredMail& mail : page.mails) *response.add_emails() = ToProto(mail);
  if (!page.next_cursor.empty()) {
    response.set_next_page_token(MakePageToken(page.next_cursor, filter));
  }
  return response;
}

}  // namespace

// An answer that is given once, by the delivery or by the clock, whichever is first.
class Emails::PendingAnswer {
 public:
  PendingAnswer(std::string message_id, Callback<Response> done)
      : message_id_(std::move(message_id)), done_(std::move(done)) {}

  bool given() const { return given_.load(std::memory_order_acquire); }

  void Give(v1::EmailStatus status) {
    if (given_.exchange(true, std::memory_order_acq_rel)) return;
    std::move(done_)(ResponseOf(status, message_id_));
  }

 private:
  const std::string message_id_;
  std::atomic<bool> given_{false};
  Callback<Response> done_;  // touched only by whoever sets `given_`
};

void Emails::SendConfirmationEmail(const v1::SendConfirmationEmailRequest& request,
                                   Callback<Response> done) {
  absl::StatusOr<MailContent> content = ParseContent(request);
  if (!content.ok()) return std::move(done)(std::move(content).status());
  const bool try_now = delivery_.TakesNewMails();
  StoredMail row = NewMail(*std::move(content), try_now);
  store_.Insert(row, [this, try_now, wanted = row.content, done = std::move(done)](
                         absl::StatusOr<EmailStore::Insertion> insertion) mutable {
    if (!insertion.ok()) return std::move(done)(std::move(insertion).status());
    const StoredMail& mail = insertion->mail;
    if (mail.content != wanted) return std::move(done)(MismatchError(wanted, mail.content));
    const bool queued = mail.status == v1::EMAIL_STATUS_QUEUED;
    if (!try_now || !queued) return std::move(done)(ResponseOf(mail.status, mail.message_id));
    insertion->inserted ? DeliverNow(mail, std::move(done)) : OnPresent(mail, std::move(done));
  });
}

// A queued mail that was there already may belong to a process that died with it, or wait for its
// next try. If a second delivery does no harm it is made; otherwise only once its time has come.
void Emails::OnPresent(const StoredMail& row, Callback<Response> done) {
  if (delivery_.RepeatIsHarmless()) return DeliverNow(row, std::move(done));
  if (row.next_attempt_time > clock_.Now())
    return std::move(done)(ResponseOf(row.status, row.message_id));
  delivery_.WriteKeptRecords([this, order_id = row.content.order_id,
                              done = std::move(done)](const absl::Status& written) mutable {
    if (!written.ok()) return std::move(done)(written);
    ClaimAndDeliver(order_id, std::move(done));
  });
}

void Emails::ClaimAndDeliver(const std::string& order_id, Callback<Response> done) {
  store_.Claim(order_id, clock_.Now(), delivery_.ClaimEnd(),
               [this, order_id,
                done = std::move(done)](absl::StatusOr<std::optional<StoredMail>> claimed) mutable {
                 if (!claimed.ok()) return std::move(done)(std::move(claimed).status());
                 if (claimed->has_value()) return DeliverNow(**claimed, std::move(done));
                 AnswerStored(order_id, std::move(done));
               });
}

// Somebody else was faster.
void Emails::AnswerStored(const std::string& order_id, Callback<Response> done) {
  store_.Get(order_id, [done = std::move(done)](absl::StatusOr<StoredMail> mail) mutable {
    if (!mail.ok()) return std::move(done)(std::move(mail).status());
    std::move(done)(ResponseOf(mail->status, mail->message_id));
  });
}

StoredMail Emails::NewMail(MailContent content, bool claimed) const {
  // Whole microseconds, as the database keeps them: the mail's Date must not change between tries.
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  std::string message_id = writer_.MessageId(content.order_id);
  return {.content = std::move(content),
          .message_id = std::move(message_id),
          .status = v1::EMAIL_STATUS_QUEUED,
          .attempts = claimed ? 1 : 0,
          .last_error = "",
          .create_time = now,
          .send_time = std::nullopt,
          .next_attempt_time = claimed ? delivery_.ClaimEnd() : now};
}

void Emails::DeliverNow(const StoredMail& row, Callback<Response> done) {
  absl::StatusOr<Mail> mail = writer_.Write(row);
  if (!mail.ok()) return std::move(done)(std::move(mail).status());
  auto answer = std::make_shared<PendingAnswer>(row.message_id, std::move(done));
  Await(answer);
  delivery_.Deliver(
      {.order_id = row.content.order_id, .attempt = row.attempts, .create_time = row.create_time},
      *std::move(mail), [answer](absl::StatusOr<v1::EmailStatus> status) {
        answer->Give(status.ok() ? *status : v1::EMAIL_STATUS_QUEUED);
      });
}

void Emails::Await(std::shared_ptr<PendingAnswer> answer) {
  const absl::Time until = clock_.Now() + options_.answer_within;
  MutexLock lock(mutex_);
  while (!waiting_.empty() && waiting_.front().answer->given()) waiting_.pop_front();
  waiting_.push_back({.until = until, .answer = std::move(answer)});
}

void Emails::AnswerOverdue() {
  const absl::Time now = clock_.Now();
  std::vector<std::shared_ptr<PendingAnswer>> overdue;
  {
    MutexLock lock(mutex_);
    while (!waiting_.empty() &&
           (waiting_.front().until <= now || waiting_.front().answer->given())) {
      overdue.push_back(std::move(waiting_.front().answer));
      waiting_.pop_front();
    }
  }
  for (const auto& answer : overdue) answer->Give(v1::EMAIL_STATUS_QUEUED);
}

void Emails::GetEmail(const v1::GetEmailRequest& request, Callback<v1::GetEmailResponse> done) {
  absl::Status valid = order::CheckField("order_id", order::CheckOrderId(request.order_id()));
  if (!valid.ok()) return std::move(done)(std::move(valid));
  store_.Get(request.order_id(), [done = std::move(done)](absl::StatusOr<StoredMail> mail) mutable {
    if (!mail.ok()) return std::move(done)(std::move(mail).status());
    v1::GetEmailResponse response;
    *response.mutable_email() = ToProto(*mail);
    std::move(done)(std::move(response));
  });
}

void Emails::ListEmails(const v1::ListEmailsRequest& request,
                        Callback<v1::ListEmailsResponse> done) {
  const std::string filter = "emails status=" + std::to_string(request.status());
  absl::StatusOr<Page> page = ParseListRequest(request, filter);
  if (!page.ok()) return std::move(done)(std::move(page).status());
  store_.List(request.status(), *page,
              [filter, done = std::move(done)](absl::StatusOr<EmailStore::MailPage> mails) mutable {
                if (!mails.ok()) return std::move(done)(std::move(mails).status());
                std::move(done)(ToProto(*mails, filter));
              });
}

}  // namespace orderflow::email
