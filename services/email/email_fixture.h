#pragma once

// What the tests of the store, the delivery and the API have in common.

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "common/base/await.h"
#include "common/base/clock.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/email/delivery.h"
#include "services/email/email.h"
#include "services/email/fake_transport.h"

namespace orderflow::email {

using Outcome = DeliveryResult::Outcome;

// A database whose writes fail while a test says so: a full disk, a server that is gone.
class FlakyDatabase final : public database::Database {
 public:
  explicit FlakyDatabase(std::unique_ptr<database::Database> real) : real_(std::move(real)) {}
  void FailWrites(bool fail) { failing_ = fail; }

  void Submit(Body body, StatusCallback done) override {
    if (failing_) return std::move(done)(absl::UnavailableError("disk full"));
    real_->Submit(std::move(body), std::move(done));
  }
  void SubmitRead(Body body, StatusCallback done) override {
    real_->SubmitRead(std::move(body), std::move(done));
  }
  database::Statistics statistics() const override { return real_->statistics(); }

 private:
  const std::unique_ptr<database::Database> real_;
  std::atomic<bool> failing_ = false;
};

// One process of the service over a database: everything but gRPC and the background.
class Replica {
 public:
  Replica(const std::string& url, const Clock& clock, const Delivery::Options& options = {})
      : writer_({.name = "Shop", .address = "orders@shop.example"},
                ConfirmationTemplate::Default()),
        database_(Open(url)),
        store_(*database_),
        delivery_(options, writer_, store_, transport_, clock, [] { return 0.0; }),
        emails_({}, writer_, store_, delivery_, clock) {}
  ~Replica() {
    transport_.Shutdown();
    database_.reset();  // waits for its callbacks, which use the rest
  }

  FlakyDatabase& database() { return *database_; }
  EmailStore& store() { return store_; }
  FakeTransport& transport() { return transport_; }
  Delivery& delivery() { return delivery_; }
  Emails& emails() { return emails_; }

  absl::StatusOr<v1::SendConfirmationEmailResponse> Send(
      const v1::SendConfirmationEmailRequest& request) {
    return orderflow::Await<v1::SendConfirmationEmailResponse>(
        [&](auto done) { emails_.SendConfirmationEmail(request, std::move(done)); });
  }
  // "sent", "queued", "failed", or the error.
  std::string StatusOfSending(const v1::SendConfirmationEmailRequest& request) {
    const auto response = Send(request);
    return response.ok() ? response->email_status() : response.status().ToString();
  }
  v1::Email Get(const std::string& order_id) {
    v1::GetEmailRequest request;
    request.set_order_id(order_id);
    auto response = orderflow::Await<v1::GetEmailResponse>(
        [&](auto done) { emails_.GetEmail(request, std::move(done)); });
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->email() : v1::Email();
  }
  absl::StatusOr<v1::ListEmailsResponse> List(const v1::ListEmailsRequest& request) {
    return orderflow::Await<v1::ListEmailsResponse>(
        [&](auto done) { emails_.ListEmails(request, std::move(done)); });
  }
  absl::StatusOr<int> DeliverDue() {
    return orderflow::Await<int>([&](auto done) { delivery_.DeliverDue(std::move(done)); });
  }

 private:
  static std::unique_ptr<FlakyDatabase> Open(const std::string& url) {
    auto real = database::Database::Open({.url = url, .name = "email"}, EmailStore::Migrations());
    EXPECT_THAT(real, IsOk());
    return std::make_unique<FlakyDatabase>(*std::move(real));
  }

  const ConfirmationWriter writer_;
  FakeTransport transport_;
  std::unique_ptr<FlakyDatabase> database_;
  EmailStore store_;
  Delivery delivery_;
  Emails emails_;
};

// A new database and one replica over it.
class EmailFixture : public ::testing::TestWithParam<database::TestBackend> {
 protected:
  EmailFixture()
      : url_(database::NewTestUrl(GetParam())), replica_(std::make_unique<Replica>(url_, clock_)) {}

  static v1::SendConfirmationEmailRequest ARequest(const std::string& order_id = "12345") {
    v1::SendConfirmationEmailRequest request;
    request.set_order_id(order_id);
    request.set_customer_email("user@example.com");
    request.set_product_id("sku-001");
    request.set_quantity(2);
    request.set_amount_minor(1234);
    request.set_currency("EUR");
    return request;
  }

  static DeliveryResult Result(Outcome outcome) {
    return {.outcome = outcome, .detail = outcome == Outcome::kSent ? "" : "told so"};
  }

  Replica& replica() { return *replica_; }

  FakeClock clock_;
  const std::string url_;
  std::unique_ptr<Replica> replica_;
};

}  // namespace orderflow::email
