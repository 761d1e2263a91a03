#include "services/email/email.h"

#include <future>

#include "common/base/page_token.h"
#include "common/base/status.h"
#include "services/email/email_fixture.h"

namespace orderflow::email {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class EmailsTest : public EmailFixture {
 protected:
  std::vector<std::string> ListedOrders(const v1::ListEmailsResponse& page) {
    std::vector<std::string> ids;
    for (const v1::Email& email : page.emails()) ids.push_back(email.order_id());
    return ids;
  }
};

TEST_P(EmailsTest, AMailIsSentAndItsStateKept) {
  const auto response = replica().Send(ARequest());
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->email_status(), "sent");
  EXPECT_THAT(response->message_id(), MatchesRegex("<[0-9a-f]{32}@shop.example>"));
  const std::vector<Mail> mails = replica().transport().mails();
  ASSERT_THAT(mails, SizeIs(1));
  EXPECT_EQ(mails[0].order_id, "12345");
  EXPECT_EQ(mails[0].sender, "orders@shop.example");
  EXPECT_EQ(mails[0].recipient, "user@example.com");
  EXPECT_THAT(mails[0].content, HasSubstr("Message-ID: " + response->message_id() + "\r\n"));
  EXPECT_THAT(mails[0].content, HasSubstr("12.34 EUR"));
  const v1::Email email = replica().Get("12345");
  EXPECT_EQ(email.status(), v1::EMAIL_STATUS_SENT);
  EXPECT_EQ(email.attempts(), 1);
  EXPECT_EQ(email.customer_email(), "user@example.com");
  EXPECT_EQ(email.message_id(), response->message_id());
  EXPECT_EQ(email.create_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(email.send_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_FALSE(email.has_next_attempt_time());
}

TEST_P(EmailsTest, ARepeatedCallGetsTheFirstMailsStateAndSendsNothing) {
  const auto first = replica().Send(ARequest());
  clock_.Advance(absl::Hours(1));
  const auto again = replica().Send(ARequest());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->email_status(), "sent");
  EXPECT_EQ(again->message_id(), first->message_id());
  EXPECT_THAT(replica().transport().mails(), SizeIs(1));
}

TEST_P(EmailsTest, ConcurrentCallsForOneOrderSendOneMail) {
  constexpr int kCalls = 50;
  Mutex mutex;
  CondVar changed;
  int answered = 0;
  for (int i = 0; i < kCalls; ++i) {
    replica().emails().SendConfirmationEmail(
        ARequest(), [&](absl::StatusOr<v1::SendConfirmationEmailResponse> response) {
          MutexLock lock(mutex);
          EXPECT_THAT(response, IsOk());
          ++answered;
          changed.NotifyAll();
        });
  }
  MutexLock lock(mutex);
  while (answered < kCalls) changed.Wait(mutex);
  EXPECT_THAT(replica().transport().mails(), SizeIs(1));
}

TEST_P(EmailsTest, OtherContentForTheSameOrderIsAMismatch) {
  replica().StatusOfSending(ARequest());
  v1::SendConfirmationEmailRequest other = ARequest();
  other.set_customer_email("somebody.else@example.com");
  other.set_amount_minor(99);
  const auto response = replica().Send(other);
  EXPECT_THAT(
      response,
      StatusIs(
          absl::StatusCode::kAlreadyExists,
          "the order \"12345\" was confirmed by a mail with another customer_email, amount_minor"));
  EXPECT_EQ(GetErrorInfo(response.status())->reason, "EMAIL_MISMATCH");
  EXPECT_THAT(replica().transport().mails(), SizeIs(1));
}

TEST_P(EmailsTest, AllViolationsAreReportedAndNothingIsWritten) {
  v1::SendConfirmationEmailRequest bad;
  bad.set_order_id("a/b");
  bad.set_customer_email("x");
  bad.set_quantity(0);
  bad.set_amount_minor(-1);
  const auto response = replica().Send(bad);
  EXPECT_THAT(response, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(GetFieldViolations(response.status()),
              ElementsAre(Field(&FieldViolation::field, "order_id"),
                          Field(&FieldViolation::field, "customer_email"),
                          Field(&FieldViolation::field, "product_id"),
                          Field(&FieldViolation::field, "quantity"),
                          Field(&FieldViolation::field, "amount_minor"),
                          Field(&FieldViolation::field, "currency")));
  EXPECT_THAT(replica().transport().mails(), IsEmpty());
  EXPECT_EQ(replica().database().statistics().bodies, 0);
}

TEST_P(EmailsTest, AnAddressThatWouldBringAHeaderInIsRefused) {
  for (const char* evil : {"a@b.c\r\nBcc: x@y.z", "a@b.c\n", "a@b.c\r", "a@b.c, x@y.z",
                           "a@b.c>\r\nDATA", "\"a\r\n\"@b.c", "a@b.c\xe2\x80\xa8x"}) {
    v1::SendConfirmationEmailRequest request = ARequest();
    request.set_customer_email(evil);
    EXPECT_THAT(replica().Send(request), StatusIs(absl::StatusCode::kInvalidArgument)) << evil;
  }
  EXPECT_THAT(replica().transport().mails(), IsEmpty());
}

TEST_P(EmailsTest, AnAmountIsOptionalAndZeroIsAnAmount) {
  v1::SendConfirmationEmailRequest request = ARequest("none");
  request.clear_amount_minor();
  request.clear_currency();
  EXPECT_EQ(replica().StatusOfSending(request), "sent");
  request = ARequest("zero");
  request.set_amount_minor(0);
  EXPECT_EQ(replica().StatusOfSending(request), "sent");
  const std::vector<Mail> mails = replica().transport().mails();
  ASSERT_THAT(mails, SizeIs(2));
  EXPECT_THAT(mails[0].content, Not(HasSubstr("Charged")));
  EXPECT_THAT(mails[1].content, HasSubstr("0.00 EUR"));
}

TEST_P(EmailsTest, ASlowServerIsNotWaitedForForever) {
  replica().transport().AnswerAll(std::nullopt);
  Mutex mutex;
  CondVar changed;
  std::string status;
  replica().emails().SendConfirmationEmail(
      ARequest(), [&](absl::StatusOr<v1::SendConfirmationEmailResponse> response) {
        MutexLock lock(mutex);
        status = response.ok() ? response->email_status() : "error";
        changed.NotifyAll();
      });
  replica().transport().WaitForMails(1);
  clock_.Advance(absl::Milliseconds(4999));
  replica().emails().AnswerOverdue();
  {
    MutexLock lock(mutex);
    EXPECT_EQ(status, "");
  }
  clock_.Advance(absl::Milliseconds(1));
  replica().emails().AnswerOverdue();
  {
    MutexLock lock(mutex);
    EXPECT_EQ(status, "queued");
  }
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "queued");
  replica().transport().AnswerNext(Result(Outcome::kSent));
  EXPECT_THAT(AwaitStatus([&](auto done) { replica().database().Check(std::move(done)); }), IsOk());
  EXPECT_THAT(replica().transport().mails(), SizeIs(1));
}

TEST_P(EmailsTest, ARepeatedCallDeliversAtOnceWhereASecondDeliveryDoesNoHarm) {
  replica().transport().AnswerAll(Result(Outcome::kTryLater));
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "queued");
  replica().transport().AnswerAll(Result(Outcome::kSent));
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "queued");
  replica().transport().SetRepeatIsHarmless(true);
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "sent");
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "sent");
  EXPECT_THAT(replica().transport().mails(), SizeIs(2));
}

