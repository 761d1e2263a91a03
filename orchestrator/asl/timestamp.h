#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace orderflow::asl {

// Reads a timestamp as the language means it: RFC 3339 with an upper-case `T`, any fraction of a
// second, and `Z` or an offset ("2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05+01:00"). Nothing
// for any other text.
std::optional<absl::Time> ParseTimestamp(std::string_view text);

// "2024-01-02T03:04:05.678Z": how the Context Object shows a time.
std::string FormatTimestamp(absl::Time time);

}  // namespace orderflow::asl
