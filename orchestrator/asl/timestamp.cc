#include "orchestrator/asl/timestamp.h"

namespace orderflow::asl {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits of a fixed-width field, or nothing.
std::optional<int> Number(std::string_view text, size_t at, size_t width) {
  int value = 0;
  for (size_t i = at; i < at + width; ++i) {
    if (i >= text.size() || !IsDigit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "Z", "+01:00" or "-08:30", as what to subtract to get to UTC.
std::optional<absl::Duration> ParseOffset(std::string_view text) {
  if (text == "Z") return absl::ZeroDuration();
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const std::optional<int> hours = Number(text, 1, 2);
  const std::optional<int> minutes = Number(text, 4, 2);
  if (!hours.has_value() || !minutes.has_value() || *hours > 23 || *minutes > 59)
    return std::nullopt;
  const absl::Duration offset = absl::Hours(*hours) + absl::Minutes(*minutes);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<absl::Time> ParseTimestamp(std::string_view text) {
  constexpr size_t kFixed = sizeof("2024-01-02T03:04:05") - 1;
  if (text.size() <= kFixed || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const std::optional<int> year = Number(text, 0, 4), month = Number(text, 5, 2),
                           day = Number(text, 8, 2);
  const std::optional<int> hour = Number(text, 11, 2), minute = Number(text, 14, 2),
                           second = Number(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const absl::CivilDay civil_day(
      *year, *month, *day);  // normalizes, so that a wrong date comes out as another one
  if (civil_day.month() != *month || civil_day.day() != *day) return std::nullopt;

  size_t at = kFixed;
  absl::Duration fraction;
  if (text[at] == '.') {
    absl::Duration unit = absl::Seconds(1);
    size_t digits = 0;
    for (++at; at < text.size() && IsDigit(text[at]); ++at, ++digits) {
      unit /= 10;
      fraction += unit * (text[at] - '0');
    }
    if (digits == 0) return std::nullopt;
  }
  const std::optional<absl::Duration> offset = ParseOffset(text.substr(at));
  if (!offset.has_value()) return std::nullopt;
  const absl::CivilSecond civil(*year, *month, *day, *hour, *minute, *second);
  return absl::FromCivil(civil, absl::UTCTimeZone()) + fraction - *offset;
}

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

}  // namespace orderflow::asl
