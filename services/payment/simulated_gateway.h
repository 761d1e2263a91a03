#pragma once

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "services/payment/delay_line.h"
#include "services/payment/payment_gateway.h"

namespace orderflow::payment {

// A payment provider for laptops and tests. Deterministic: the token decides.
//
//   empty, tok_approved      charged
//   tok_declined             declined, card_declined
//   tok_insufficient_funds   declined, insufficient_funds
//   tok_error_before         the first two calls of a key fail before anything is charged, the
//   third is charged tok_error_after          charged at the first call, but the answers to the
//   first two calls are lost tok_unavailable          every call fails, nothing is charged tok_slow
//   charged, the answer comes after 3 s anything else            declined, invalid_token
//
// Keeps its own ledger, as a real provider does, in a database that the service never writes: a
// crash of the service between the charge and its record leaves the charge here, to be found again
// by its key. A test counts the rows of gateway_charges with outcome 1 to know how often money was
// taken.
//
// Thread-safe. Borrows `ledger`, opened with the migrations given here, and `clock`. The destructor
// lets answers that are still delayed out at once; calls that the ledger has not answered yet must
// not exist any more.
class SimulatedGateway final : public PaymentGateway {
 public:
  static absl::Span<const database::Migration> Migrations();

  // `latency`: what every answer takes longer.
  SimulatedGateway(database::Database& ledger, const Clock& clock,
                   absl::Duration latency = absl::ZeroDuration())
      : ledger_(ledger), clock_(clock), latency_(latency) {}

  void Charge(const GatewayCharge& charge, Callback<GatewayAnswer> done) override;
  void Close(const GatewayCharge& charge, Callback<GatewayAnswer> done) override;
  void Refund(const GatewayRefund& refund, StatusCallback done) override;

 private:
  database::Database& ledger_;
  const Clock& clock_;
  const absl::Duration latency_;
  DelayLine delays_;
};

}  // namespace orderflow::payment
