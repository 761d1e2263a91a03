#include "orchestrator/asl/condition.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"
#include "orchestrator/asl/timestamp.h"

namespace orderflow::asl {
namespace {

using ::testing::HasSubstr;

// "yes", "no", or the cause of the failure.
std::string Decide(const std::string& rule, std::string_view input) {
  TestExecution run(MachineOf(
      R"("A": {"Type": "Choice", "Choices": [{)" + rule +
      R"(, "Next": "Yes"}], "Default": "No"}, "Yes": {"Type": "Pass", "Result": "yes", "End": true},
                                 "No": {"Type": "Pass", "Result": "no", "End": true})"));
  run.Begin(input);
  const Complete end = run.Only<Complete>();
  return end.status == Status::kSucceeded ? end.output.AsString() : end.cause.value_or("failed");
}

TEST(ConditionTest, ComparisonsHoldForValuesOfTheirTypeOnly) {
  const std::vector<std::tuple<const char*, const char*, const char*>> cases = {
      {R"("StringEquals": "b")", R"("b")", "yes"},
      {R"("StringLessThan": "b")", R"("a")", "yes"},
      {R"("StringLessThanEquals": "b")", R"("b")", "yes"},
      {R"("StringGreaterThan": "b")", R"("ba")", "yes"},
      {R"("StringGreaterThanEquals": "b")", R"("a")", "no"},
      {R"("StringEquals": "1")", "1", "no"},
      {R"("NumericEquals": 1)", "1.0", "yes"},
      {R"("NumericEquals": 1)", R"("1")", "no"},
      {R"("NumericLessThan": 9007199254740993)", "9007199254740992", "yes"},
      {R"("NumericLessThanEquals": 1.5)", "1.5", "yes"},
      {R"("NumericGreaterThan": 1)", "1.1", "yes"},
      {R"("NumericGreaterThanEquals": 2)", "1", "no"},
      {R"("BooleanEquals": true)", "true", "yes"},
      {R"("BooleanEquals": false)", "null", "no"},
      {R"("TimestampEquals": "2024-01-01T00:00:00Z")", R"("2024-01-01T01:00:00.000+01:00")", "yes"},
      {R"("TimestampLessThan": "2024-01-01T00:00:00Z")", R"("2023-12-31T23:59:59.999Z")", "yes"},
      {R"("TimestampGreaterThan": "2024-01-01T00:00:00Z")", R"("2024-01-01 00:00:01Z")", "no"},
      {R"("TimestampLessThanEquals": "2024-01-01T00:00:00Z")", R"("2024-01-01T00:00:00-00:00")",
       "yes"},
      {R"("TimestampGreaterThanEquals": "2024-01-01T00:00:00Z")", "5", "no"},
      {R"("StringMatches": "log-*.txt")", R"("log-1.txt")", "yes"},
      {R"("IsNull": true)", "null", "yes"},
      {R"("IsNull": false)", "1", "yes"},
      {R"("IsNumeric": true)", "1.5", "yes"},
      {R"("IsString": true)", "1", "no"},
      {R"("IsBoolean": true)", "false", "yes"},
      {R"("IsTimestamp": true)", R"("2024-01-01T00:00:00Z")", "yes"},
      {R"("IsTimestamp": true)", R"("2024-01-01")", "no"},
      {R"("IsPresent": true)", "null", "yes"},
  };
  for (const auto& [rule, value, expected] : cases) {
    EXPECT_EQ(Decide(R"("Variable": "$.v", )" + std::string(rule),
                     R"({"v": )" + std::string(value) + "}"),
              expected)
        << rule << " of " << value;
  }
}

TEST(ConditionTest, PathFormsCompareWithTheInput) {
  EXPECT_EQ(Decide(R"("Variable": "$.a", "StringEqualsPath": "$.b")", R"({"a": "x", "b": "x"})"),
            "yes");
  EXPECT_EQ(
      Decide(R"("Variable": "$.a", "NumericGreaterThanEqualsPath": "$.b")", R"({"a": 1, "b": 2})"),
      "no");
  EXPECT_EQ(Decide(R"("Variable": "$.a", "BooleanEqualsPath": "$.b")", R"({"a": true, "b": true})"),
            "yes");
  EXPECT_EQ(Decide(R"("Variable": "$.a", "TimestampLessThanPath": "$.b")",
                   R"({"a": "2024-01-01T00:00:00Z", "b": "2024-01-01T00:00:00.1Z"})"),
            "yes");
  EXPECT_EQ(Decide(R"("Variable": "$$.Execution.Name", "StringEquals": "42")", "{}"), "yes");
}

TEST(ConditionTest, AndOrAndNotCombineRules) {
  const std::string both = R"("And": [{"Variable": "$.a", "IsPresent": true}, {"Or": [
      {"Variable": "$.a", "NumericEquals": 1}, {"Not": {"Variable": "$.a", "IsNumeric": true}}]}])";
  EXPECT_EQ(Decide(both, R"({"a": 1})"), "yes");
  EXPECT_EQ(Decide(both, R"({"a": "x"})"), "yes");
  EXPECT_EQ(Decide(both, R"({"a": 2})"), "no");
  EXPECT_EQ(Decide(both, "{}"), "no") << "And stops at the first that does not hold";
}

