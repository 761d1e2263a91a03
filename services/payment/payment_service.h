#pragma once

#include "orderflow/payment/v1/payment.grpc.pb.h"
#include "services/payment/payment.h"

namespace orderflow::payment {

// The gRPC face of Payments: each RPC is the call of the same name. Thread-safe. Borrows the
// domain.
class PaymentService final : public v1::PaymentService::CallbackService {
 public:
  explicit PaymentService(Payments& payments) : payments_(payments) {}

  grpc::ServerUnaryReactor* ChargePayment(grpc::CallbackServerContext* context,
                                          const v1::ChargePaymentRequest* request,
                                          v1::ChargePaymentResponse* response) override;
  grpc::ServerUnaryReactor* RefundPayment(grpc::CallbackServerContext* context,
                                          const v1::RefundPaymentRequest* request,
                                          v1::RefundPaymentResponse* response) override;
  grpc::ServerUnaryReactor* GetPayment(grpc::CallbackServerContext* context,
                                       const v1::GetPaymentRequest* request,
                                       v1::GetPaymentResponse* response) override;
  grpc::ServerUnaryReactor* ListPayments(grpc::CallbackServerContext* context,
                                         const v1::ListPaymentsRequest* request,
                                         v1::ListPaymentsResponse* response) override;

 private:
  Payments& payments_;
};

}  // namespace orderflow::payment
