#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/base/callback.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "orderflow/payment/v1/payment.pb.h"
#include "services/payment/payment_gateway.h"
#include "services/payment/payment_options.h"
#include "services/payment/payment_store.h"
#include "services/payment/reversal.h"

namespace orderflow::payment {

// Charges and refunds as orders see them: what proto/orderflow/payment/v1/payment.proto promises,
// without gRPC, so that a server and a Lambda function are two faces of it.
//
// A charge is (1) recorded as pending, (2) asked of the provider under a key derived from the
// caller's, (3) recorded with the provider's answer, and (4) answered. Whatever dies or gets lost
// in between, the caller's next try, or the settler, finds the record and asks the provider again
// under the same key: one key, one charge. No state lives here but the calls that are under way, so
// any number of replicas may work on one database.
//
// Thread-safe. Borrows store, gateway and clock. Each call answers once, on a thread of the store
// or the gateway, or at once where the request is wrong by itself. Requests need not outlive the
// call. The destructor waits for the calls.
class Payments {
 public:
  Payments(PaymentStore& store, PaymentGateway& gateway, const Clock& clock,
           PaymentOptions options);
  ~Payments();
  Payments(const Payments&) = delete;
  Payments& operator=(const Payments&) = delete;

  void ChargePayment(const v1::ChargePaymentRequest& request,
                     Callback<v1::ChargePaymentResponse> done);
  void RefundPayment(const v1::RefundPaymentRequest& request,
                     Callback<v1::RefundPaymentResponse> done);
  void GetPayment(const v1::GetPaymentRequest& request, Callback<v1::GetPaymentResponse> done);
  void ListPayments(const v1::ListPaymentsRequest& request,
                    Callback<v1::ListPaymentsResponse> done);

  // One round of the settler: takes payments that have been pending for `settle_after` since their
  // last try, so that nobody was ever told "charged", and undoes them; and finishes refunds whose
  // outcome is not known. What fails comes up again after a while. Answers how many payments came
  // to their end.
  void SettleAbandoned(Callback<int64_t> done);
  // How many payments a round takes at most: each costs the provider one or two calls.
  static constexpr int kSettleBatch = 32;

 private:
  // A charge under way, and all callers that wait for it.
  struct Flight;
  using FlightPtr = std::shared_ptr<Flight>;

  void OnBegun(const FlightPtr& flight, absl::StatusOr<PaymentRecord> record);
  void OnGatewayAnswer(const FlightPtr& flight, PaymentRecord record,
                       absl::StatusOr<GatewayAnswer> answer);
  void Finish(const FlightPtr& flight, const absl::StatusOr<v1::ChargePaymentResponse>& answer);

  // Counts the calls that hold on to this object.
  void Enter();
  void Leave();
  // Wraps `done` so that the destructor waits for it.
  template <typename T>
  Callback<T> Tracked(Callback<T> done);

  PaymentStore& store_;
  PaymentGateway& gateway_;
  const Clock& clock_;
  const PaymentOptions options_;
  Reversals reversals_;

  Mutex mutex_;
  CondVar idle_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  // By key and hash of the request: only callers who want the very same share a charge.
  absl::flat_hash_map<std::string, FlightPtr> flights_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace orderflow::payment
