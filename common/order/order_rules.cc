#include "common/order/order_rules.h"

#include <algorithm>
#include <utility>

#include "common/base/quote.h"

namespace orderflow::order {
namespace {

constexpr size_t kMaxLocalPart = 64;    // RFC 5321, 4.5.3.1.1
constexpr size_t kMaxDomainLabel = 63;  // RFC 1035, 2.3.4

// Not <cctype>: its answers depend on the locale.
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsAlnum(char c) { return IsDigit(c) || IsUpper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool IsIdChar(char c) { return IsAlnum(c) || c == '.' || c == '_' || c == '-'; }
constexpr bool IsVisible(char c) { return c > ' ' && c < '\x7f'; }
constexpr bool IsAtext(char c) {  // RFC 5322, 3.2.3
  return IsAlnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

std::string At(size_t index) { return " at position " + std::to_string(index + 1); }

std::string TooLong(size_t size, size_t limit) {
  return "has " + std::to_string(size) + " characters; at most " + std::to_string(limit) +
         " are allowed";
}

std::optional<std::string> CheckId(std::string_view id) {
  if (id.empty()) return "is required";
  if (id.size() > kMaxIdLength) return TooLong(id.size(), kMaxIdLength);
  for (size_t i = 0; i < id.size(); ++i) {
    if (!IsIdChar(id[i])) {
      return Quote(id) + " contains " + QuoteChar(id[i]) + At(i) +
             "; allowed are A-Z a-z 0-9 . _ -";
    }
  }
  return std::nullopt;
}

// What is wrong with a character of an e-mail address wherever it stands, in words that do not
// repeat the address.
std::optional<std::string> CheckEmailChars(std::string_view email) {
  for (size_t i = 0; i < email.size(); ++i) {
    if (static_cast<unsigned char>(email[i]) > 0x7e) {
      return "has a character outside ASCII" + At(i) +
             "; only ASCII addresses are supported (write the domain as xn--...)";
    }
    if (!IsVisible(email[i]))
      return "contains " + QuoteChar(email[i]) + At(i) + ", which no address may";
    if (email[i] == ',' || email[i] == ';' || email[i] == '<' || email[i] == '>') {
      return "contains " + QuoteChar(email[i]) + At(i) +
             "; must be one plain address such as user@example.com";
    }
  }
  return std::nullopt;
}

std::optional<std::string> CheckLocalPart(std::string_view local) {
  if (local.empty()) return "has nothing before the \"@\"";
  if (local.size() > kMaxLocalPart) {
    return "has " + std::to_string(local.size()) + " characters before the \"@\"; at most " +
           std::to_string(kMaxLocalPart) + " are allowed";
  }
  for (size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '.') {
      if (i == 0 || i + 1 == local.size() || local[i + 1] == '.') {
        return "has a dot" + At(i) + " that does not stand between two characters";
      }
    } else if (!IsAtext(local[i])) {
      return "contains " + QuoteChar(local[i]) + At(i) + ", which may not stand before the \"@\"";
    }
  }
  return std::nullopt;
}

std::optional<std::string> CheckLabel(std::string_view label) {
  if (label.empty()) return "has an empty label in its domain";
  if (label.size() > kMaxDomainLabel) return "has a domain label of more than 63 characters";
  if (label.front() == '-' || label.back() == '-')
    return "has a domain label that starts or ends with \"-\"";
  for (const char c : label) {
    if (!IsAlnum(c) && c != '-')
      return "contains " + QuoteChar(c) + " in its domain; allowed are A-Z a-z 0-9 - .";
  }
  return std::nullopt;
}

std::optional<std::string> CheckDomain(std::string_view domain) {
  if (domain.empty()) return "has nothing after the \"@\"";
  std::string_view label;
  for (size_t start = 0; start <= domain.size();) {
    const size_t dot = std::min(domain.find('.', start), domain.size());
    label = domain.substr(start, dot - start);
    if (auto found = CheckLabel(label)) return found;
    start = dot + 1;
  }
  // An IPv4 address would have to be written [192.0.2.1], and mail to bare addresses is not for
  // orders.
  if (label.find_first_not_of("0123456789") == std::string_view::npos)
    return "has an IP address instead of a domain name";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> CheckOrderId(std::string_view id) {
  if (auto found = CheckId(id)) return found;
  if (!IsAlnum(id.front())) return Quote(id) + " must start with a letter or digit";
  return std::nullopt;
}

std::optional<std::string> CheckProductId(std::string_view id) { return CheckId(id); }

std::optional<std::string> CheckQuantity(int64_t quantity) {
  if (quantity >= 1 && quantity <= kMaxQuantity) return std::nullopt;
  return "is " + std::to_string(quantity) + "; must be 1 to " + std::to_string(kMaxQuantity);
}

std::optional<std::string> CheckEmail(std::string_view email) {
  if (email.empty()) return "is required";
  if (email.size() > kMaxEmailLength) return TooLong(email.size(), kMaxEmailLength);
  if (auto found = CheckEmailChars(email)) return found;
  const size_t at = email.find('@');
  if (at == std::string_view::npos)
    return "has no \"@\"; must be one address such as user@example.com";
  if (email.find('@', at + 1) != std::string_view::npos) return "has more than one \"@\"";
  if (auto found = CheckLocalPart(email.substr(0, at))) return found;
  return CheckDomain(email.substr(at + 1));
}

std::optional<std::string> CheckCurrency(std::string_view currency) {
  if (currency.empty()) return "is required";
  if (currency.size() == 3 && IsUpper(currency[0]) && IsUpper(currency[1]) &&
      IsUpper(currency[2])) {
    return std::nullopt;
  }
  return Quote(currency, 16) + " is no ISO 4217 code; must be three upper-case letters such as EUR";
}

std::optional<std::string> CheckPaymentToken(std::string_view token) {
  if (token.size() > kMaxPaymentTokenLength) return TooLong(token.size(), kMaxPaymentTokenLength);
  for (size_t i = 0; i < token.size(); ++i) {
    // The character itself stays out of the message: it is part of a secret.
    if (!IsVisible(token[i])) return "has a character" + At(i) + " that is not visible ASCII";
  }
  return std::nullopt;
}

void AddViolation(std::string_view field, std::optional<std::string> found,
                  std::vector<FieldViolation>& violations) {
  if (found.has_value()) violations.push_back({std::string(field), *std::move(found)});
}

absl::Status CheckField(std::string_view field, std::optional<std::string> found) {
  if (!found.has_value()) return absl::OkStatus();
  return InvalidArgumentError({{std::string(field), *std::move(found)}});
}

std::vector<FieldViolation> ValidateOrder(const OrderFields& order) {
  std::vector<FieldViolation> violations;
  AddViolation("order_id", CheckOrderId(order.order_id), violations);
  AddViolation("product_id", CheckProductId(order.product_id), violations);
  AddViolation("quantity", CheckQuantity(order.quantity), violations);
  AddViolation("customer_email", CheckEmail(order.customer_email), violations);
  AddViolation("payment_token", CheckPaymentToken(order.payment_token), violations);
  return violations;
}

}  // namespace orderflow::order
