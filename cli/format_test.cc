#include "cli/format.h"

#include "gtest/gtest.h"

namespace orderflow::cli {
namespace {

TEST(FormatLengthTest, UsesTheUnitThatFits) {
  EXPECT_EQ(FormatLength(absl::Microseconds(850)), "850 us");
  EXPECT_EQ(FormatLength(absl::Milliseconds(12)), "12 ms");
  EXPECT_EQ(FormatLength(absl::Milliseconds(3440)), "3.4 s");
  EXPECT_EQ(FormatLength(absl::Seconds(125)), "2 min 5 s");
}

TEST(WithoutPrefixTest, LeavesOtherValuesAlone) {
  EXPECT_EQ(WithoutPrefix("OUTCOME_CONFIRMED", "OUTCOME_"), "CONFIRMED");
  EXPECT_EQ(WithoutPrefix("7", "OUTCOME_"), "7");
}

}  // namespace
}  // namespace orderflow::cli
