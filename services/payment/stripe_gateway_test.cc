#include "services/payment/stripe_gateway.h"

#include <memory>

#include "common/base/await.h"
#include "common/base/check.h"
#include "common/base/test_matchers.h"
#include "services/payment/fake_stripe.h"

namespace orderflow::payment {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Fault = FakeStripe::Fault;
using Outcome = GatewayAnswer::Outcome;

constexpr char kSecret[] = "sk_test_do_not_tell";

class StripeGatewayTest : public ::testing::Test {
 protected:
  StripeGatewayTest() : gateway_(Connect(absl::Seconds(20))) {}

  std::unique_ptr<StripeGateway> Connect(absl::Duration timeout) {
    auto gateway = StripeGateway::Create(
        {.secret_key = kSecret, .base_url = stripe_.url() + "/", .timeout = timeout}, clock_);
    ORDERFLOW_CHECK(gateway.ok());
    return *std::move(gateway);
  }
  GatewayCharge ChargeOf(const std::string& token) const {
    return {.key = "orderflow:charge:order-1",
            .order_id = "order-1",
            .amount_minor = 1999,
            .currency = "EUR",
            .payment_token = token,
            .first_asked = asked_};
  }
  absl::StatusOr<GatewayAnswer> Charge(const std::string& token = "pm_card_visa") {
    return Await<GatewayAnswer>(
        [&](auto done) { gateway_->Charge(ChargeOf(token), std::move(done)); });
  }
  absl::StatusOr<GatewayAnswer> Close(const std::string& token = "pm_card_visa") {
    return Await<GatewayAnswer>(
        [&](auto done) { gateway_->Close(ChargeOf(token), std::move(done)); });
  }
  absl::Status Refund(const std::string& reference,
                      const std::string& key = "orderflow:refund:order-1") {
    return AwaitStatus([&](StatusCallback done) {
      gateway_->Refund(
          {.key = key, .charge_key = "orderflow:charge:order-1", .charge_reference = reference},
          std::move(done));
    });
  }
  std::string DeclineOf(const std::string& token) {
    const auto answer = Charge(token);
    if (!answer.ok()) return answer.status().ToString();
    return answer->outcome == Outcome::kDeclined ? answer->decline_reason : "not declined";
  }

  FakeClock clock_;
  const absl::Time asked_ = clock_.Now();
  FakeStripe stripe_;
  std::unique_ptr<StripeGateway> gateway_;
};

TEST_F(StripeGatewayTest, AChargeIsAConfirmedPaymentIntentUnderOurKey) {
  const auto answer = Charge();
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->outcome, Outcome::kCharged);
  EXPECT_EQ(answer->reference, "pi_1");
  const FakeStripe::Request request = stripe_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/payment_intents");
  EXPECT_EQ(request.key, "orderflow:charge:order-1");
  EXPECT_EQ(request.authorization, std::string("Bearer ") + kSecret);
  EXPECT_EQ(request.form.at("amount"), "1999");
  EXPECT_EQ(request.form.at("currency"), "eur");
  EXPECT_EQ(request.form.at("payment_method"), "pm_card_visa");
  EXPECT_EQ(request.form.at("confirm"), "true");
  EXPECT_EQ(request.form.at("automatic_payment_methods[allow_redirects]"), "never");
  EXPECT_EQ(request.form.at("metadata[order_id]"), "order-1");
}

TEST_F(StripeGatewayTest, ATokenCannotSmuggleParametersIn) {
  EXPECT_EQ(DeclineOf("x&amount=1&y=%00+ "), "resource_missing");
  EXPECT_EQ(stripe_.requests().at(0).form.at("amount"), "1999");
  EXPECT_EQ(stripe_.requests().at(0).form.at("payment_method"), "x&amount=1&y=%00+ ");
}

TEST_F(StripeGatewayTest, DeclinesAreAnswers) {
  EXPECT_EQ(DeclineOf("pm_card_chargeDeclined"), "generic_decline");
  stripe_.ForgetKeys();
  EXPECT_EQ(DeclineOf("pm_card_chargeDeclinedInsufficientFunds"), "insufficient_funds");
  stripe_.ForgetKeys();
  EXPECT_EQ(DeclineOf("pm_card_authenticationRequired"), "authentication_required");
  stripe_.ForgetKeys();
  EXPECT_EQ(DeclineOf("pm_action"), "authentication_required");
  stripe_.ForgetKeys();
  EXPECT_EQ(DeclineOf("pm_empty"), "card_declined");
  EXPECT_EQ(DeclineOf(""), "payment_method_missing");
  EXPECT_EQ(stripe_.charges(), 0);
}

