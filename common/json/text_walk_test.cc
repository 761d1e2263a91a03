#include "common/json/text_walk.h"

#include "common/json/value.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::json {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Walk(std::string_view text) {
  EXPECT_TRUE(Parse(text).value.has_value()) << text;
  std::vector<std::string> told;
  WalkText(text, [&](const std::vector<TextStep>& way, size_t offset) {
    std::string line;
    for (const TextStep& step : way)
      line += "/" + (step.is_member ? step.name : std::to_string(step.index));
    told.push_back(line + " " + std::to_string(offset));
  });
  return told;
}

std::string At(std::string_view text, std::string_view place) {
  const TextPosition position = Locate(text, place);
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

TEST(TextWalkTest, EachValueIsToldWithItsPlace) {
  EXPECT_THAT(Walk(R"({"a": 1, "b": [true, "x", {"c": {}}, [[], 5]]})"),
              ElementsAre("/a 1", "/b 9", "/b/0 15", "/b/1 21", "/b/2 26", "/b/2/c 27", "/b/3 37",
                          "/b/3/0 38", "/b/3/1 42"));
  EXPECT_THAT(Walk(R"(["{", "a\"]", -1.5e3])"), ElementsAre("/0 1", "/1 6", "/2 14"));
  EXPECT_THAT(Walk("{}"), ElementsAre());
  EXPECT_THAT(Walk("7"), ElementsAre());
}

TEST(TextWalkTest, MembersOfTheSameNameAreBothTold) {
  EXPECT_THAT(Walk(R"({"a": 1, "\u0061": 2})"), ElementsAre("/a 1", "/a 9"));
}

constexpr char kText[] = R"({
  "States": {
    "A/B": {"Next": "C"},
    "C": [
      1,
      {"x": null}
    ]
  },
  "Twice": 1,
  "Twice": 2
})";

TEST(TextWalkTest, APlaceLeadsToItsLineAndColumn) {
  EXPECT_EQ(At(kText, "/States"), "2:3");
  EXPECT_EQ(At(kText, "/States/A/B/Next"), "3:13");
  EXPECT_EQ(At(kText, "/States/C[0]"), "5:7");
  EXPECT_EQ(At(kText, "/States/C[1]/x"), "6:8");
  EXPECT_EQ(At(kText, "/Twice"), "10:3") << "the one that counts";
}

TEST(TextWalkTest, WhatIsNotThereIsWhereTheTextStopsLeadingToIt) {
  EXPECT_EQ(At(kText, "/States/A/B/Type"), "3:5");
  EXPECT_EQ(At(kText, "/"), "1:1");
  EXPECT_EQ(At(kText, ""), "1:1");
  EXPECT_EQ(At("\n  {}", "/x"), "2:3");
  EXPECT_EQ(At("", "/x"), "1:1");
  EXPECT_EQ(At(kText, "no place"), "1:1");
  EXPECT_EQ(At(kText, "/States/C0"), "2:3") << "a name is a whole one";
  EXPECT_EQ(At(kText, "/States/C[10]"), "4:5");
}

}  // namespace
}  // namespace orderflow::json
