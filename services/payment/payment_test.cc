#include "services/payment/payment.h"

#include <latch>
#include <thread>

#include "services/payment/test_gateway.h"

namespace orderflow::payment {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Line = FakeGateway::Line;

class PaymentTest : public PaymentsFixture {};

TEST_P(PaymentTest, AChargeIsAnsweredWithWhatWasTaken) {
  const auto answer = Charge("order-1");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->payment_status(), "charged");
  EXPECT_EQ(answer->payment_id(), "pay-order-1");
  EXPECT_EQ(answer->amount_minor(), 1999);
  EXPECT_EQ(answer->currency(), "EUR");
  EXPECT_EQ(answer->decline_reason(), "");
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_CHARGED);
  EXPECT_EQ(Get("order-1")->gateway_reference(), "ref-orderflow:charge:order-1");
}

TEST_P(PaymentTest, ADeclineIsAnAnswerAndIsKept) {
  gateway_.SetDecline("insufficient_funds");
  const auto first = Charge("order-1");
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->payment_status(), "declined");
  EXPECT_EQ(first->decline_reason(), "insufficient_funds");
  gateway_.SetDecline("");
  Restart();
  EXPECT_EQ(Charge("order-1")->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(gateway_.charge_calls().size(), 1u);
}

TEST_P(PaymentTest, ARepeatedChargeGetsTheFirstAnswerWithoutAskingTheProvider) {
  const auto first = Charge("order-1");
  Restart();
  EXPECT_EQ(Charge("order-1")->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(gateway_.charge_calls().size(), 1u);
}

TEST_P(PaymentTest, AKeyCannotChargeSomethingElse) {
  ASSERT_THAT(Charge("order-1"), IsOk());
  v1::ChargePaymentRequest other_currency = ChargeOf("order-1");
  other_currency.set_currency("USD");
  v1::ChargePaymentRequest other_order = ChargeOf("order-2");
  other_order.set_idempotency_key("order-1");
  for (const auto& request : {ChargeOf("order-1", 2000), ChargeOf("order-1", 1999, "other"),
                              other_currency, other_order}) {
    const auto answer = Charge(request);
    EXPECT_THAT(answer, StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("\"order-1\"")));
    EXPECT_EQ(Reason(answer.status()), "payment.orderflow/CHARGE_MISMATCH");
  }
  EXPECT_EQ(gateway_.charges(), 1);
}

TEST_P(PaymentTest, AnOrderMayBeChargedUnderSeveralKeys) {
  for (const char* key : {"order-1:a", "order-1:b"}) {
    v1::ChargePaymentRequest request = ChargeOf("order-1");
    request.set_idempotency_key(key);
    EXPECT_EQ(Charge(request)->payment_id(), std::string("pay-") + key);
    EXPECT_EQ(Get("order-1", key)->idempotency_key(), key);
  }
  EXPECT_EQ(gateway_.charges(), 2);
  EXPECT_EQ(Reason(Get("order-1").status()), "payment.orderflow/PAYMENT_NOT_FOUND");
}

TEST_P(PaymentTest, AChargeWhoseAnswerWasLostIsFoundAgainNotMadeAgain) {
  gateway_.SetLine(Line::kCutAfter);
  const auto lost = Charge("order-1");
  EXPECT_THAT(lost, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Reason(lost.status()), "payment.orderflow/PAYMENT_GATEWAY_UNAVAILABLE");
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_PENDING);
  Restart();
  gateway_.SetLine(Line::kGood);
  EXPECT_EQ(Charge("order-1")->payment_status(), "charged");
  EXPECT_EQ(gateway_.charges(), 1);
  const std::vector<GatewayCharge> calls = gateway_.charge_calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].key, calls[1].key);
  EXPECT_EQ(calls[0].payment_token, calls[1].payment_token);
}

