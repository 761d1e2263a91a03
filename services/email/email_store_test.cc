#include "services/email/email_store.h"

#include <set>

#include "common/base/status.h"
#include "services/email/email_fixture.h"

namespace orderflow::email {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EmailStoreTest : public EmailFixture {
 protected:
  StoredMail AMail(const std::string& order_id) {
    return {.content = {.order_id = order_id,
                        .customer_email = "user@example.com",
                        .product_id = "sku-001",
                        .quantity = 2,
                        .amount_minor = 1234,
                        .currency = "EUR"},
            .message_id = "<" + order_id + "@shop.example>",
            .status = v1::EMAIL_STATUS_QUEUED,
            .attempts = 0,
            .last_error = "",
            .create_time = clock_.Now(),
            .send_time = std::nullopt,
            .next_attempt_time = clock_.Now()};
  }
  bool Insert(StoredMail mail) {
    auto insertion = orderflow::Await<EmailStore::Insertion>(
        [&](auto done) { store().Insert(std::move(mail), std::move(done)); });
    EXPECT_THAT(insertion, IsOk());
    return insertion.ok() && insertion->inserted;
  }
  StoredMail Get(const std::string& order_id) {
    auto mail =
        orderflow::Await<StoredMail>([&](auto done) { store().Get(order_id, std::move(done)); });
    EXPECT_THAT(mail, IsOk());
    return mail.ok() ? *mail : StoredMail();
  }
  std::vector<std::string> Claim(int limit) {
    auto mails = orderflow::Await<std::vector<StoredMail>>([&](auto done) {
      store().ClaimDue(clock_.Now(), clock_.Now() + absl::Seconds(30), limit, std::move(done));
    });
    EXPECT_THAT(mails, IsOk());
    std::vector<std::string> ids;
    for (const StoredMail& mail : *mails) ids.push_back(mail.content.order_id);
    return ids;
  }
  absl::Status RecordFailure(const std::string& order_id, int64_t attempt,
                             std::optional<absl::Time> next) {
    return AwaitStatus([&](auto done) {
      store().RecordFailure(order_id, attempt, "no luck", next, std::move(done));
    });
  }
  absl::Status RecordSent(const std::string& order_id) {
    return AwaitStatus(
        [&](auto done) { store().RecordSent(order_id, clock_.Now(), std::move(done)); });
  }
  EmailStore::Depth Depth() {
    return *orderflow::Await<EmailStore::Depth>(
        [&](auto done) { store().CountOpen(std::move(done)); });
  }
  EmailStore& store() { return replica().store(); }
};

TEST_P(EmailStoreTest, AMailIsKeptAsItWasInserted) {
  StoredMail mail = AMail("1");
  mail.create_time += absl::Microseconds(1);
  EXPECT_TRUE(Insert(mail));
  const StoredMail kept = Get("1");
  EXPECT_EQ(kept.content, mail.content);
  EXPECT_EQ(kept.message_id, mail.message_id);
  EXPECT_EQ(kept.status, v1::EMAIL_STATUS_QUEUED);
  EXPECT_EQ(kept.create_time, mail.create_time);
  EXPECT_EQ(kept.next_attempt_time, mail.next_attempt_time);
  EXPECT_EQ(kept.send_time, std::nullopt);
}

TEST_P(EmailStoreTest, TheFirstMailOfAnOrderStays) {
  EXPECT_TRUE(Insert(AMail("1")));
  StoredMail other = AMail("1");
  other.content.quantity = 7;
  EXPECT_FALSE(Insert(other));
  EXPECT_EQ(Get("1").content.quantity, 2);
}

TEST_P(EmailStoreTest, AnUnknownOrderIsNotFound) {
  const auto mail =
      orderflow::Await<StoredMail>([&](auto done) { store().Get("nobody", std::move(done)); });
  EXPECT_THAT(mail, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(GetErrorInfo(mail.status())->reason, "EMAIL_NOT_FOUND");
}

TEST_P(EmailStoreTest, AClaimCountsTheAttemptAndKeepsOthersAwayUntilItEnds) {
  Insert(AMail("1"));
  EXPECT_THAT(Claim(10), ElementsAre("1"));
  EXPECT_EQ(Get("1").attempts, 1);
  EXPECT_THAT(Claim(10), IsEmpty());
  clock_.Advance(absl::Seconds(29));
  EXPECT_THAT(Claim(10), IsEmpty());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Claim(10), ElementsAre("1"));
  EXPECT_EQ(Get("1").attempts, 2);
}

TEST_P(EmailStoreTest, TheLongestOverdueAreClaimedFirstAndNoMoreThanAskedFor) {
  for (const char* id : {"c", "a", "b"}) {
    Insert(AMail(id));
    clock_.Advance(absl::Seconds(1));
  }
  const std::vector<std::string> first = Claim(2);
  EXPECT_THAT(std::set<std::string>(first.begin(), first.end()), ElementsAre("a", "c"));
  EXPECT_THAT(Claim(2), ElementsAre("b"));
}

TEST_P(EmailStoreTest, LookingForDueMailsInVainCommitsNothing) {
  StoredMail later = AMail("1");
  later.next_attempt_time = clock_.Now() + absl::Seconds(1);
  Insert(later);
  const int64_t commits = replica().database().statistics().commits;
  EXPECT_THAT(Claim(10), IsEmpty());
  EXPECT_EQ(replica().database().statistics().commits, commits);
}

TEST_P(EmailStoreTest, WhatIsSentOrFailedIsNeverDue) {
  for (const char* id : {"sent", "failed"}) Insert(AMail(id));
  Claim(2);
  EXPECT_THAT(RecordSent("sent"), IsOk());
  EXPECT_THAT(RecordFailure("failed", 1, std::nullopt), IsOk());
  clock_.Advance(absl::Hours(1000));
  EXPECT_THAT(Claim(10), IsEmpty());
  EXPECT_EQ(Get("sent").status, v1::EMAIL_STATUS_SENT);
  EXPECT_EQ(Get("failed").status, v1::EMAIL_STATUS_FAILED);
  EXPECT_EQ(Get("failed").last_error, "no luck");
  EXPECT_EQ(Get("failed").next_attempt_time, std::nullopt);
}

TEST_P(EmailStoreTest, AWorkerWhoseClaimRanOutCannotRecordAFailure) {
  Insert(AMail("1"));
  Claim(1);
  clock_.Advance(absl::Seconds(30));
  Claim(1);
  const absl::Time claim_end = *Get("1").next_attempt_time;
  EXPECT_THAT(RecordFailure("1", 1, clock_.Now()), IsOk());
  EXPECT_THAT(RecordFailure("1", 1, std::nullopt), IsOk());
  EXPECT_EQ(Get("1").status, v1::EMAIL_STATUS_QUEUED);
  EXPECT_EQ(Get("1").next_attempt_time, claim_end);
  EXPECT_EQ(Get("1").last_error, "");
}

TEST_P(EmailStoreTest, WhoeverHasSentAMailMayRecordIt) {
  Insert(AMail("1"));
  Claim(1);
  clock_.Advance(absl::Seconds(30));
  Claim(1);
  EXPECT_THAT(RecordFailure("1", 2, std::nullopt), IsOk());
  EXPECT_THAT(RecordSent("1"), IsOk());  // by the first worker, late
  EXPECT_EQ(Get("1").status, v1::EMAIL_STATUS_SENT);
  EXPECT_EQ(Get("1").send_time, clock_.Now());
}

TEST_P(EmailStoreTest, OpenMailsAreCounted) {
  EXPECT_EQ(Depth().oldest_queued, std::nullopt);
  for (const char* id : {"1", "2", "3", "4"}) {
    clock_.Advance(absl::Seconds(1));
    Insert(AMail(id));
  }
  Claim(10);
  EXPECT_THAT(RecordSent("1"), IsOk());
  EXPECT_THAT(RecordFailure("2", 1, std::nullopt), IsOk());
  EXPECT_THAT(RecordFailure("3", 1, clock_.Now()), IsOk());
  EXPECT_EQ(Depth().queued, 2);
  EXPECT_EQ(Depth().failed, 1);
  EXPECT_EQ(Depth().oldest_queued, clock_.Now() - absl::Seconds(1));
}

TEST_P(EmailStoreTest, TwoReplicasNeverClaimTheSameMail) {
  if (GetParam() == database::TestBackend::kSqliteMemory) GTEST_SKIP() << "cannot be shared";
  constexpr int kMails = 300;
  for (int i = 0; i < kMails; ++i) Insert(AMail(std::to_string(i)));
  Replica other(url_, clock_);
  Mutex mutex;
  CondVar changed;
  std::multiset<std::string> claimed;
  int left = 0;
  // Both ask for more than there is, all at once.
  for (int i = 0; i < 30; ++i) {
    for (EmailStore* store : {&store(), &other.store()}) {
      {
        MutexLock lock(mutex);
        ++left;
      }
      store->ClaimDue(clock_.Now(), clock_.Now() + absl::Hours(1), 7,
                      [&](absl::StatusOr<std::vector<StoredMail>> mails) {
                        MutexLock lock(mutex);
                        EXPECT_THAT(mails, IsOk());
                        for (const StoredMail& mail : *mails) claimed.insert(mail.content.order_id);
                        --left;
                        changed.NotifyAll();
                      });
    }
  }
  {
    MutexLock lock(mutex);
    while (left > 0) changed.Wait(mutex);
  }
  for (int i = 0; i < kMails; ++i) EXPECT_LE(claimed.count(std::to_string(i)), 1u) << i;
  // A look that met a claim under way may have come back with less than there was; nothing is lost
  // by that.
  for (const std::string& id : Claim(kMails)) claimed.insert(id);
  EXPECT_EQ(claimed.size(), static_cast<size_t>(kMails));
}

INSTANTIATE_TEST_SUITE_P(Databases, EmailStoreTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

}  // namespace
}  // namespace orderflow::email
