#include "services/email/delivery.h"

#include "services/email/email_fixture.h"

namespace orderflow::email {
namespace {

using ::testing::SizeIs;

class DeliveryTest : public EmailFixture {
 protected:
  // Orders whose mails are queued since the server did not take them at first.
  void QueueMails(int count) {
    replica().transport().AnswerAll(Result(Outcome::kTryLater));
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(replica().StatusOfSending(ARequest(std::to_string(i))), "queued");
    }
    replica().transport().AnswerAll(Result(Outcome::kSent));
  }
  absl::Duration UntilNextAttempt(const std::string& order_id) {
    const v1::Email email = replica().Get(order_id);
    return absl::FromUnixSeconds(email.next_attempt_time().seconds()) - clock_.Now();
  }
  size_t Tries() { return replica().transport().mails().size(); }
};

TEST_P(DeliveryTest, AQueuedMailIsDeliveredWhenItsTimeHasCome) {
  QueueMails(1);
  EXPECT_EQ(replica().Get("0").last_error(), "told so");
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(0));
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(1));
  EXPECT_EQ(replica().Get("0").status(), v1::EMAIL_STATUS_SENT);
  EXPECT_EQ(replica().Get("0").attempts(), 2);
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(0));
}

TEST_P(DeliveryTest, EveryTryOfAMailIsTheSameBytes) {
  QueueMails(1);
  clock_.Advance(absl::Minutes(10));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(1));
  const std::vector<Mail> mails = replica().transport().mails();
  ASSERT_THAT(mails, SizeIs(2));
  EXPECT_EQ(mails[0].content, mails[1].content);
}

TEST_P(DeliveryTest, TheWaitBetweenTriesGrowsToItsLimit) {
  replica().transport().AnswerAll(Result(Outcome::kTryLater));
  EXPECT_EQ(replica().StatusOfSending(ARequest()), "queued");
  for (const int seconds : {2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
    EXPECT_EQ(UntilNextAttempt("12345"), absl::Seconds(seconds));
    clock_.Advance(absl::Seconds(seconds));
    EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(1));
  }
}

TEST_P(DeliveryTest, AMailThatCannotBeDeliveredForDaysIsGivenUp) {
  QueueMails(1);
  replica().transport().AnswerAll(Result(Outcome::kTryLater));
  clock_.Advance(absl::Hours(5 * 24));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(1));
  const v1::Email email = replica().Get("0");
  EXPECT_EQ(email.status(), v1::EMAIL_STATUS_FAILED);
  EXPECT_EQ(email.last_error(), "given up after 120h: told so");
  EXPECT_EQ(replica().delivery().statistics().failed, 1);
}

TEST_P(DeliveryTest, ADueMailThatIsRefusedFails) {
  QueueMails(1);
  replica().transport().AnswerAll(Result(Outcome::kRefused));
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(1));
  EXPECT_EQ(replica().Get("0").status(), v1::EMAIL_STATUS_FAILED);
}

TEST_P(DeliveryTest, WhileTheServerIsUnreachableNewMailsAreQueuedWithoutATry) {
  replica().transport().AnswerAll(Result(Outcome::kUnreachable));
  EXPECT_EQ(replica().StatusOfSending(ARequest("first")), "queued");
  EXPECT_EQ(replica().StatusOfSending(ARequest("second")), "queued");
  EXPECT_EQ(Tries(), 1u);
  EXPECT_EQ(replica().Get("second").attempts(), 0);
  EXPECT_TRUE(replica().delivery().statistics().unreachable);
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(0));  // paused
}

TEST_P(DeliveryTest, AnUnreachableServerIsProbedByOneMailAndThenGetsAll) {
  replica().transport().AnswerAll(Result(Outcome::kUnreachable));
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(replica().StatusOfSending(ARequest(std::to_string(i))), "queued");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(1));
  EXPECT_EQ(Tries(), 2u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(0));  // the pause has doubled
  clock_.Advance(absl::Seconds(10));
  replica().transport().AnswerAll(Result(Outcome::kSent));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(1));
  EXPECT_FALSE(replica().delivery().statistics().unreachable);
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(4));
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(replica().Get(std::to_string(i)).status(), v1::EMAIL_STATUS_SENT);
}

