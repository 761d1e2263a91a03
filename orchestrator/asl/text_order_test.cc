#include "orchestrator/asl/text_order.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace orderflow::asl {
namespace {

TEST(TextOrderTest, TextsSortByTheirUtf16Units) {
  // U+E9, U+4E2D, U+1F600 (D83D DE00), U+E000, U+FF5E
  const std::vector<std::string> sorted = {"",
                                           "a",
                                           "aa",
                                           "b",
                                           "\xC3\xA9",
                                           "\xE4\xB8\xAD",
                                           "\xF0\x9F\x98\x80",
                                           "\xEE\x80\x80",
                                           "\xEF\xBD\x9E"};
  for (size_t i = 0; i < sorted.size(); ++i) {
    for (size_t j = 0; j < sorted.size(); ++j) {
      const int order = CompareTexts(sorted[i], sorted[j]);
      EXPECT_EQ(order < 0, i < j) << i << " and " << j;
      EXPECT_EQ(order == 0, i == j) << i << " and " << j;
    }
  }
}

}  // namespace
}  // namespace orderflow::asl
