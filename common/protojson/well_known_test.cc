#include "common/protojson/well_known.h"

#include <limits>

#include "gtest/gtest.h"

namespace orderflow::protojson::internal {
namespace {

TEST(WellKnownTest, TimestampsInEveryForm) {
  const std::pair<const char*, SecondsAndNanos> cases[] = {
      {"1970-01-01T00:00:00Z", {0, 0}},
      {"1970-01-01t00:00:00z", {0, 0}},
      {"2024-02-29T23:59:59.999999999Z", {1709251199, 999'999'999}},
      {"2024-05-01T12:00:00+02:00", {1714557600, 0}},
      {"2024-05-01T12:00:00.25-05:30", {1714584600, 250'000'000}},
      {"0001-01-01T00:00:00Z", {-62'135'596'800, 0}},
      {"9999-12-31T23:59:59.999999999Z", {253'402'300'799, 999'999'999}},
      {"1969-12-31T23:59:59.5Z", {-1, 500'000'000}},
  };
  for (const auto& [text, time] : cases) EXPECT_EQ(ParseTimestamp(text), time) << text;
}

TEST(WellKnownTest, WhatIsNoTimestampIsRefused) {
  for (const char* text :
       {"", "now", "infinite-future", "2024-05-01", "2024-05-01T12:00:00", "2024-05-01 12:00:00Z",
        " 2024-05-01T12:00:00Z", "2024-05-01T12:00:00Z ", "2024-13-01T12:00:00Z",
        "2024-02-30T12:00:00Z", "2024-05-01T25:00:00Z", "2024-05-01T12:00:00.Z",
        "2024-05-01T12:00:00.1234567890Z", "2024-05-01T12:00:00+2:00", "2024-05-01T12:00:00+0200",
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "10000-01-01T00:00:00Z",
        "-2024-05-01T12:00:00Z"}) {
    EXPECT_EQ(ParseTimestamp(text), std::nullopt) << text;
  }
}

TEST(WellKnownTest, TimestampsAreWrittenWithTheDigitsTheyNeed) {
  EXPECT_EQ(FormatTimestamp({0, 0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTimestamp({0, 500'000'000}), "1970-01-01T00:00:00.5Z");
  EXPECT_EQ(FormatTimestamp({0, 1}), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(FormatTimestamp({-62'135'596'800, 0}), "0001-01-01T00:00:00Z");
  EXPECT_EQ(FormatTimestamp({-62'135'596'801, 0}), std::nullopt);
  EXPECT_EQ(FormatTimestamp({253'402'300'800, 0}), std::nullopt);
  EXPECT_EQ(FormatTimestamp({0, 1'000'000'000}), std::nullopt);
}

TEST(WellKnownTest, EpochSecondsKeepMicroseconds) {
  EXPECT_EQ(TimestampFromEpochSeconds(json::Value(1714564800)), (SecondsAndNanos{1714564800, 0}));
  EXPECT_EQ(TimestampFromEpochSeconds(json::Value(1714564800.123456)),
            (SecondsAndNanos{1714564800, 123'456'000}));
  EXPECT_EQ(TimestampFromEpochSeconds(json::Value(-1.25)), (SecondsAndNanos{-2, 750'000'000}));
  EXPECT_EQ(TimestampFromEpochSeconds(json::Value(1e300)), std::nullopt);
  EXPECT_EQ(TimestampFromEpochSeconds(json::Value(std::numeric_limits<int64_t>::max())),
            std::nullopt);
  EXPECT_EQ(EpochSecondsFromTimestamp({1714564800, 123'000'000}), json::Value(1714564800.123));
}

TEST(WellKnownTest, DurationsInEveryForm) {
  const std::pair<const char*, SecondsAndNanos> cases[] = {
      {"0s", {0, 0}},
      {"3s", {3, 0}},
      {"-3.5s", {-3, -500'000'000}},
      {"-0.000000001s", {0, -1}},
      {"1.000000001s", {1, 1}},
      {"315576000000s", {315'576'000'000, 0}},
  };
  for (const auto& [text, span] : cases) {
    EXPECT_EQ(ParseDuration(text), span) << text;
    EXPECT_EQ(FormatDuration(span), text);
  }
}

TEST(WellKnownTest, WhatIsNoDurationIsRefused) {
  for (const char* text :
       {"", "s", "3", "3 s", ".5s", "3.s", "--3s", "+3s", "3.0000000001s", "1e3s", "3m",
        "315576000001s", "315576000000.1s", "99999999999999999999s"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
  EXPECT_EQ(FormatDuration({1, -1}), std::nullopt);
  EXPECT_EQ(FormatDuration({-1, 1}), std::nullopt);
}

}  // namespace
}  // namespace orderflow::protojson::internal
