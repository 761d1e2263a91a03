// Whatever a message can be made from comes out of the message in a form that makes the same
// message again.

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>

#include "common/base/check.h"
#include "common/protojson/message_codec.h"
#include "old_types.pb.h"
#include "types.pb.h"

namespace orderflow::protojson {
namespace {

template <typename T>
void Check(const json::Value& value) {
  T message;
  if (!ToMessage(value, message, {.ignore_unknown = true}).empty()) return;
  const absl::StatusOr<json::Value> written = FromMessage(message);
  ORDERFLOW_CHECK(written.ok());
  T again;
  ORDERFLOW_CHECK(ToMessage(*written, again).empty());
  const absl::StatusOr<json::Value> rewritten = FromMessage(again);
  ORDERFLOW_CHECK(rewritten.ok() && *rewritten == *written);
}

}  // namespace
}  // namespace orderflow::protojson

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace orderflow::protojson;  // NOLINT
  const auto parsed = orderflow::json::Parse({reinterpret_cast<const char*>(data), size});
  if (!parsed.value.has_value()) return 0;
  Check<testdata::Scalars>(*parsed.value);
  Check<testdata::Presence>(*parsed.value);
  Check<testdata::Repeated>(*parsed.value);
  Check<testdata::Maps>(*parsed.value);
  Check<testdata::WellKnown>(*parsed.value);
  Check<testdata::Old>(*parsed.value);
  return 0;
}