TEST_P(PaymentTest, AFailureBeforeTheChargeIsTriedAgain) {
  gateway_.SetLine(Line::kCutBefore);
  EXPECT_THAT(Charge("order-1"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(gateway_.charges(), 0);
  gateway_.SetLine(Line::kGood);
  EXPECT_EQ(Charge("order-1")->payment_status(), "charged");
  EXPECT_EQ(gateway_.charges(), 1);
}

// The process dies between the provider's answer and our record: here, the database goes away in
// between.
TEST_P(PaymentTest, ACrashBetweenAnswerAndRecordLeavesAPendingPaymentAndOneCharge) {
  gateway_.SetLine(Line::kHold);
  std::latch answered(1);
  payments().ChargePayment(ChargeOf("order-1"), [&](auto) { answered.count_down(); });
  gateway_.AwaitHeld(1);
  Replica survivor(url_, gateway_, clock_);  // sees what the other process has committed up to here
  const auto pending = Await<std::optional<PaymentRecord>>(
      [&](auto done) { survivor.store->Get("order-1", std::move(done)); });
  ASSERT_THAT(pending, IsOk());
  ASSERT_TRUE(pending->has_value()) << "the record must be durable before the provider is asked";
  EXPECT_EQ((*pending)->state, PaymentState::kPending);
  gateway_.SetLine(Line::kGood);
  const auto retried = Await<v1::ChargePaymentResponse>(
      [&](auto done) { survivor.payments->ChargePayment(ChargeOf("order-1"), std::move(done)); });
  ASSERT_THAT(retried, IsOk());
  EXPECT_EQ(retried->payment_status(), "charged");
  gateway_.LetGo();  // the first process was not dead but slow
  answered.wait();
  EXPECT_EQ(gateway_.charges(), 1);
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_CHARGED);
}

TEST_P(PaymentTest, ConcurrentDuplicatesShareOneCallToTheProvider) {
  constexpr int kCallers = 8;
  gateway_.SetLine(Line::kHold);
  std::latch answered(kCallers);
  std::vector<std::string> answers(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    payments().ChargePayment(ChargeOf("order-1"), [&, i](auto answer) {
      EXPECT_THAT(answer, IsOk());
      answers[i] = answer.ok() ? answer->SerializeAsString() : "";
      answered.count_down();
    });
  }
  gateway_.AwaitHeld(1);
  gateway_.LetGo();
  answered.wait();
  EXPECT_EQ(gateway_.charge_calls().size(), 1u);
  EXPECT_THAT(answers, ::testing::Each(answers[0]));
}

TEST_P(PaymentTest, ADifferentRequestUnderAKeyInFlightDoesNotJoinIt) {
  gateway_.SetLine(Line::kHold);
  std::latch answered(1);
  payments().ChargePayment(ChargeOf("order-1"), [&](auto) { answered.count_down(); });
  gateway_.AwaitHeld(1);
  EXPECT_EQ(Reason(Charge(ChargeOf("order-1", 5)).status()), "payment.orderflow/CHARGE_MISMATCH");
  gateway_.LetGo();
  answered.wait();
}

TEST_P(PaymentTest, RacingReplicasMakeOneChargePerKey) {
  constexpr int kOrders = 50;
  Replica other(url_, gateway_, clock_);
  std::latch answered(2 * kOrders);
  const auto charge_all = [&](Payments& payments) {
    for (int i = 0; i < kOrders; ++i) {
      payments.ChargePayment(ChargeOf("order-" + std::to_string(i)), [&](auto answer) {
        EXPECT_THAT(answer, IsOk());
        EXPECT_EQ(answer->payment_status(), "charged");
        answered.count_down();
      });
    }
  };
  std::thread thread([&] { charge_all(*other.payments); });
  charge_all(payments());
  thread.join();
  answered.wait();
  EXPECT_EQ(gateway_.charges(), kOrders);
}

TEST_P(PaymentTest, ATokenIsKeptOnlyWhileTheOutcomeIsOpen) {
  gateway_.SetLine(Line::kCutBefore);
  EXPECT_THAT(Charge(ChargeOf("order-1", 5, "tok_secret")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Stored("order-1").payment_token, "tok_secret");
  gateway_.SetLine(Line::kGood);
  ASSERT_THAT(Charge(ChargeOf("order-1", 5, "tok_secret")), IsOk());
  const PaymentRecord stored = Stored("order-1");
  EXPECT_EQ(stored.payment_token, "");
  EXPECT_THAT(stored.request_hash, Not(HasSubstr("secret")));
}

TEST_P(PaymentTest, ABadChargeIsToldAllItsMistakes) {
  v1::ChargePaymentRequest request;
  request.set_order_id("-1");
  request.set_currency("euro");
  request.set_payment_token("tok\nsecret");
  request.set_idempotency_key("a/b");
  const auto answer = Charge(request);
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr("secret"))));
  EXPECT_THAT(Fields(answer.status()), ElementsAre("order_id", "amount_minor", "currency",
                                                   "payment_token", "idempotency_key"));
  EXPECT_THAT(Fields(Charge(ChargeOf("order-1", 1'000'000'000'000'000'001)).status()),
              ElementsAre("amount_minor"));
  request = ChargeOf("order-1");
  request.set_idempotency_key(std::string(129, 'k'));
  EXPECT_THAT(Fields(Charge(request).status()), ElementsAre("idempotency_key"));
  EXPECT_TRUE(gateway_.charge_calls().empty());
}

TEST_P(PaymentTest, ARefundGivesTheMoneyBackOnce) {
  ASSERT_THAT(Charge("order-1"), IsOk());
  for (int i = 0; i < 2; ++i) {
    const auto refund = Refund("order-1");
    ASSERT_THAT(refund, IsOk());
    EXPECT_EQ(refund->refund_status(), "refunded");
    EXPECT_EQ(refund->payment().status(), v1::PAYMENT_STATUS_REFUNDED);
  }
  EXPECT_EQ(gateway_.refunds(), 1);
  EXPECT_EQ(Reason(Charge("order-1").status()), "payment.orderflow/PAYMENT_REFUNDED");
}

