#include "cli/format.h"

#include <google/protobuf/timestamp.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace orderflow::cli {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::string FormatTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", ToTime(timestamp), absl::LocalTimeZone());
}

std::string FormatLength(absl::Duration length) {
  if (length < absl::Milliseconds(1)) return absl::StrCat(absl::ToInt64Microseconds(length), " us");
  if (length < absl::Seconds(1)) return absl::StrCat(absl::ToInt64Milliseconds(length), " ms");
  if (length < absl::Minutes(1)) return absl::StrFormat("%.1f s", absl::ToDoubleSeconds(length));
  const int64_t seconds = absl::ToInt64Seconds(length);
  return absl::StrCat(seconds / 60, " min ", seconds % 60, " s");
}

std::string WithoutPrefix(std::string_view value, std::string_view prefix) {
  if (value.substr(0, prefix.size()) == prefix) value.remove_prefix(prefix.size());
  return std::string(value);
}

}  // namespace orderflow::cli
