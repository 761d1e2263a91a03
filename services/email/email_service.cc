#include "services/email/email_service.h"

#include <utility>

#include "common/rpc/unary.h"

namespace orderflow::email {

using rpc::HandleUnary;

grpc::ServerUnaryReactor* EmailService::SendConfirmationEmail(
    grpc::CallbackServerContext* context, const v1::SendConfirmationEmailRequest* request,
    v1::SendConfirmationEmailResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    emails_.SendConfirmationEmail(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* EmailService::GetEmail(grpc::CallbackServerContext* context,
                                                 const v1::GetEmailRequest* request,
                                                 v1::GetEmailResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    emails_.GetEmail(request, std::move(done));
  });
}

grpc::ServerUnaryReactor* EmailService::ListEmails(grpc::CallbackServerContext* context,
                                                   const v1::ListEmailsRequest* request,
                                                   v1::ListEmailsResponse* response) {
  return HandleUnary(context, request, response, [this](const auto& request, auto done) {
    emails_.ListEmails(request, std::move(done));
  });
}

}  // namespace orderflow::email
