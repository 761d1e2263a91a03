#pragma once

// The rules that an order and its parts keep, one text for all services (the comments of the proto
// messages state them for callers). Free of Protobuf: whoever has a message, of whatever service,
// hands its fields over.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace orderflow::order {

constexpr size_t kMaxIdLength = 64;
constexpr int64_t kMaxQuantity = 1'000'000;
constexpr size_t kMaxEmailLength = 254;  // RFC 5321, 4.5.3.1.3, without the angle brackets
constexpr size_t kMaxPaymentTokenLength = 255;

// Each answers what is wrong with a value and what would be right, or nothing. The text is one line
// of ASCII, short whatever the value, and never contains an e-mail address or a token.
//
// 1 to 64 characters of A-Z a-z 0-9 . _ -, starting with a letter or digit.
std::optional<std::string> CheckOrderId(std::string_view id);
// 1 to 64 characters of A-Z a-z 0-9 . _ -
std::optional<std::string> CheckProductId(std::string_view id);
// 1 to 1,000,000.
std::optional<std::string> CheckQuantity(int64_t quantity);
// One mailbox, ASCII: a local part of at most 64 characters as RFC 5321's Dot-string, "@", a domain
// name.
std::optional<std::string> CheckEmail(std::string_view email);
// Three upper-case letters, as in ISO 4217.
std::optional<std::string> CheckCurrency(std::string_view currency);
// At most 255 characters of visible ASCII; may be empty.
std::optional<std::string> CheckPaymentToken(std::string_view token);

// Adds a violation of `field` if a check found one:
//   AddViolation("order_id", CheckOrderId(request.order_id()), violations);
void AddViolation(std::string_view field, std::optional<std::string> found,
                  std::vector<FieldViolation>& violations);

// OK, or INVALID_ARGUMENT with one violation: for requests with a single field.
//   ORDERFLOW_RETURN_IF_ERROR(CheckField("order_id", CheckOrderId(request.order_id())));
absl::Status CheckField(std::string_view field, std::optional<std::string> found);

// The fields that make up an order. Borrows its texts.
struct OrderFields {
  std::string_view order_id;
  std::string_view product_id;
  int64_t quantity = 0;
  std::string_view customer_email;
  std::string_view payment_token;
};

// The fields of any message that has them: ReceiveOrderRequest, PlaceOrderRequest,
// SubmitOrderRequest.
template <typename Message>
OrderFields FieldsOf(const Message& message) {
  return {.order_id = message.order_id(),
          .product_id = message.product_id(),
          .quantity = message.quantity(),
          .customer_email = message.customer_email(),
          .payment_token = message.payment_token()};
}

// All broken rules of an order, in the order of the fields; empty if it is good.
std::vector<FieldViolation> ValidateOrder(const OrderFields& order);

}  // namespace orderflow::order
