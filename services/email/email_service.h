#pragma once

#include "orderflow/email/v1/email.grpc.pb.h"
#include "services/email/email.h"

namespace orderflow::email {

// The gRPC face of Emails: each RPC is the call of the same name. Thread-safe. Borrows the domain.
class EmailService final : public v1::EmailService::CallbackService {
 public:
  explicit EmailService(Emails& emails) : emails_(emails) {}

  grpc::ServerUnaryReactor* SendConfirmationEmail(
      grpc::CallbackServerContext* context, const v1::SendConfirmationEmailRequest* request,
      v1::SendConfirmationEmailResponse* response) override;
  grpc::ServerUnaryReactor* GetEmail(grpc::CallbackServerContext* context,
                                     const v1::GetEmailRequest* request,
                                     v1::GetEmailResponse* response) override;
  grpc::ServerUnaryReactor* ListEmails(grpc::CallbackServerContext* context,
                                       const v1::ListEmailsRequest* request,
                                       v1::ListEmailsResponse* response) override;

 private:
  Emails& emails_;
};

}  // namespace orderflow::email
