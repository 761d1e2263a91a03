#include "cli/table.h"

#include "gtest/gtest.h"

namespace orderflow::cli {
namespace {

TEST(TableTest, ColumnsAreAlignedAndLinesHaveNoTrailingBlanks) {
  Table table({{"PRODUCT"}, {"AVAILABLE", Table::Align::kRight}, {"NOTE"}});
  table.AddRow({"sku-001", "97", ""});
  table.AddRow({"a", "1000000000", "much"});
  EXPECT_EQ(table.ToString(),
            "PRODUCT   AVAILABLE  NOTE\n"
            "sku-001          97\n"
            "a        1000000000  much\n");
}

TEST(TableTest, WidthCountsCharactersNotBytes) {
  Table table({{"A"}, {"B"}});
  table.AddRow({"é", "x"});
  table.AddRow({"zz", "y"});
  EXPECT_EQ(table.ToString(), "A   B\né   x\nzz  y\n");
}

TEST(PrintableTest, ControlCharactersCannotReachTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb\r\nc\x7f"), "a?[31mb??c?");
  EXPECT_EQ(Printable("\xC2\x9B"), "?");
  EXPECT_EQ(Printable("Straße"), "Straße");
}

TEST(ShortenedTest, CutsAtCharactersAndSaysSo) {
  EXPECT_EQ(Shortened("short", 5), "short");
  EXPECT_EQ(Shortened("longer", 5), "long…");
  EXPECT_EQ(Shortened("äöüäöü", 3), "äö…");
}

}  // namespace
}  // namespace orderflow::cli
