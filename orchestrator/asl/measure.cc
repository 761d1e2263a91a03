#include "orchestrator/asl/measure.h"

namespace orderflow::asl {

Measured Measure(const json::Value& value, size_t max_bytes, Extent& extent) {
  // First, so that nothing deeper is looked at.
  if (value.depth() > kMaxValueDepth) return Measured::kTooDeep;
  extent = {.bytes = json::SerializedSize(value), .depth = static_cast<int>(value.depth())};
  return extent.bytes <= max_bytes ? Measured::kFits : Measured::kTooLarge;
}

}  // namespace orderflow::asl
