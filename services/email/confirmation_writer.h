#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "services/email/confirmation_template.h"
#include "services/email/email_store.h"
#include "services/email/mail_transport.h"
#include "services/email/mime_message.h"

namespace orderflow::email {

// Makes the mail that confirms an order. The same row of the outbox always gives the same bytes, so
// a mail that has to be sent again is recognisably the same.
//
// Immutable; safe to use from many threads.
class ConfirmationWriter {
 public:
  ConfirmationWriter(Mailbox from, ConfirmationTemplate words)
      : from_(std::move(from)), words_(std::move(words)) {}

  // "<HASH@DOMAIN>" of the order's id and the sender's domain.
  std::string MessageId(std::string_view order_id) const;

  // INVALID_ARGUMENT: an address or id that may not stand in a mail; not for what passed
  // validation.
  absl::StatusOr<Mail> Write(const StoredMail& mail) const;

 private:
  const Mailbox from_;
  const ConfirmationTemplate words_;
};

}  // namespace orderflow::email
