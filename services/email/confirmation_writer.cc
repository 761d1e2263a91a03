#include "services/email/confirmation_writer.h"

#include "common/base/status.h"
#include "common/hash/sha256.h"
#include "common/order/currency.h"

namespace orderflow::email {
namespace {

// 128 bits: no two orders meet by chance. The id itself may hold dots where a Message-ID must not,
// hence a hash.
constexpr size_t kMessageIdDigits = 32;

ConfirmationValues ValuesOf(const MailContent& content) {
  return {.order_id = content.order_id,
          .product_id = content.product_id,
          .quantity = std::to_string(content.quantity),
          .amount = content.currency.empty()
                        ? ""
                        : order::FormatAmount(content.amount_minor, content.currency)};
}

}  // namespace

std::string ConfirmationWriter::MessageId(std::string_view order_id) const {
  const std::string hash = Sha256Hex("orderflow confirmation " + std::string(order_id));
  return "<" + hash.substr(0, kMessageIdDigits) + "@" + from_.domain() + ">";
}

absl::StatusOr<Mail> ConfirmationWriter::Write(const StoredMail& mail) const {
  ConfirmationText words = words_.Render(ValuesOf(mail.content));
  ORDERFLOW_ASSIGN_OR_RETURN(std::string content, WriteMessage({.date = mail.create_time,
                                                                .from = from_,
                                                                .to = mail.content.customer_email,
                                                                .message_id = mail.message_id,
                                                                .subject = std::move(words.subject),
                                                                .text = std::move(words.text),
                                                                .html = std::move(words.html)}));
  return Mail{.order_id = mail.content.order_id,
              .sender = from_.address,
              .recipient = mail.content.customer_email,
              .content = std::move(content)};
}

}  // namespace orderflow::email
