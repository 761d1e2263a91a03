#pragma once

// The JSON forms of google.protobuf.Timestamp and Duration, apart from any message. Private to this
// folder.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/json/value.h"

namespace orderflow::protojson::internal {

// A point in time since 1970, or a span. A span's parts have the same sign.
struct SecondsAndNanos {
  int64_t seconds = 0;
  int32_t nanos = 0;
  bool operator==(const SecondsAndNanos&) const = default;
};

// RFC 3339, years 1 to 9999, up to nine digits of a second, `Z` or an offset.
std::optional<SecondsAndNanos> ParseTimestamp(std::string_view text);
// Seconds since 1970, an integer or with a fraction. A double holds microseconds.
std::optional<SecondsAndNanos> TimestampFromEpochSeconds(const json::Value& number);
// With `Z`, and with just the digits that the fraction needs; nothing where it is out of range.
std::optional<std::string> FormatTimestamp(SecondsAndNanos time);
// An integer for whole seconds, else a double.
std::optional<json::Value> EpochSecondsFromTimestamp(SecondsAndNanos time);

// Such as "3s", "-0.5s": up to nine digits of a second, about 10,000 years each way.
std::optional<SecondsAndNanos> ParseDuration(std::string_view text);
std::optional<std::string> FormatDuration(SecondsAndNanos span);

}  // namespace orderflow::protojson::internal