TEST_F(StripeGatewayTest, AChargeThatIsProcessedIsNotKnownYet) {
  EXPECT_THAT(Charge("pm_processing"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("processing")));
}

TEST_F(StripeGatewayTest, ARepeatedChargeIsTheFirstOne) {
  const auto first = Charge();
  EXPECT_EQ(Charge()->reference, first->reference);
  EXPECT_EQ(stripe_.charges(), 1);
}

TEST_F(StripeGatewayTest, WhateverGoesWrongOnTheWayTheNextTryGetsTheOneCharge) {
  for (const Fault fault : {Fault::kCutBefore, Fault::kCutAfter, Fault::kError, Fault::kNoJson,
                            Fault::kHuge, Fault::kRateLimit, Fault::kUnauthorized,
                            Fault::kForbidden, Fault::kKeyBusy, Fault::kBadRequest}) {
    SCOPED_TRACE(static_cast<int>(fault));
    const int before = stripe_.charges();
    stripe_.ForgetKeys();
    // libcurl itself repeats a request once on a connection that turns out to be dead.
    gateway_ = Connect(absl::Seconds(20));
    stripe_.FailNext({fault});
    const auto failed = Charge();
    EXPECT_THAT(failed, StatusIs(absl::StatusCode::kUnavailable, Not(HasSubstr(kSecret))));
    EXPECT_THAT(Charge(), IsOk());
    EXPECT_EQ(stripe_.charges(), before + 1);
  }
}

TEST_F(StripeGatewayTest, AnAnswerTooLargeIsNotRead) {
  stripe_.FailNext({Fault::kHuge});
  EXPECT_THAT(Charge(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("more than 1048576 bytes")));
}

