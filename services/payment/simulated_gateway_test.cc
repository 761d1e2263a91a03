#include "services/payment/simulated_gateway.h"

#include <atomic>
#include <memory>

#include "common/base/await.h"
#include "common/base/check.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"

namespace orderflow::payment {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = GatewayAnswer::Outcome;

class SimulatedGatewayTest : public ::testing::TestWithParam<database::TestBackend> {
 protected:
  SimulatedGatewayTest() : url_(database::NewTestUrl(GetParam())) { Restart(); }

  void Restart() {
    gateway_.reset();
    ledger_.reset();
    auto opened = database::Database::Open({.url = url_, .name = "payment_gateway"},
                                           SimulatedGateway::Migrations());
    ORDERFLOW_CHECK(opened.ok());
    ledger_ = *std::move(opened);
    gateway_ = std::make_unique<SimulatedGateway>(*ledger_, clock_);
  }
  static GatewayCharge ChargeOf(const std::string& key, const std::string& token) {
    return {.key = key,
            .order_id = "order-" + key,
            .amount_minor = 1999,
            .currency = "EUR",
            .payment_token = token};
  }
  absl::StatusOr<GatewayAnswer> Charge(const GatewayCharge& charge) {
    return Await<GatewayAnswer>([&](auto done) { gateway_->Charge(charge, std::move(done)); });
  }
  absl::StatusOr<GatewayAnswer> Charge(const std::string& key, const std::string& token) {
    return Charge(ChargeOf(key, token));
  }
  absl::StatusOr<GatewayAnswer> Close(const std::string& key, const std::string& token) {
    return Await<GatewayAnswer>(
        [&](auto done) { gateway_->Close(ChargeOf(key, token), std::move(done)); });
  }
  absl::Status Refund(const std::string& key, const std::string& reference) {
    return AwaitStatus([&](StatusCallback done) {
      gateway_->Refund({.key = "refund-" + key, .charge_key = key, .charge_reference = reference},
                       std::move(done));
    });
  }
  int64_t MoneyTaken() {
    int64_t count = -1;
    EXPECT_THAT(database::Read(*ledger_,
                               [&](database::Transaction& txn) -> absl::Status {
                                 auto rows = txn.Query(
                                     "SELECT COUNT(*) FROM gateway_charges WHERE outcome = 1", {});
                                 if (rows.ok()) count = rows->at(0).Int(0);
                                 return rows.status();
                               }),
                IsOk());
    return count;
  }

