// What the settler makes of payments whose callers have given up.

#include "services/payment/test_gateway.h"

namespace orderflow::payment {
namespace {

using Line = FakeGateway::Line;

class SettlementTest : public PaymentsFixture {
 protected:
  // A payment of which the caller knows nothing.
  void ChargeWithoutAnswer(const std::string& order, Line line) {
    gateway_.SetLine(line);
    EXPECT_THAT(Charge(order), StatusIs(absl::StatusCode::kUnavailable));
    gateway_.SetLine(Line::kGood);
  }
};

TEST_P(SettlementTest, AChargeThatNobodyKnowsOfIsRefunded) {
  ChargeWithoutAnswer("order-1", Line::kCutAfter);
  Restart();
  clock_.Advance(absl::Minutes(15));
  EXPECT_THAT(Settle(), IsOkAndHolds(1));
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_REFUNDED);
  EXPECT_EQ(gateway_.refunds(), 1);
  EXPECT_THAT(Settle(), IsOkAndHolds(0));
}

TEST_P(SettlementTest, AChargeThatNeverHappenedIsDeclinedAndCannotHappenLater) {
  ChargeWithoutAnswer("order-1", Line::kCutBefore);
  clock_.Advance(absl::Minutes(15));
  EXPECT_THAT(Settle(), IsOkAndHolds(1));
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_DECLINED);
  EXPECT_EQ(Charge("order-1")->decline_reason(), "abandoned");
  // A process that slept through it all and asks the provider only now.
  const auto late = Await<GatewayAnswer>([&](auto done) {
    gateway_.Charge({.key = "orderflow:charge:order-1",
                     .order_id = "order-1",
                     .amount_minor = 1999,
                     .currency = "EUR",
                     .payment_token = "tok"},
                    std::move(done));
  });
  EXPECT_EQ(late->outcome, GatewayAnswer::Outcome::kNotCharged);
  EXPECT_EQ(gateway_.charges(), 0);
}

TEST_P(SettlementTest, APaymentThatIsStillTriedIsLeftAlone) {
  ChargeWithoutAnswer("order-1", Line::kCutBefore);
  clock_.Advance(absl::Minutes(14));
  ChargeWithoutAnswer("order-1", Line::kCutBefore);
  clock_.Advance(absl::Minutes(14));
  EXPECT_THAT(Settle(), IsOkAndHolds(0));
  EXPECT_EQ(Charge("order-1")->payment_status(), "charged");
}

TEST_P(SettlementTest, AnAnsweredPaymentIsLeftAlone) {
  ASSERT_THAT(Charge("charged"), IsOk());
  gateway_.SetDecline("card_declined");
  ASSERT_THAT(Charge("declined"), IsOk());
  clock_.Advance(absl::Hours(1000));
  EXPECT_THAT(Settle(), IsOkAndHolds(0));
  EXPECT_EQ(Get("charged")->status(), v1::PAYMENT_STATUS_CHARGED);
  EXPECT_EQ(gateway_.refunds(), 0);
}

TEST_P(SettlementTest, ASettlementThatFailsIsTriedAgainAfterPausesThatGrow) {
  ChargeWithoutAnswer("order-1", Line::kCutAfter);
  gateway_.SetLine(Line::kCutBefore);
  clock_.Advance(absl::Minutes(15));
  EXPECT_THAT(Settle(), IsOkAndHolds(0));  // next in 1 minute
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(Settle(), IsOkAndHolds(0));  // next in 2 minutes
  gateway_.SetLine(Line::kGood);
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(Settle(), IsOkAndHolds(0));
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_PENDING);
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(Settle(), IsOkAndHolds(1));
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_REFUNDED);
}

TEST_P(SettlementTest, ARefundThatGotStuckIsFinished) {
  ASSERT_THAT(Charge("order-1"), IsOk());
  gateway_.SetLine(Line::kCutBefore);
  EXPECT_THAT(Refund("order-1"), StatusIs(absl::StatusCode::kUnavailable));
  gateway_.SetLine(Line::kGood);
  Restart();
  EXPECT_THAT(Settle(), IsOkAndHolds(0));
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(Settle(), IsOkAndHolds(1));
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_REFUNDED);
}

TEST_P(SettlementTest, ManyAbandonedPaymentsTakeSeveralRounds) {
  constexpr int kOrders = 40;
  for (int i = 0; i < kOrders; ++i)
    ChargeWithoutAnswer("order-" + std::to_string(i), Line::kCutAfter);
  clock_.Advance(absl::Minutes(15));
  int64_t settled = 0;
  for (int round = 0; round < 2; ++round) settled += *Settle();
  EXPECT_EQ(settled, kOrders);
  EXPECT_EQ(gateway_.refunds(), kOrders);
}

TEST_P(SettlementTest, TwoReplicasDoNotSettleTheSamePayment) {
  ChargeWithoutAnswer("order-1", Line::kCutAfter);
  clock_.Advance(absl::Minutes(15));
  Replica other(url_, gateway_, clock_);
  const auto take = [&](PaymentStore& store) {
    return Await<std::vector<PaymentRecord>>([&](auto done) {
      store.TakeDue(clock_.Now(), {.first = absl::Minutes(1), .longest = absl::Hours(1)}, 10,
                    std::move(done));
    });
  };
  EXPECT_EQ(take(*other.store)->size(), 1u);
  EXPECT_EQ(take(*replica_->store)->size(), 0u);
}

TEST_P(SettlementTest, OpenPaymentsAreCounted) {
  const auto open = [&] {
    return *Await<PaymentStore::Open>(
        [&](auto done) { replica_->store->CountOpen(std::move(done)); });
  };
  EXPECT_EQ(open().count, 0);
  EXPECT_EQ(open().oldest, std::nullopt);
  ASSERT_THAT(Charge("charged"), IsOk());
  clock_.Advance(absl::Seconds(1));
  const absl::Time since = clock_.Now();
  ChargeWithoutAnswer("pending", Line::kCutBefore);
  clock_.Advance(absl::Seconds(1));
  ChargeWithoutAnswer("pending-too", Line::kCutBefore);
  EXPECT_EQ(open().count, 2);
  EXPECT_EQ(open().oldest, since);
}

INSTANTIATE_TEST_SUITE_P(Databases, SettlementTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

}  // namespace
}  // namespace orderflow::payment
