#include "cli/format.h"

#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace orderflow::cli {
namespace {

// Digits after the point, ISO 4217; two for all that are not listed.
int MinorDigits(std::string_view currency) {
  constexpr std::array<std::string_view, 16> kNone = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                                      "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                                      "VND", "VUV", "XAF", "XPF"};
  constexpr std::array<std::string_view, 7> kThree = {"BHD", "IQD", "JOD", "KWD",
                                                      "LYD", "OMR", "TND"};
  if (currency == "XOF" || std::find(kNone.begin(), kNone.end(), currency) != kNone.end()) return 0;
  return std::find(kThree.begin(), kThree.end(), currency) != kThree.end() ? 3 : 2;
}

}  // namespace

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

std::string FormatMoney(int64_t minor, std::string_view currency) {
  std::string digits = absl::StrCat(minor < 0 ? -minor : minor);
  const auto after_point = static_cast<size_t>(MinorDigits(currency));
  if (digits.size() <= after_point)
    digits = absl::StrCat(std::string(after_point + 1 - digits.size(), '0'), digits);
  const std::string whole = digits.substr(0, digits.size() - after_point);
  const std::string part = digits.substr(digits.size() - after_point);
  return absl::StrCat(minor < 0 ? "-" : "", whole, part.empty() ? "" : ".", part, " ",
                      std::string(currency));
}

std::string WithoutPrefix(std::string_view value, std::string_view prefix) {
  if (value.substr(0, prefix.size()) == prefix) value.remove_prefix(prefix.size());
  return std::string(value);
}

}  // namespace orderflow::cli
