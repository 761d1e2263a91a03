#include "services/payment/payment_service.h"

#include <utility>

#include "common/rpc/unary.h"

namespace orderflow::payment {

using rpc::HandleUnary;

grpc::ServerUnaryReactor* PaymentService::ChargePayment(grpc::CallbackServerContext* context,
                                                        const v1::ChargePaymentRequest* request,
                                                        v1::ChargePaymentResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    payments_.ChargePayment(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* PaymentService::RefundPayment(grpc::CallbackServerContext* context,
                                                        const v1::RefundPaymentRequest* request,
                                                        v1::RefundPaymentResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    payments_.RefundPayment(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* PaymentService::GetPayment(grpc::CallbackServerContext* context,
                                                     const v1::GetPaymentRequest* request,
                                                     v1::GetPaymentResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    payments_.GetPayment(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* PaymentService::ListPayments(grpc::CallbackServerContext* context,
                                                       const v1::ListPaymentsRequest* request,
                                                       v1::ListPaymentsResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    payments_.ListPayments(request, std::move(done));
  });
}

}  // namespace orderflow::payment
