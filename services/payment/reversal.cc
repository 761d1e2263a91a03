#include "services/payment/reversal.h"

#include <utility>

#include "common/base/status.h"
#include "services/payment/payment_errors.h"

namespace orderflow::payment {

GatewayCharge ToGatewayCharge(const std::string& key_prefix, const PaymentRecord& record) {
  return {.key = key_prefix + ":charge:" + record.idempotency_key,
          .order_id = record.order_id,
          .amount_minor = record.amount_minor,
          .currency = record.currency,
          .payment_token = record.payment_token,
          .first_asked = record.create_time};
}

// One payment on its way. Lives as long as a callback holds it.
class Reversals::Reversal : public std::enable_shared_from_this<Reversal> {
 public:
  Reversal(Reversals& reversals, OfCharged of_charged, Callback<PaymentRecord> done)
      : my_(reversals), of_charged_(of_charged), done_(std::move(done)) {}

  void GoOn(absl::StatusOr<PaymentRecord> record) {
    if (!record.ok()) return std::move(done_)(std::move(record));
    switch (record->state) {
      case PaymentState::kPending:
        return Close(*std::move(record));
      case PaymentState::kCharged:
        if (of_charged_ == OfCharged::kLeave) return std::move(done_)(std::move(record));
        return Step(PaymentState::kCharged, PaymentState::kRefundPending, *std::move(record));
      case PaymentState::kRefundPending:
        return Refund(*std::move(record));
      case PaymentState::kDeclined:
      case PaymentState::kRefunded:
        return std::move(done_)(std::move(record));
    }
  }

 private:
  void Close(PaymentRecord record) {
    const GatewayCharge charge = ToGatewayCharge(my_.options_.gateway_key_prefix, record);
    my_.gateway_.Close(
        charge, [self = shared_from_this(), record = std::move(record)](auto answer) mutable {
          self->OnClosed(std::move(record), std::move(answer));
        });
  }

  void OnClosed(PaymentRecord record, absl::StatusOr<GatewayAnswer> answer) {
    if (!answer.ok()) return std::move(done_)(GatewayUnavailableError(answer.status()));
    const bool charged = answer->outcome == GatewayAnswer::Outcome::kCharged;
    const bool declined = answer->outcome == GatewayAnswer::Outcome::kDeclined;
    record.gateway_reference = std::move(answer->reference);
    if (declined) record.decline_reason = std::move(answer->decline_reason);
    if (!charged && !declined) record.decline_reason = kAbandoned;
    // Not kCharged in between: nobody may be told "charged" any more.
    Step(PaymentState::kPending, charged ? PaymentState::kRefundPending : PaymentState::kDeclined,
         std::move(record));
  }

  void Refund(PaymentRecord record) {
    const std::string& prefix = my_.options_.gateway_key_prefix;
    GatewayRefund refund = {.key = prefix + ":refund:" + record.idempotency_key,
                            .charge_key = prefix + ":charge:" + record.idempotency_key,
                            .charge_reference = record.gateway_reference};
    my_.gateway_.Refund(refund, [self = shared_from_this(),
                                 record = std::move(record)](absl::Status status) mutable {
      if (!status.ok()) return std::move(self->done_)(GatewayUnavailableError(status));
      self->Step(PaymentState::kRefundPending, PaymentState::kRefunded, std::move(record));
    });
  }

  // Records the step and goes on from what is on record then, be it ours or somebody else's.
  void Step(PaymentState from, PaymentState to, PaymentRecord record) {
    const absl::Time now = my_.clock_.Now();
    record.state = to;
    record.update_time = now;
    my_.store_.Step(from, std::move(record), now + my_.options_.refund_look_again,
                    [self = shared_from_this()](auto after) { self->GoOn(std::move(after)); });
  }

  Reversals& my_;
  const OfCharged of_charged_;
  Callback<PaymentRecord> done_;
};

void Reversals::Run(PaymentRecord record, OfCharged of_charged, Callback<PaymentRecord> done) {
  std::make_shared<Reversal>(*this, of_charged, std::move(done))->GoOn(std::move(record));
}

}  // namespace orderflow::payment
