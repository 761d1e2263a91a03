// Whatever parses must be written as a text that parses to an equal value, of the size that was
// foretold, and can be walked through, all that is told of it being where it is said to be.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/base/check.h"
#include "common/json/text_walk.h"
#include "common/json/value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using orderflow::json::Parse;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const orderflow::json::ParseResult first = Parse(text);
  ORDERFLOW_CHECK(first.value.has_value() != first.error.has_value());
  if (first.error.has_value()) {
    ORDERFLOW_CHECK(first.error->offset <= size && first.error->line >= 1 &&
                    first.error->column >= 1);
    return 0;
  }
  const std::string written = Serialize(*first.value);
  ORDERFLOW_CHECK(written.size() == SerializedSize(*first.value));
  const orderflow::json::ParseResult second = Parse(written);
  ORDERFLOW_CHECK(second.value.has_value() && *second.value == *first.value);
  ORDERFLOW_CHECK(Serialize(*second.value) == written);
  size_t last = 0;
  orderflow::json::WalkText(text,
                            [&](const std::vector<orderflow::json::TextStep>& way, size_t offset) {
                              ORDERFLOW_CHECK(offset < size && offset >= last);
                              ORDERFLOW_CHECK(!way.back().is_member || text[offset] == '"');
                              last = offset;
                            });
  orderflow::json::Locate(text, text.substr(0, std::min<size_t>(size, 64)));
  const orderflow::json::ParseResult pretty = Parse(SerializePretty(*first.value));
  ORDERFLOW_CHECK(pretty.value.has_value() && *pretty.value == *first.value);
  return 0;
}
