#pragma once

#include <cstddef>
#include <cstdint>

#include "common/json/value.h"

namespace orderflow::asl {

// How deep a value may nest: what a JSON parser reads back.
inline constexpr int kMaxValueDepth = 120;

// The length of a value's JSON text and how deep it nests, or that it is beyond either limit. Looks
// at each part once, however often values share it: what is measured in every item of a Map costs
// what is new in the item.
struct Extent {
  size_t bytes = 0;
  int depth = 0;  // 0 for a scalar
};
enum class Measured : uint8_t { kFits, kTooLarge, kTooDeep };
// `extent` is defined only if the value fits.
Measured Measure(const json::Value& value, size_t max_bytes, Extent& extent);
inline bool Fits(const json::Value& value, size_t max_bytes) {
  Extent extent;
  return Measure(value, max_bytes, extent) == Measured::kFits;
}

}  // namespace orderflow::asl
