#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/json/value.h"

namespace orderflow::asl {

// Where the service's intrinsic functions let Java's own rules show. Definitions that were written
// for the service meet the same results here. All functions are pure.

// The distinct items in the order in which a java.util.HashSet hands them out: by their hash codes,
// not as they came. 1 and 1.0 are two items; the order of members does not matter.
json::Array InHashSetOrder(const json::Array& items);

// The first number below `bound` that a java.util.Random with this seed gives. `bound` must be
// positive.
int32_t JavaRandomBelow(int32_t bound, int64_t seed);

// String.length(): the number of UTF-16 units of a UTF-8 text.
size_t JavaLength(std::string_view text);

// What Base64 stands for, read as leniently as Apache Commons Codec reads it: characters that are
// none of either alphabet are skipped, the first '=' ends it, and missing padding does not matter.
// Bytes that are no UTF-8 come out as U+FFFD.
std::string DecodeBase64Text(std::string_view text);

}  // namespace orderflow::asl
