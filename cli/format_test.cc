#include "cli/format.h"

#include "gtest/gtest.h"

namespace orderflow::cli {
namespace {

TEST(FormatMoneyTest, PutsThePointWhereTheCurrencyHasIt) {
  EXPECT_EQ(FormatMoney(1999, "EUR"), "19.99 EUR");
  EXPECT_EQ(FormatMoney(5, "EUR"), "0.05 EUR");
  EXPECT_EQ(FormatMoney(0, "USD"), "0.00 USD");
  EXPECT_EQ(FormatMoney(-250, "USD"), "-2.50 USD");
  EXPECT_EQ(FormatMoney(1999, "JPY"), "1999 JPY");
  EXPECT_EQ(FormatMoney(1999, "KWD"), "1.999 KWD");
}

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