TEST_P(PaymentTest, ARefundWhoseAnswerWasLostIsFinishedByTheNext) {
  ASSERT_THAT(Charge("order-1"), IsOk());
  gateway_.SetLine(Line::kCutAfter);
  EXPECT_EQ(Reason(Refund("order-1").status()), "payment.orderflow/PAYMENT_GATEWAY_UNAVAILABLE");
  EXPECT_EQ(Get("order-1")->status(), v1::PAYMENT_STATUS_REFUND_PENDING);
  EXPECT_EQ(Reason(Charge("order-1").status()), "payment.orderflow/PAYMENT_REFUNDED");
  gateway_.SetLine(Line::kGood);
  Restart();
  EXPECT_EQ(Refund("order-1")->payment().status(), v1::PAYMENT_STATUS_REFUNDED);
  EXPECT_EQ(gateway_.refunds(), 1);
}

TEST_P(PaymentTest, WhatWasNotChargedCannotBeRefunded) {
  EXPECT_EQ(Reason(Refund("order-0").status()), "payment.orderflow/PAYMENT_NOT_FOUND");
  gateway_.SetDecline("card_declined");
  ASSERT_THAT(Charge("order-1"), IsOk());
  const auto refund = Refund("order-1");
  EXPECT_THAT(refund, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("card_declined")));
  EXPECT_EQ(Reason(refund.status()), "payment.orderflow/PAYMENT_NOT_CHARGED");
  EXPECT_EQ(Reason(Refund("order-2", "order-1").status()), "payment.orderflow/PAYMENT_NOT_FOUND");
}

TEST_P(PaymentTest, ARefundOfAnUnknownOutcomeAsksByKeyFirst) {
  gateway_.SetLine(Line::kCutAfter);
  EXPECT_THAT(Charge("taken"), StatusIs(absl::StatusCode::kUnavailable));
  gateway_.SetLine(Line::kCutBefore);
  EXPECT_THAT(Charge("untaken"), StatusIs(absl::StatusCode::kUnavailable));
  gateway_.SetLine(Line::kGood);
  EXPECT_EQ(Refund("taken")->payment().status(), v1::PAYMENT_STATUS_REFUNDED);
  EXPECT_EQ(Reason(Refund("untaken").status()), "payment.orderflow/PAYMENT_NOT_CHARGED");
  EXPECT_EQ(gateway_.refunds(), 1);
  EXPECT_EQ(Charge("untaken")->decline_reason(), "abandoned");
  EXPECT_EQ(gateway_.charges(), 1);
}

TEST_P(PaymentTest, ARefundDuringTheChargeWins) {
  gateway_.SetLine(Line::kHold);
  std::latch answered(1);
  absl::StatusOr<v1::ChargePaymentResponse> charge;
  payments().ChargePayment(ChargeOf("order-1"), [&](auto answer) {
    charge = std::move(answer);
    answered.count_down();
  });
  gateway_.AwaitHeld(1);
  EXPECT_EQ(Reason(Refund("order-1").status()), "payment.orderflow/PAYMENT_NOT_CHARGED");
  gateway_.LetGo();  // the charge arrives late and finds its key closed
  answered.wait();
  ASSERT_THAT(charge, IsOk());
  EXPECT_EQ(charge->payment_status(), "declined");
  EXPECT_EQ(gateway_.charges(), 0);
}

TEST_P(PaymentTest, PaymentsAreListedNewestFirstPageByPage) {
  for (const char* order : {"a", "b", "c", "d"}) {
    ASSERT_THAT(Charge(order), IsOk());
    if (std::string(order) != "b") clock_.Advance(absl::Seconds(1));  // b and c at the same time
  }
  ASSERT_THAT(Refund("b"), IsOk());
  v1::ListPaymentsRequest request;
  request.set_page_size(3);
  std::vector<std::string> seen;
  do {
    const auto page = List(request);
    ASSERT_THAT(page, IsOk());
    for (const v1::Payment& payment : page->payments()) seen.push_back(payment.order_id());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(seen, ElementsAre("d", "c", "b", "a"));
  request.set_status(v1::PAYMENT_STATUS_REFUNDED);
  ASSERT_EQ(List(request)->payments_size(), 1);
  EXPECT_EQ(List(request)->payments(0).order_id(), "b");
  request.set_page_size(-1);
  EXPECT_THAT(Fields(List(request).status()), ElementsAre("page_size"));
  request.set_status(static_cast<v1::PaymentStatus>(17));
  EXPECT_THAT(Fields(List(request).status()), ElementsAre("status"));
}

INSTANTIATE_TEST_SUITE_P(Databases, PaymentTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

}  // namespace
}  // namespace orderflow::payment
