#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/http/client.h"
#include "services/payment/payment_gateway.h"
#include "services/payment/stripe_answer.h"
#include "services/payment/stripe_options.h"

namespace orderflow::payment {

// Stripe, through its PaymentIntents API. Our keys are its Idempotency-Keys; the whole of a request
// is the same each time, as Stripe demands. Three things that Stripe does decide how this works:
//
// - It answers a known key with the first answer, an internal error of its own included. So an
// error that is replayed
//   cannot be asked away under the key; the payment is then looked for by its metadata.
// - It refuses a known key with other parameters. So Close asks under the key for something else
// that takes no money:
//   if Stripe agrees, the key was free, is now spent, and a late charge bounces off it; if not, the
//   charge is known.
// - It forgets keys after a day, and its search lags behind by up to an hour on bad days. So an old
// charge is looked
//   for before it is asked for again, and an empty search is believed only of an old one.
//
// Thread-safe. Borrows `clock`.
class StripeGateway final : public PaymentGateway {
 public:
  // INVALID_ARGUMENT: an option, the message says which.
  static absl::StatusOr<std::unique_ptr<StripeGateway>> Create(StripeOptions options,
                                                               const Clock& clock);

  void Charge(const GatewayCharge& charge, Callback<GatewayAnswer> done) override;
  void Close(const GatewayCharge& charge, Callback<GatewayAnswer> done) override;
  void Refund(const GatewayRefund& refund, StatusCallback done) override;

 private:
  using Form = std::vector<std::pair<std::string, std::string>>;

  StripeGateway(StripeOptions options, const Clock& clock);

  void Post(const std::string& path, const std::string& key, const Form& form,
            Callback<http::Response> done);
  void Search(const std::string& key, Callback<http::Response> done);

  bool IsOlderThan(const GatewayCharge& charge, absl::Duration age) const;
  void AskForCharge(const GatewayCharge& charge, Callback<GatewayAnswer> done);
  void AskToClose(const GatewayCharge& charge, Callback<GatewayAnswer> done);
  // Steps of Close, in their order.
  void OnAskedToClose(GatewayCharge charge, absl::StatusOr<http::Response> response,
                      Callback<GatewayAnswer> done);
  void Cancel(const GatewayCharge& charge, std::string intent, Callback<GatewayAnswer> done);
  void OnReplayed(GatewayCharge charge, absl::StatusOr<http::Response> response,
                  Callback<GatewayAnswer> done);
  void Look(GatewayCharge charge, Callback<GatewayAnswer> done);
  // Looks for a charge whose key Stripe may have forgotten; where there is none, goes on with
  // `otherwise`.
  void LookFirst(GatewayCharge charge, Callback<GatewayAnswer> done,
                 void (StripeGateway::*otherwise)(const GatewayCharge&, Callback<GatewayAnswer>));

  const StripeOptions options_;
  const Clock& clock_;
  http::Client http_;
};

}  // namespace orderflow::payment
