#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace google::protobuf {
class Timestamp;
}

namespace orderflow::cli {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// "2026-11-22 13:24:54", in the local time zone.
std::string FormatTimestamp(const google::protobuf::Timestamp& timestamp);

// "850 us", "12 ms", "3.4 s", "2 min 5 s": as exact as a person wants it.
std::string FormatLength(absl::Duration length);

// "OUTCOME_CONFIRMED" without its prefix "OUTCOME_".
std::string WithoutPrefix(std::string_view value, std::string_view prefix);

}  // namespace orderflow::cli
