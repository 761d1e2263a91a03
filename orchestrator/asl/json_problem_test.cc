#include "orchestrator/asl/json_problem.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::asl {
namespace {

using ::testing::AllOf;
using ::testing::Field;

constexpr char kValue[] = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

JsonProblem Describe(std::string_view text) {
  const json::ParseResult parsed = json::Parse(text);
  EXPECT_TRUE(parsed.error.has_value()) << text;
  return DescribeProblem(text, parsed.error.value_or(json::ParseError{}));
}

auto Reads(const std::string& message, int line, int column) {
  return AllOf(Field(&JsonProblem::message, message), Field(&JsonProblem::line, line),
               Field(&JsonProblem::column, column));
}

TEST(JsonProblemTest, AWordThatIsNoValueIsUnrecognized) {
  EXPECT_THAT(Describe("not a definition"),
              Reads(std::string("Unrecognized token 'not': was expecting ") + kValue, 1, 4));
  EXPECT_THAT(Describe("[1,\n tru]"),
              Reads(std::string("Unrecognized token 'tru': was expecting ") + kValue, 2, 5));
  EXPECT_THAT(Describe("[NaN]").message,
              "Non-standard token 'NaN': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to "
              "allow");
  EXPECT_THAT(Describe(std::string(300, 'a')).message,
              "Unrecognized token '" + std::string(256, 'a') + "...': was expecting " + kValue);
}

TEST(JsonProblemTest, ACharacterIsNamedWithItsCodeAndWhatWasExpected) {
  const std::string value = std::string("expected a valid value ") + kValue;
  const std::pair<const char*, std::string> cases[] = {
      {"{'a':1}", "''' (code 39)): was expecting double-quote to start field name"},
      {"{a:1}", "'a' (code 97)): was expecting double-quote to start field name"},
      {R"({"a":1,})", "'}' (code 125)): was expecting double-quote to start field name"},
      {R"({"a" 1})", "'1' (code 49)): was expecting a colon to separate field name and value"},
      {R"({"a":})", "'}' (code 125)): expected a value"},
      {R"({"a":1 "b":2})", "'\"' (code 34)): was expecting comma to separate Object entries"},
      {"[1 2]", "'2' (code 50)): was expecting comma to separate Array entries"},
      {"[1,]", "']' (code 93)): " + value},
      {"[,1]", "',' (code 44)): " + value},
      {"'text'", "''' (code 39)): " + value},
      {"12a", "'a' (code 97)): Expected space separating root-level values"},
      {"[%]", "'%' (code 37)): " + value},
      {"{\"a\":1\xE4\xB8\xAD}",
       "'\xE4\xB8\xAD' (code 20013 / 0x4e2d)): was expecting comma to separate Object entries"},
      {R"(["\u12g4"])", "'g' (code 103)): expected a hex-digit for character escape sequence"},
      {"[1] // one",
       "'/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature "
       "'ALLOW_COMMENTS' not enabled for parser)"}};
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(Describe(text).message, "Unexpected character (" + expected) << text;
  EXPECT_THAT(Describe("{'a':1}").column, 3);
}

TEST(JsonProblemTest, WhatIsMissingAtTheEndIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"{",
       ": expected close marker for Object (start marker at [Source: (String)\"{\"; line: 1, "
       "column: 1])"},
      {"[[1]",
       ": expected close marker for Array (start marker at [Source: (String)\"[[1]\"; "
       "line: 1, column: 1])"},
      {R"({"a)", " in field name"},
      {R"({"a")", " within/between Object entries"},
      {R"({"a":)", " within/between Object entries"},
      {"[1,", " within/between Array entries"},
      {R"("a)", ": was expecting closing quote for a string value"},
      {R"("a\)", " in character escape sequence"},
      {"-", " in a Number value"}};
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(Describe(text).message, std::string("Unexpected end-of-input") + expected) << text;
}

TEST(JsonProblemTest, MistakesInTextsAndNumbersAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"[\"a\nb\"]",
       "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be "
       "included in string value"},
      {"{\"a\tb\":1}",
       "Illegal unquoted character ((CTRL-CHAR, code 9)): has to be escaped using backslash to be "
       "included in name"},
      {R"(["\x"])", "Unrecognized character escape 'x' (code 120)"},
      {"[\x01]",
       "Illegal character ((CTRL-CHAR, code 1)): only regular white space (\\r, \\n, \\t) is "
       "allowed between tokens"},
      {"[01]", "Invalid numeric value: Leading zeroes not allowed"},
      {"[1.]",
       "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a "
       "digit"},
      {"[1e+]",
       "Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by "
       "a digit"},
      {"[-a]",
       "Unexpected character ('a' (code 97)) in numeric value: expected digit (0-9) to follow "
       "minus sign, for valid numeric value"},
      {"[}",
       "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\"[}\"; "
       "line: 1, column: 1])"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(Describe(text).message, expected) << text;
}

TEST(JsonProblemTest, ANewerVersionHidesTheSourceAndPointsAtTheCharacter) {
  const auto describe = [](const std::string& text) {
    return DescribeWithoutSource(text, *json::Parse(text).error);
  };
  EXPECT_EQ(
      describe("{bad json}"),
      "Unexpected character ('b' (code 98)): was expecting double-quote to start field name\n"
      " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
      "1, column: 2]");
  EXPECT_EQ(
      describe(R"({"a":1)"),
      "Unexpected end-of-input: expected close marker for Object (start marker at [Source: "
      "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1])\n"
      " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
      "1, column: 7]");
}

TEST(JsonProblemTest, WhatOnlyOurOwnParserMindsKeepsItsWords) {
  EXPECT_EQ(Describe("[1] [2]").message, "more text after the JSON value");
  EXPECT_EQ(Describe(std::string(200, '[') + std::string(200, ']')).message,
            "nested deeper than 128 levels");
}

TEST(JsonProblemTest, ALongSourceIsCutBetweenCharacters) {
  const std::string text = std::string(499, 'a') + "\xC3\xA9" + "bc";
  EXPECT_EQ(PlaceInSource(text, 1, 2), "[Source: (String)\"" + std::string(499, 'a') +
                                           "\"[truncated 4 chars]; line: 1, column: 2]");
}

}  // namespace
}  // namespace orderflow::asl
