#include "common/order/currency.h"

#include <limits>

#include "gtest/gtest.h"

namespace orderflow::order {
namespace {

TEST(FormatAmountTest, PlacesThePointAsTheCurrencyHasIt) {
  EXPECT_EQ(FormatAmount(1234, "EUR"), "12.34 EUR");
  EXPECT_EQ(FormatAmount(1234, "JPY"), "1234 JPY");
  EXPECT_EQ(FormatAmount(1234, "KWD"), "1.234 KWD");
  EXPECT_EQ(FormatAmount(1234, "CLF"), "0.1234 CLF");
}

TEST(FormatAmountTest, FillsSmallAmountsWithZeros) {
  EXPECT_EQ(FormatAmount(0, "EUR"), "0.00 EUR");
  EXPECT_EQ(FormatAmount(5, "USD"), "0.05 USD");
  EXPECT_EQ(FormatAmount(99, "USD"), "0.99 USD");
  EXPECT_EQ(FormatAmount(0, "JPY"), "0 JPY");
  EXPECT_EQ(FormatAmount(7, "TND"), "0.007 TND");
}

TEST(FormatAmountTest, CoversTheWholeRange) {
  EXPECT_EQ(FormatAmount(std::numeric_limits<int64_t>::max(), "EUR"), "92233720368547758.07 EUR");
  EXPECT_EQ(FormatAmount(std::numeric_limits<int64_t>::min(), "EUR"), "-92233720368547758.08 EUR");
  EXPECT_EQ(FormatAmount(-1, "EUR"), "-0.01 EUR");
}

TEST(MinorUnitDigitsTest, FindsEveryCodeOfTheTablesAndOnlyThose) {
  for (const char* code : {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
                           "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"}) {
    EXPECT_EQ(MinorUnitDigits(code), 0) << code;
  }
  for (const char* code : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}) {
    EXPECT_EQ(MinorUnitDigits(code), 3) << code;
  }
  for (const char* code : {"CLF", "UYW"}) EXPECT_EQ(MinorUnitDigits(code), 4) << code;
  for (const char* code : {"EUR", "USD", "GBP", "CHF", "ZZZ", ""})
    EXPECT_EQ(MinorUnitDigits(code), 2) << code;
}

}  // namespace
}  // namespace orderflow::order
