#pragma once

// What the tests of the payment domain share: a provider whose every answer a test decides, and a
// fixture.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/await.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "services/payment/payment.h"

namespace orderflow::payment {

// A provider that keeps its books right (one charge per key, none after Close) and whose line a
// test can cut before or after it has acted, or hold. Answers at once. Thread-safe.
class FakeGateway final : public PaymentGateway {
 public:
  enum class Line { kGood, kCutBefore, kCutAfter, kHold };

  void Charge(const GatewayCharge& charge, Callback<GatewayAnswer> done) override {
    GatewayAnswer answer;
    {
      MutexLock lock(mutex_);
      charge_calls_.push_back(charge);
      if (line_ == Line::kHold) {
        held_.emplace_back(charge, std::move(done));
        arrived_.NotifyAll();
        return;
      }
      if (line_ != Line::kCutBefore) answer = Act(charge);
    }
    Deliver(answer, std::move(done));
  }

  void Close(const GatewayCharge& charge, Callback<GatewayAnswer> done) override {
    GatewayAnswer answer;
    {
      MutexLock lock(mutex_);
      if (line_ != Line::kCutBefore) answer = books_.try_emplace(charge.key).first->second;
    }
    Deliver(answer, std::move(done));
  }

  void Refund(const GatewayRefund& refund, StatusCallback done) override {
    {
      MutexLock lock(mutex_);
      if (line_ != Line::kCutBefore) refunds_[refund.key] = refund.charge_reference;
    }
    std::move(done)(IsCut() ? absl::UnavailableError("cut") : absl::OkStatus());
  }

  void SetLine(Line line) {
    MutexLock lock(mutex_);
    line_ = line;
  }
  // What charges are answered from now on; empty: charged.
  void SetDecline(std::string reason) {
    MutexLock lock(mutex_);
    decline_ = std::move(reason);
  }

  // Waits until `count` charges are held, then lets them all go on.
  void AwaitHeld(size_t count) {
    MutexLock lock(mutex_);
    while (held_.size() < count) arrived_.Wait(mutex_);
  }
  void LetGo() {
    std::vector<std::pair<GatewayCharge, Callback<GatewayAnswer>>> held;
    {
      MutexLock lock(mutex_);
      held.swap(held_);
    }
    for (auto& [charge, done] : held) {
      GatewayAnswer answer;
      {
        MutexLock lock(mutex_);
        answer = Act(charge);
      }
      std::move(done)(answer);
    }
  }

  // Keys under which money was taken, and given back.
  int charges() const {
    MutexLock lock(mutex_);
    int count = 0;
    for (const auto& [key, answer] : books_)
      count += answer.outcome == GatewayAnswer::Outcome::kCharged;
    return count;
  }
  int refunds() const {
    MutexLock lock(mutex_);
    return static_cast<int>(refunds_.size());
  }
  std::vector<GatewayCharge> charge_calls() const {
    MutexLock lock(mutex_);
    return charge_calls_;
  }

 private:
  GatewayAnswer Act(const GatewayCharge& charge) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto [entry, fresh] = books_.try_emplace(charge.key);
    if (fresh && decline_.empty()) {
      entry->second = {.outcome = GatewayAnswer::Outcome::kCharged,
                       .reference = "ref-" + charge.key,
                       .decline_reason = ""};
    } else if (fresh) {
      entry->second = {.outcome = GatewayAnswer::Outcome::kDeclined,
                       .reference = "",
                       .decline_reason = decline_};
    }
    return entry->second;
  }
  bool IsCut() const {
    MutexLock lock(mutex_);
    return line_ == Line::kCutBefore || line_ == Line::kCutAfter;
  }
  void Deliver(const GatewayAnswer& answer, Callback<GatewayAnswer> done) const {
    if (IsCut()) return std::move(done)(absl::UnavailableError("cut"));
    std::move(done)(answer);
  }

