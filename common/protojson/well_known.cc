#include "common/protojson/well_known.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace orderflow::protojson::internal {
namespace {

constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr int64_t kLongestSpan =
    315'576'000'000;  // 10,000 years, the limit of google.protobuf.Duration
constexpr int32_t kNanosPerSecond = 1'000'000'000;
constexpr size_t kMaxFractionDigits = 9;

bool AllDigits(std::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return !text.empty();
}

bool InRange(SecondsAndNanos time) {
  return time.seconds >= kFirstSecond && time.seconds <= kLastSecond && time.nanos >= 0 &&
         time.nanos < kNanosPerSecond;
}

// "5" -> 500'000'000
std::optional<int32_t> ParseFraction(std::string_view digits) {
  if (digits.size() > kMaxFractionDigits || !AllDigits(digits)) return std::nullopt;
  int32_t nanos = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), nanos);
  for (size_t i = digits.size(); i < kMaxFractionDigits; ++i) nanos *= 10;
  return nanos;
}

// 500'000'000 -> ".5", 0 -> ""
std::string FormatFraction(int32_t nanos) {
  if (nanos == 0) return "";
  std::string text = absl::StrCat(".", absl::Dec(nanos, absl::kZeroPad9));
  while (text.back() == '0') text.pop_back();
  return text;
}

// Whether the text has the form of RFC 3339: Abseil would also take blanks and "infinite-past". The
// T and Z may be small.
bool LooksLikeTimestamp(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() <= kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool fits =
        kForm[i] == '0' ? absl::ascii_isdigit(text[i]) : absl::ascii_toupper(text[i]) == kForm[i];
    if (!fits) return false;
  }
  std::string_view zone = text.substr(kForm.size());
  if (zone.front() == '.') {
    const size_t end = zone.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos || end > kMaxFractionDigits + 1) return false;
    zone.remove_prefix(end);
  }
  if (zone == "Z" || zone == "z") return true;
  return zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && AllDigits(zone.substr(1, 2)) &&
         zone[3] == ':' && AllDigits(zone.substr(4));
}

}  // namespace

std::optional<SecondsAndNanos> ParseTimestamp(std::string_view text) {
  if (!LooksLikeTimestamp(text)) return std::nullopt;
  std::string upper = absl::AsciiStrToUpper(absl::string_view(text.data(), text.size()));
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, upper, &time, nullptr)) return std::nullopt;
  const int64_t seconds = absl::ToUnixSeconds(time);
  const SecondsAndNanos parts = {
      seconds,
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds)))};
  return InRange(parts) ? std::optional(parts) : std::nullopt;
}

std::optional<SecondsAndNanos> TimestampFromEpochSeconds(const json::Value& number) {
  SecondsAndNanos time;
  if (number.IsInt()) {
    time.seconds = number.AsInt();
  } else {
    // Microseconds are what a double of today's size can hold; more digits would be noise.
    constexpr int64_t kMicros = 1'000'000;
    const double micros = std::round(number.AsDouble() * kMicros);
    if (!(std::fabs(micros) < 0x1p62)) return std::nullopt;
    const int64_t whole = static_cast<int64_t>(micros);
    time.seconds = whole / kMicros - (whole % kMicros < 0 ? 1 : 0);
    time.nanos = static_cast<int32_t>(whole - time.seconds * kMicros) * 1000;
  }
  return InRange(time) ? std::optional(time) : std::nullopt;
}

std::optional<std::string> FormatTimestamp(SecondsAndNanos time) {
  if (!InRange(time)) return std::nullopt;
  const absl::Time second = absl::FromUnixSeconds(time.seconds);
  return absl::StrCat(absl::FormatTime("%E4Y-%m-%dT%H:%M:%S", second, absl::UTCTimeZone()),
                      FormatFraction(time.nanos), "Z");
}

std::optional<json::Value> EpochSecondsFromTimestamp(SecondsAndNanos time) {
  if (!InRange(time)) return std::nullopt;
  if (time.nanos == 0) return json::Value(time.seconds);
  return json::Value(static_cast<double>(time.seconds) + time.nanos / 1e9);
}

std::optional<SecondsAndNanos> ParseDuration(std::string_view text) {
  if (text.empty() || text.back() != 's') return std::nullopt;
  text.remove_suffix(1);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  SecondsAndNanos span;
  if (!AllDigits(whole)) return std::nullopt;
  auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), span.seconds);
  if (error != std::errc() || span.seconds > kLongestSpan) return std::nullopt;
  if (point != std::string_view::npos) {
    const std::optional<int32_t> nanos = ParseFraction(text.substr(point + 1));
    if (!nanos.has_value()) return std::nullopt;
    span.nanos = *nanos;
  }
  if (span.seconds == kLongestSpan && span.nanos > 0) return std::nullopt;
  return negative ? SecondsAndNanos{-span.seconds, -span.nanos} : span;
}

std::optional<std::string> FormatDuration(SecondsAndNanos span) {
  const bool in_range = span.seconds >= -kLongestSpan && span.seconds <= kLongestSpan &&
                        span.nanos > -kNanosPerSecond && span.nanos < kNanosPerSecond;
  const bool mixed = (span.seconds > 0 && span.nanos < 0) || (span.seconds < 0 && span.nanos > 0);
  if (!in_range || mixed) return std::nullopt;
  const bool negative = span.seconds < 0 || span.nanos < 0;
  return absl::StrCat(negative ? "-" : "", std::llabs(span.seconds),
                      FormatFraction(std::abs(span.nanos)), "s");
}

}  // namespace orderflow::protojson::internal