TEST_P(EmailsTest, ARepeatedCallDeliversAMailOnceItsTimeHasCome) {
  replica().transport().AnswerAll(Result(Outcome::kTryLater));
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "queued");
  replica().transport().AnswerAll(Result(Outcome::kSent));
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "queued");
  EXPECT_THAT(replica().transport().mails(), SizeIs(1));
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "sent");
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "sent");
  EXPECT_THAT(replica().transport().mails(), SizeIs(2));
  EXPECT_EQ(replica().Get("12345").attempts(), 2);
}

TEST_P(EmailsTest, ARepeatedCallDoesNotSendAgainWhatWasSentButNotRecorded) {
  replica().transport().AnswerAll(std::nullopt);
  std::promise<void> answered;
  replica().emails().SendConfirmationEmail(
      ARequest(), [&](absl::StatusOr<v1::SendConfirmationEmailResponse>) { answered.set_value(); });
  replica().transport().WaitForMails(1);
  replica().database().FailWrites(true);
  replica().transport().AnswerNext(Result(Outcome::kSent));
  answered.get_future().wait();
  replica().database().FailWrites(false);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "sent");
  EXPECT_THAT(replica().transport().mails(), SizeIs(1));
}

TEST_P(EmailsTest, ARefusedMailIsAnAnswerAndListedAsFailed) {
  replica().transport().AnswerAll(Result(Outcome::kRefused));
  EXPECT_EQ(replica().StatusOfSending(ARequest("bad")), "failed");
  replica().transport().AnswerAll(Result(Outcome::kSent));
  EXPECT_EQ(replica().StatusOfSending(ARequest("good")), "sent");
  EXPECT_EQ(replica().StatusOfSending(ARequest("bad")), "failed");
  v1::ListEmailsRequest list;
  list.set_status(v1::EMAIL_STATUS_FAILED);
  const auto page = replica().List(list);
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(ListedOrders(*page), ElementsAre("bad"));
  EXPECT_EQ(page->emails(0).last_error(), "told so");
}