TEST_P(DeliveryTest, AMailOfADeadProcessIsDeliveredByAnotherWhenTheClaimHasRunOut) {
  if (GetParam() == database::TestBackend::kSqliteMemory) GTEST_SKIP() << "cannot be shared";
  replica().transport().AnswerAll(std::nullopt);  // its process will never hear of it
  replica().emails().SendConfirmationEmail(
      ARequest(), [](absl::StatusOr<v1::SendConfirmationEmailResponse>) {});
  const std::vector<Mail> first = replica().transport().WaitForMails(1);
  Replica other(url_, clock_);
  EXPECT_THAT(other.DeliverDue(), IsOkAndHolds(0));
  EXPECT_EQ(other.StatusOfSending(ARequest()), "queued");
  clock_.Advance(absl::Seconds(25));  // what a delivery may take, and the margin
  EXPECT_THAT(other.DeliverDue(), IsOkAndHolds(1));
  ASSERT_THAT(other.transport().mails(), SizeIs(1));
  EXPECT_EQ(other.transport().mails()[0].content, first[0].content);
  EXPECT_EQ(other.StatusOfSending(ARequest()), "sent");
}

TEST_P(DeliveryTest, ASentMailThatCouldNotBeRecordedIsRecordedLaterAndNotSentAgain) {
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
  replica().database().FailWrites(true);
  replica().transport().AnswerNext(Result(Outcome::kSent));
  {
    MutexLock lock(mutex);
    while (status.empty()) changed.Wait(mutex);
    EXPECT_EQ(status, "queued");  // what is on record
  }
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(replica().DeliverDue(), StatusIs(absl::StatusCode::kUnavailable));
  replica().database().FailWrites(false);
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(0));
  EXPECT_EQ(replica().Get("12345").status(), v1::EMAIL_STATUS_SENT);
  EXPECT_EQ(Tries(), 1u);
}

TEST_P(DeliveryTest, WhereNobodyElseProbesNewMailsDo) {
  Replica alone(url_, clock_, {.new_mails_probe = true});
  alone.transport().AnswerAll(Result(Outcome::kUnreachable));
  EXPECT_EQ(alone.StatusOfSending(ARequest("1")), "queued");
  alone.transport().AnswerAll(Result(Outcome::kSent));
  EXPECT_EQ(alone.StatusOfSending(ARequest("2")), "queued");  // the pause
  EXPECT_THAT(alone.transport().mails(), SizeIs(1));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(alone.StatusOfSending(ARequest("3")), "sent");
}

TEST_P(DeliveryTest, MoreMailsThanABatchAreDeliveredBatchByBatch) {
  QueueMails(300);
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(256));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(44));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(0));
}

TEST_P(DeliveryTest, EveryTryIsCounted) {
  QueueMails(2);
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(replica().DeliverDue(), IsOkAndHolds(2));
  const Delivery::Statistics statistics = replica().delivery().statistics();
  EXPECT_EQ(statistics.retried, 2);
  EXPECT_EQ(statistics.sent, 2);
  EXPECT_EQ(statistics.failed, 0);
  EXPECT_EQ(statistics.in_flight, 0);
}

INSTANTIATE_TEST_SUITE_P(Databases, DeliveryTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

TEST(DeliveryPauseTest, OneCauseIsOnePauseHoweverManyTriesItFails) {
  DeliveryPause pause({.first = absl::Seconds(1), .longest = absl::Seconds(3)});
  const absl::Time start = absl::FromUnixSeconds(0);
  EXPECT_EQ(pause.StateAt(start), DeliveryPause::State::kOpen);
  EXPECT_TRUE(pause.OnUnreachable(start));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(pause.OnUnreachable(start));
  EXPECT_EQ(pause.StateAt(start + absl::Milliseconds(999)), DeliveryPause::State::kPaused);
  EXPECT_EQ(pause.StateAt(start + absl::Seconds(1)), DeliveryPause::State::kProbing);
}

TEST(DeliveryPauseTest, EachFurtherFailureDoublesThePauseToItsLimit) {
  DeliveryPause pause({.first = absl::Seconds(1), .longest = absl::Seconds(3)});
  absl::Time now = absl::FromUnixSeconds(0);
  for (const int seconds : {1, 2, 3, 3}) {
    pause.OnUnreachable(now);
    EXPECT_EQ(pause.StateAt(now + absl::Seconds(seconds) - absl::Milliseconds(1)),
              DeliveryPause::State::kPaused);
    now += absl::Seconds(seconds);
    EXPECT_EQ(pause.StateAt(now), DeliveryPause::State::kProbing);
  }
  EXPECT_TRUE(pause.OnReached());
  EXPECT_FALSE(pause.OnReached());
  EXPECT_EQ(pause.StateAt(now), DeliveryPause::State::kOpen);
  EXPECT_TRUE(pause.OnUnreachable(now));
  EXPECT_EQ(pause.StateAt(now + absl::Seconds(1)), DeliveryPause::State::kProbing);
}

}  // namespace
}  // namespace orderflow::email