  const std::string url_;
  FakeClock clock_;
  std::unique_ptr<database::Database> ledger_;
  std::unique_ptr<SimulatedGateway> gateway_;
};

TEST_P(SimulatedGatewayTest, TheTokenDecides) {
  EXPECT_EQ(Charge("1", "")->outcome, Outcome::kCharged);
  EXPECT_EQ(Charge("2", "tok_approved")->outcome, Outcome::kCharged);
  EXPECT_EQ(Charge("3", "tok_declined")->decline_reason, "card_declined");
  EXPECT_EQ(Charge("4", "tok_insufficient_funds")->decline_reason, "insufficient_funds");
  EXPECT_EQ(Charge("5", "tok_whatever")->decline_reason, "invalid_token");
  EXPECT_THAT(Charge("6", "tok_unavailable"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(MoneyTaken(), 2);
}

TEST_P(SimulatedGatewayTest, OneKeyIsChargedOnce) {
  const auto first = Charge("1", "tok_approved");
  Restart();
  const auto again = Charge("1", "tok_approved");
  EXPECT_EQ(again->reference, first->reference);
  EXPECT_EQ(MoneyTaken(), 1);
}

TEST_P(SimulatedGatewayTest, AKeyIsNotTakenForAnotherCharge) {
  ASSERT_THAT(Charge("1", "tok_approved"), IsOk());
  GatewayCharge other = ChargeOf("1", "tok_approved");
  other.amount_minor = 5;
  EXPECT_THAT(Charge(other), Not(IsOk()));
  EXPECT_EQ(MoneyTaken(), 1);
}

TEST_P(SimulatedGatewayTest, AnErrorBeforeTheChargeTakesNoMoneyUntilTheThirdCall) {
  for (int call = 0; call < 2; ++call) {
    EXPECT_THAT(Charge("1", "tok_error_before"),
                StatusIs(absl::StatusCode::kUnavailable, HasSubstr("before")));
    EXPECT_EQ(MoneyTaken(), 0);
    Restart();
  }
  EXPECT_EQ(Charge("1", "tok_error_before")->outcome, Outcome::kCharged);
  EXPECT_EQ(MoneyTaken(), 1);
}

TEST_P(SimulatedGatewayTest, AnErrorAfterTheChargeTakesTheMoneyAtOnce) {
  for (int call = 0; call < 2; ++call) {
    EXPECT_THAT(Charge("1", "tok_error_after"),
                StatusIs(absl::StatusCode::kUnavailable, HasSubstr("after")));
    EXPECT_EQ(MoneyTaken(), 1);
  }
  EXPECT_EQ(Charge("1", "tok_error_after")->outcome, Outcome::kCharged);
  EXPECT_EQ(MoneyTaken(), 1);
}

TEST_P(SimulatedGatewayTest, AClosedKeyIsNeverCharged) {
  EXPECT_EQ(Close("never-asked", "tok_approved")->outcome, Outcome::kNotCharged);
  EXPECT_EQ(Charge("never-asked", "tok_approved")->outcome, Outcome::kNotCharged);
  EXPECT_THAT(Charge("asked", "tok_error_before"), Not(IsOk()));
  EXPECT_EQ(Close("asked", "tok_error_before")->outcome, Outcome::kNotCharged);
  for (int call = 0; call < 3; ++call) {
    EXPECT_EQ(Charge("asked", "tok_error_before")->outcome, Outcome::kNotCharged);
  }
  EXPECT_EQ(MoneyTaken(), 0);
}

TEST_P(SimulatedGatewayTest, ClosingFindsWhatWasDecided) {
  EXPECT_THAT(Charge("1", "tok_error_after"), Not(IsOk()));
  const auto found = Close("1", "tok_error_after");
  EXPECT_EQ(found->outcome, Outcome::kCharged);
  EXPECT_EQ(found->reference, Charge("1", "tok_approved")->reference);
  ASSERT_THAT(Charge("2", "tok_declined"), IsOk());
  EXPECT_EQ(Close("2", "tok_declined")->decline_reason, "card_declined");
}

TEST_P(SimulatedGatewayTest, ARefundNeedsACharge) {
  const std::string reference = Charge("1", "tok_approved")->reference;
  EXPECT_THAT(Refund("1", reference), IsOk());
  EXPECT_THAT(Refund("1", reference), IsOk());
  EXPECT_THAT(Refund("1", "sim_other"), Not(IsOk()));
  EXPECT_THAT(Refund("2", reference), Not(IsOk()));
}

TEST_P(SimulatedGatewayTest, ASlowAnswerHoldsNoOtherUp) {
  std::atomic<bool> slow_answered = false;
  gateway_->Charge(ChargeOf("slow", "tok_slow"), [&](auto answer) {
    EXPECT_THAT(answer, IsOk());
    slow_answered = true;
  });
  EXPECT_THAT(Charge("fast", "tok_approved"), IsOk());
  EXPECT_FALSE(slow_answered);
  ledger_.reset();   // waits until the ledger has told the gateway
  gateway_.reset();  // lets delayed answers out
  EXPECT_TRUE(slow_answered);
  Restart();
  EXPECT_EQ(MoneyTaken(), 2);
}

INSTANTIATE_TEST_SUITE_P(Databases, SimulatedGatewayTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

}  // namespace
}  // namespace orderflow::payment