TEST_P(EmailsTest, AnOutboxThatCannotBeWrittenIsUnavailableAndNothingIsSent) {
  replica().database().FailWrites(true);
  EXPECT_THAT(replica().Send(ARequest()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(replica().transport().mails(), IsEmpty());
}

TEST_P(EmailsTest, GetSaysWhatIsWrong) {
  const auto get = [&](const std::string& id) {
    v1::GetEmailRequest request;
    request.set_order_id(id);
    return orderflow::Await<v1::GetEmailResponse>(
        [&](auto done) { replica().emails().GetEmail(request, std::move(done)); });
  };
  EXPECT_THAT(get(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(get("nobody"),
              StatusIs(absl::StatusCode::kNotFound, "no mail for the order \"nobody\""));
}

TEST_P(EmailsTest, MailsAreListedNewestFirstPageByPage) {
  for (int i = 0; i < 5; ++i) {
    replica().StatusOfSending(ARequest(std::to_string(i)));
    if (i != 2) clock_.Advance(absl::Seconds(1));  // 2 and 3 have the same time
  }
  v1::ListEmailsRequest request;
  request.set_page_size(2);
  std::vector<std::string> seen;
  for (;;) {
    const auto page = replica().List(request);
    ASSERT_THAT(page, IsOk());
    for (const std::string& id : ListedOrders(*page)) seen.push_back(id);
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  EXPECT_THAT(seen, ElementsAre("4", "3", "2", "1", "0"));
}

TEST_P(EmailsTest, EachStatusCanBeListed) {
  replica().StatusOfSending(ARequest("sent"));
  replica().transport().AnswerAll(Result(Outcome::kRefused));
  replica().StatusOfSending(ARequest("failed"));
  replica().transport().AnswerAll(Result(Outcome::kTryLater));
  replica().StatusOfSending(ARequest("queued"));
  const auto listed = [&](v1::EmailStatus status) {
    v1::ListEmailsRequest request;
    request.set_status(status);
    return ListedOrders(*replica().List(request));
  };
  EXPECT_THAT(listed(v1::EMAIL_STATUS_SENT), ElementsAre("sent"));
  EXPECT_THAT(listed(v1::EMAIL_STATUS_FAILED), ElementsAre("failed"));
  EXPECT_THAT(listed(v1::EMAIL_STATUS_QUEUED), ElementsAre("queued"));
  EXPECT_THAT(listed(v1::EMAIL_STATUS_UNSPECIFIED),
              UnorderedElementsAre("sent", "failed", "queued"));
}

TEST_P(EmailsTest, AListRequestIsCheckedWhole) {
  for (int i = 0; i < 3; ++i) replica().StatusOfSending(ARequest(std::to_string(i)));
  v1::ListEmailsRequest request;
  request.set_page_size(1);
  const std::string token = replica().List(request)->next_page_token();
  request.set_page_token(token);
  request.set_status(v1::EMAIL_STATUS_SENT);  // another list than the token's
  EXPECT_THAT(replica().List(request), StatusIs(absl::StatusCode::kInvalidArgument));
  request.set_page_size(-1);
  request.set_status(static_cast<v1::EmailStatus>(77));
  const auto page = replica().List(request);
  EXPECT_THAT(GetFieldViolations(page.status()),
              ElementsAre(Field(&FieldViolation::field, "page_size"),
                          Field(&FieldViolation::field, "page_token"),
                          Field(&FieldViolation::field, "status")));
  request.set_page_size(1);
  request.set_status(v1::EMAIL_STATUS_UNSPECIFIED);
  request.set_page_token(MakePageToken("no cursor of ours", "emails status=0"));
  EXPECT_THAT(replica().List(request), StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(Databases, EmailsTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

}  // namespace
}  // namespace orderflow::email
