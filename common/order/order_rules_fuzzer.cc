// Feeds arbitrary bytes to every rule. Whatever comes in, a message is short, one line of ASCII;
// and what CheckEmail accepts can be put into a mail's header and an SMTP command as it is.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/check.h"
#include "common/order/order_rules.h"

namespace {

void CheckMessage(std::string_view message) {
  ORDERFLOW_CHECK(!message.empty() && message.size() < 500);
  for (const char c : message) ORDERFLOW_CHECK(c >= ' ' && c <= '~');
}

void CheckAcceptedEmail(std::string_view email) {
  ORDERFLOW_CHECK(email.size() <= orderflow::order::kMaxEmailLength);
  ORDERFLOW_CHECK(email.find_first_of(" \r\n\t<>,;\"()[]\\:") == std::string_view::npos);
  ORDERFLOW_CHECK(email.find('@') != std::string_view::npos && email.find('@') == email.rfind('@'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace orderflow::order;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& found : {CheckOrderId(text), CheckProductId(text), CheckEmail(text),
                            CheckCurrency(text), CheckPaymentToken(text)}) {
    if (found.has_value()) CheckMessage(*found);
  }
  if (!CheckEmail(text).has_value()) CheckAcceptedEmail(text);
  if (!CheckOrderId(text).has_value())
    ORDERFLOW_CHECK(text.find_first_of("/\\ %\n") == std::string_view::npos);
  return 0;
}