TEST_F(StripeGatewayTest, SilenceEndsWithATimeout) {
  gateway_ = Connect(absl::Milliseconds(50));
  stripe_.FailNext({Fault::kSilence});
  EXPECT_THAT(Charge(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Timeout")));
}

TEST_F(StripeGatewayTest, NobodyListeningIsUnavailable) {
  const auto gateway =
      StripeGateway::Create({.secret_key = kSecret, .base_url = "http://127.0.0.1:1"}, clock_);
  const auto answer =
      Await<GatewayAnswer>([&](auto done) { (*gateway)->Charge(ChargeOf("pm"), std::move(done)); });
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(StripeGatewayTest, TheDestructorAnswersWhatIsUnderWay) {
  stripe_.FailNext({Fault::kSilence});
  absl::Status status;
  gateway_->Charge(ChargeOf("pm_card_visa"), [&](auto answer) { status = answer.status(); });
  gateway_.reset();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
}

TEST_F(StripeGatewayTest, ClosingAFreeKeySpendsIt) {
  EXPECT_EQ(Close()->outcome, Outcome::kNotCharged);
  EXPECT_EQ(Close()->outcome, Outcome::kNotCharged);
  EXPECT_THAT(Charge(), StatusIs(absl::StatusCode::kUnavailable));  // the late charge bounces off
  EXPECT_EQ(stripe_.charges(), 0);
  EXPECT_EQ(stripe_.intents(), 1);
}

TEST_F(StripeGatewayTest, ClosingFindsTheChargeWhoseAnswerWasLost) {
  stripe_.FailNext({Fault::kCutAfter});
  EXPECT_THAT(Charge(), Not(IsOk()));
  const auto found = Close();
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->outcome, Outcome::kCharged);
  EXPECT_EQ(found->reference, "pi_1");
  EXPECT_EQ(stripe_.charges(), 1);
}

TEST_F(StripeGatewayTest, ClosingFindsADecline) {
  stripe_.FailNext({Fault::kCutAfter});
  EXPECT_THAT(Charge("pm_card_chargeDeclined"), Not(IsOk()));
  EXPECT_EQ(Close("pm_card_chargeDeclined")->decline_reason, "generic_decline");
}

TEST_F(StripeGatewayTest, ClosingThatFailsIsNotKnown) {
  stripe_.FailNext({Fault::kError});
  EXPECT_THAT(Close(), StatusIs(absl::StatusCode::kUnavailable));
  gateway_ = Connect(absl::Seconds(20));
  stripe_.FailNext({Fault::kCutAfter});
  EXPECT_THAT(Charge(), Not(IsOk()));
  stripe_.FailNext({Fault::kRateLimit});
  EXPECT_THAT(Close(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Close()->outcome, Outcome::kCharged);
}

// Stripe keeps its own internal errors under the key, too: only a search gets past them.
TEST_F(StripeGatewayTest, ClosingLooksBehindAnErrorThatIsKept) {
  stripe_.FailNext({Fault::kErrorKept});
  EXPECT_THAT(Charge(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Charge(), StatusIs(absl::StatusCode::kUnavailable)) << "the error is replayed";
  EXPECT_EQ(Close()->outcome, Outcome::kCharged);
  EXPECT_EQ(stripe_.charges(), 1);
}

TEST_F(StripeGatewayTest, AnEmptySearchIsBelievedOnlyAfterAWhile) {
  stripe_.FailNext({Fault::kErrorKept});
  EXPECT_THAT(Charge("pm_card_visa"), Not(IsOk()));
  stripe_.HideFromSearch();
  EXPECT_THAT(Close(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("does not show")));
  clock_.Advance(absl::Hours(3));
  EXPECT_EQ(Close()->outcome, Outcome::kNotCharged);
}

TEST_F(StripeGatewayTest, AnOldChargeIsLookedForBeforeItIsMadeAgain) {
  stripe_.FailNext({Fault::kCutAfter});
  EXPECT_THAT(Charge(), Not(IsOk()));
  clock_.Advance(absl::Hours(48));
  stripe_.ForgetKeys();
  EXPECT_EQ(Charge()->reference, "pi_1");
  EXPECT_EQ(Close()->reference, "pi_1");
  EXPECT_EQ(stripe_.charges(), 1);
}

TEST_F(StripeGatewayTest, AnOldChargeThatNeverHappenedIsClosed) {
  clock_.Advance(absl::Hours(48));
  EXPECT_EQ(Close()->outcome, Outcome::kNotCharged);
  EXPECT_THAT(Charge(), Not(IsOk()));
  EXPECT_EQ(stripe_.charges(), 0);
}

TEST_F(StripeGatewayTest, ARefundIsMadeOnce) {
  const std::string reference = Charge()->reference;
  stripe_.FailNext({Fault::kCutAfter});
  gateway_ = Connect(absl::Seconds(20));
  EXPECT_THAT(Refund(reference), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Refund(reference), IsOk());
  stripe_.ForgetKeys();
  EXPECT_THAT(Refund(reference), IsOk()) << "already refunded is refunded";
  EXPECT_EQ(stripe_.refunds(), 1);
  EXPECT_THAT(Refund("pi_unknown", "other"), StatusIs(absl::StatusCode::kUnavailable));
  stripe_.FailNext({Fault::kNoJson});
  EXPECT_THAT(Refund(reference), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(StripeGatewayTest, ManyCallsShareAFewConnections) {
  constexpr int kCalls = 200;
  Mutex mutex;
  CondVar all;
  int answered = 0;
  for (int i = 0; i < kCalls; ++i) {
    GatewayCharge charge = ChargeOf("pm_card_visa");
    charge.key = "key-" + std::to_string(i);
    gateway_->Charge(charge, [&](auto answer) {
      EXPECT_THAT(answer, IsOk());
      MutexLock lock(mutex);
      if (++answered == kCalls) all.NotifyAll();
    });
  }
  MutexLock lock(mutex);
  while (answered < kCalls) all.Wait(mutex);
  EXPECT_EQ(stripe_.charges(), kCalls);
}

TEST(StripeOptionsTest, WhatWouldGiveTheKeyAwayIsRefused) {
  FakeClock clock;
  const auto create = [&](const std::string& key, const std::string& url) {
    return StripeGateway::Create({.secret_key = key, .base_url = url}, clock).status();
  };
  EXPECT_THAT(create("sk", "https://api.stripe.com"), IsOk());
  EXPECT_THAT(create("sk", "http://localhost:12111"), IsOk());
  EXPECT_THAT(create("sk", "http://api.stripe.com"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(create("sk", "http://localhost.example.com"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(create("sk", "ftp://localhost"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(create("", "https://api.stripe.com"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("secret")));
  EXPECT_THAT(create("sk\r\nX: y", "https://api.stripe.com"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace orderflow::payment
