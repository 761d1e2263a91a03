#pragma once

// The settings of the email service, declared once: for its server and its Lambda function. Only
// mains include this: linking it registers the flags.

#include "absl/status/statusor.h"
#include "services/email/email_core.h"

namespace orderflow::email {

// What the flags say, after settings::ParseSettings. INVALID_ARGUMENT: --smtp_tls.
absl::StatusOr<EmailCoreOptions> OptionsFromFlags();

}  // namespace orderflow::email