  mutable Mutex mutex_;
  CondVar arrived_;
  Line line_ ABSL_GUARDED_BY(mutex_) = Line::kGood;
  std::string decline_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, GatewayAnswer> books_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> refunds_ ABSL_GUARDED_BY(mutex_);
  std::vector<GatewayCharge> charge_calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<GatewayCharge, Callback<GatewayAnswer>>> held_ ABSL_GUARDED_BY(mutex_);
};

// One process of the service, as far as database and provider can tell.
struct Replica {
  Replica(const std::string& url, PaymentGateway& gateway, const Clock& clock) {
    auto opened =
        database::Database::Open({.url = url, .name = "payment"}, PaymentStore::Migrations());
    ORDERFLOW_CHECK(opened.ok());
    database = *std::move(opened);
    store = std::make_unique<PaymentStore>(*database);
    payments = std::make_unique<Payments>(*store, gateway, clock, PaymentOptions());
  }

  std::unique_ptr<database::Database> database;
  std::unique_ptr<PaymentStore> store;
  std::unique_ptr<Payments> payments;
};

class PaymentsFixture : public ::testing::TestWithParam<database::TestBackend> {
 protected:
  PaymentsFixture() : url_(database::NewTestUrl(GetParam())) { Restart(); }

  // As a process that is killed and started again: nothing survives but database and provider.
  void Restart() {
    replica_.reset();
    replica_ = std::make_unique<Replica>(url_, gateway_, clock_);
  }
  Payments& payments() { return *replica_->payments; }

  static v1::ChargePaymentRequest ChargeOf(const std::string& order, int64_t amount = 1999,
                                           const std::string& token = "tok") {
    v1::ChargePaymentRequest request;
    request.set_order_id(order);
    request.set_amount_minor(amount);
    request.set_currency("EUR");
    request.set_payment_token(token);
    return request;
  }
  absl::StatusOr<v1::ChargePaymentResponse> Charge(const v1::ChargePaymentRequest& request) {
    return Await<v1::ChargePaymentResponse>(
        [&](auto done) { payments().ChargePayment(request, std::move(done)); });
  }
  absl::StatusOr<v1::ChargePaymentResponse> Charge(const std::string& order) {
    return Charge(ChargeOf(order));
  }
  absl::StatusOr<v1::RefundPaymentResponse> Refund(const std::string& order,
                                                   const std::string& key = "") {
    v1::RefundPaymentRequest request;
    request.set_order_id(order);
    request.set_idempotency_key(key);
    return Await<v1::RefundPaymentResponse>(
        [&](auto done) { payments().RefundPayment(request, std::move(done)); });
  }
  absl::StatusOr<v1::Payment> Get(const std::string& order, const std::string& key = "") {
    v1::GetPaymentRequest request;
    request.set_order_id(order);
    request.set_idempotency_key(key);
    auto response = Await<v1::GetPaymentResponse>(
        [&](auto done) { payments().GetPayment(request, std::move(done)); });
    if (!response.ok()) return response.status();
    return response->payment();
  }
  absl::StatusOr<v1::ListPaymentsResponse> List(const v1::ListPaymentsRequest& request) {
    return Await<v1::ListPaymentsResponse>(
        [&](auto done) { payments().ListPayments(request, std::move(done)); });
  }
  absl::StatusOr<int64_t> Settle() {
    return Await<int64_t>([&](auto done) { payments().SettleAbandoned(std::move(done)); });
  }
  // The payment as it is stored, the token included.
  PaymentRecord Stored(const std::string& key) {
    return **Await<std::optional<PaymentRecord>>(
        [&](auto done) { replica_->store->Get(key, std::move(done)); });
  }

  const std::string url_;
  FakeClock clock_;
  FakeGateway gateway_;
  std::unique_ptr<Replica> replica_;
};

inline std::string Reason(const absl::Status& status) {
  const auto info = GetErrorInfo(status);
  return info.has_value() ? info->domain + "/" + info->reason : "";
}

inline std::vector<std::string> Fields(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : GetFieldViolations(status))
    fields.push_back(violation.field);
  return fields;
}

}  // namespace orderflow::payment