TEST(ConditionTest, AMissingVariableFailsUnlessPresenceIsAsked) {
  EXPECT_THAT(
      Decide(R"("Variable": "$.x", "StringEquals": "a")", "{}"),
      HasSubstr(
          "Invalid path '$.x': The choice state's condition path references an invalid value."));
  EXPECT_THAT(Decide(R"("Variable": "$.a", "StringEqualsPath": "$.x")", R"({"a": "b"})"),
              HasSubstr("'$.x'"));
  EXPECT_EQ(Decide(R"("Variable": "$.x", "IsPresent": false)", "{}"), "yes");
  EXPECT_EQ(Decide(R"("Variable": "$.x", "IsPresent": true)", "{}"), "no");
}

TEST(ConditionTest, PatternsKnowStarsAndTheirEscapes) {
  const std::vector<std::tuple<const char*, const char*, bool>> cases = {
      {"", "", true},
      {"a", "", false},
      {"", "*", true},
      {"abc", "*", true},
      {"abc", "a*c", true},
      {"abbc", "a*bc", true},
      {"abc", "*b*", true},
      {"abc", "b*", false},
      {"a*c", R"(a\*c)", true},
      {"abc", R"(a\*c)", false},
      {R"(a\c)", R"(a\\c)", true},
      {"aXbXc", "a*X*c", true},
      {"aaa", "a**a", true},
      {"ab", "a*b*c", false},
      {R"(x\y)", R"(x\y)", true}};
  for (const auto& [text, pattern, matches] : cases) {
    EXPECT_EQ(MatchesPattern(text, pattern), matches) << text << " against " << pattern;
  }
}

TEST(ConditionTest, ABadPatternTakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(MatchesPattern(std::string(5000, 'a'), pattern + "b"));
}

TEST(TimestampTest, AllFormsOfTheLanguageParse) {
  const absl::Time expected = absl::FromUnixSeconds(1'704'164'645);
  for (const char* text : {"2024-01-02T03:04:05Z", "2024-01-02T03:04:05.000000000Z",
                           "2024-01-02T04:04:05+01:00", "2024-01-01T18:34:05-08:30"}) {
    EXPECT_EQ(ParseTimestamp(text), expected) << text;
  }
  EXPECT_EQ(ParseTimestamp("2024-01-02T03:04:05.25Z"), expected + absl::Milliseconds(250));
  EXPECT_EQ(FormatTimestamp(expected + absl::Milliseconds(7)), "2024-01-02T03:04:05.007Z");
}

TEST(TimestampTest, WhatIsNoTimestampIsRefused) {
  for (const char* text :
       {"", "2024", "2024-01-02", "2024-01-02T03:04:05", "2024-01-02 03:04:05Z",
        "2024-13-02T03:04:05Z", "2024-02-30T03:04:05Z", "2024-01-02T24:04:05Z",
        "2024-01-02T03:60:05Z", "2024-01-02T03:04:60Z", "2024-01-02T03:04:05.Z",
        "2024-01-02T03:04:05z", "2024-01-02T03:04:05+1:00", "2024-01-02T03:04:05+01:00x",
        "02-01-2024T03:04:05Z", "2024-01-02T03:04:05+24:00"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace orderflow::asl
