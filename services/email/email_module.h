#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/module.h"
#include "services/email/email_core.h"

namespace orderflow::email {

// The email service, ready to be served: EmailCore behind gRPC, with queued mails delivered in the
// background. Errors are those of EmailCore::Open.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenEmailModule(EmailCoreOptions options);

}  // namespace orderflow::email
