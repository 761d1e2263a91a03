#include "orchestrator/asl/java_values.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;

std::string Ordered(std::string_view items) {
  return json::Serialize(Value::FromArray(InHashSetOrder(Json(items).AsArray())));
}

TEST(JavaValuesTest, DistinctItemsComeInTheOrderOfTheirHashCodes) {
  const std::vector<std::pair<const char*, const char*>> orders = {
      {"[]", "[]"},
      {"[3, 1, 2, 1]", "[1,2,3]"},
      {"[16, 1, 0]", "[16,0,1]"},  // 16 is in the bucket of 0, and came first
      {"[true, false, true]", "[false,true]"},
      {"[[1, 2], [2, 1], [1, 2]]", "[[2,1],[1,2]]"},
      {"[1, null, null]", "[null,1]"},
      {R"(["b", "a", "b"])", R"(["a","b"])"},
      {R"([1, "1", 1, "01"])", R"([1,"1","01"])"},
      {R"([{"a": 1, "b": 2}, {"b": 2, "a": 1}])", R"([{"a":1,"b":2}])"},
      {"[1.5, -1, 1.0, 1]", "[-1,1.0,1,1.5]"},
      {"[4294967297, 0]", "[4294967297,0]"},  // whose halves cancel each other out
      {R"(["a", "🆗"])", R"(["🆗","a"])"},
  };
  for (const auto& [items, ordered] : orders) EXPECT_EQ(Ordered(items), ordered) << items;
}

TEST(JavaValuesTest, ASetGrowsWhenItIsThreeQuartersFull) {
  EXPECT_EQ(Ordered("[16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"), "[16,1,2,3,4,5,6,7,8,9,10,11]");
  EXPECT_EQ(Ordered("[16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]"),
            "[1,2,3,4,5,6,7,8,9,10,11,12,16]");
}

TEST(JavaValuesTest, ASeedGivesTheNumberThatItGivesInJava) {
  EXPECT_EQ(JavaRandomBelow(99, 42), 62);
  EXPECT_EQ(JavaRandomBelow(999, 1), 105);
  EXPECT_EQ(JavaRandomBelow(9, -10), 0);
  EXPECT_EQ(JavaRandomBelow(16, 42), 11);
  EXPECT_EQ(JavaRandomBelow(1, 7), 0);
}

TEST(JavaValuesTest, LengthCountsUtf16Units) {
  EXPECT_EQ(JavaLength(""), 0u);
  EXPECT_EQ(JavaLength("aä€"), 3u);
  EXPECT_EQ(JavaLength("🆗"), 2u);
}

TEST(JavaValuesTest, Base64IsReadLeniently) {
  const std::vector<std::pair<const char*, const char*>> texts = {
      {"", ""},
      {"aGVsbG8=", "hello"},
      {"aGVsbG8", "hello"},
      {" aGV\nsbG8= ", "hello"},
      {"abcd", "i\xef\xbf\xbd\x1d"},  // two bytes that are no character
      {"ab==cd", "i"},
      {"Pz8/", "???"},
      {"Pz8_", "???"},
      {"!!!", ""},
      {"4pyT", "✓"},
      {"/w==", "\xef\xbf\xbd"},
      {"4pw=", "\xef\xbf\xbd"},  // the beginning of a character is one mistake
      {"7aCA", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // half of a surrogate pair is three
  };
  for (const auto& [text, decoded] : texts) EXPECT_EQ(DecodeBase64Text(text), decoded) << text;
}

}  // namespace
}  // namespace orderflow::asl
