#include "common/base/quote.h"

#include "gtest/gtest.h"

namespace orderflow {
namespace {

TEST(QuoteTest, VisibleAsciiStaysAsItIs) { EXPECT_EQ(Quote("a-1 b"), "\"a-1 b\""); }

TEST(QuoteTest, WhatCouldBreakALineOrATerminalIsEscaped) {
  EXPECT_EQ(Quote(std::string_view("a\r\n\t\"\\\0\x1b[31m\x7f\xc3\xa9", 15)),
            R"("a\r\n\t\"\\\x00\x1b[31m\x7f\xc3\xa9")");
  EXPECT_EQ(QuoteChar('\''), R"('\'')");
  EXPECT_EQ(QuoteChar('/'), "'/'");
}

TEST(QuoteTest, LongValuesAreCut) {
  EXPECT_EQ(Quote("abcdef", 3), "\"abc\"...");
  EXPECT_EQ(Quote("abc", 3), "\"abc\"");
}

}  // namespace
}  // namespace orderflow
