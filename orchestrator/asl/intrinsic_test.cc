#include "orchestrator/asl/intrinsic.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// The result as JSON text, or the error and its cause.
std::string Call(std::string_view text, std::string_view input = "{}") {
  std::string problem;
  const std::optional<Intrinsic> call = Intrinsic::Parse(text, problem);
  if (!call.has_value()) return "refused: " + problem;
  const Value data = Json(input);
  const auto context = TestExecution::Context();
  const ContextObject context_object({.execution = context.get(),
                                      .execution_input = &data,
                                      .state_name = "A",
                                      .state_entered = absl::UnixEpoch(),
                                      .retry_count = {}});
  Random random(1);
  const Evaluated<Value> result = call->Evaluate(Scope{data, context_object, random});
  return result.ok()
             ? json::Serialize(*result)
             : result.failure().error.value_or("") + ": " + result.failure().cause.value_or("");
}

// What a call is to fail with whose arguments do not fit the function.
std::string Invalid(const std::string& call) {
  return "States.Runtime: There was an error while evaluating the intrinsic function: " + call +
         ". Invalid arguments in " + call.substr(0, call.find('('));
}

TEST(IntrinsicTest, FormatFillsBracesAndPrintsValuesPlainly) {
  EXPECT_EQ(Call("States.Format('{} of {}', 1, 'two')"), R"("1 of two")");
  EXPECT_EQ(
      Call("States.Format('{}', $.o)", R"({"o": {"Arg1": 1, "Arg2": [], "t": ["x", 1.5, null]}})"),
      R"("{Arg1=1, Arg2=[], t=[x, 1.5, null]}")");
  EXPECT_EQ(Call(R"(States.Format('\{\} it\'s \\ {}', 1))"), R"("{} it's \\ 1")");
  EXPECT_EQ(Call("States.Format($.t, 1)", R"({"t": "a {}"})"), R"("a 1")");
  EXPECT_EQ(Call("States.Format(12)"), R"("12")");
}

TEST(IntrinsicTest, FormatPrintsParsedJsonAsJson) {
  EXPECT_EQ(Call(R"(States.Format('{}', States.StringToJson('"x"')))"), R"("\"x\"")");
  EXPECT_EQ(Call(R"(States.Format('{}', States.StringToJson('{"a": [1]}')))"), R"("{\"a\":[1]}")");
  EXPECT_EQ(Call("States.Format('{}', States.Array('x', 1))"), R"("[x, 1]")");
}

TEST(IntrinsicTest, FormatTellsWhatIsWrongWithItsTemplate) {
  const std::string count =
      "Invalid arguments in States.Format: number of arguments do not match "
      "the occurrences of {}.";
  const std::vector<std::pair<const char*, std::string>> mistakes = {
      {"States.Format('{} {}', 1)", count},
      {"States.Format('{}', 1, 2)", count},
      {"States.Format(12, 1)", count},
      {"States.Format('a {', 1)",
       "Invalid template in States.Format: matching '}' not found for '{'."},
      {"States.Format('a {{}}', 1)",
       "Invalid template in States.Format: matching '}' not found for '{'."},
      {"States.Format('}')", "Invalid template in States.Format: matching '{' not found for '}'."},
  };
  for (const auto& [call, problem] : mistakes) {
    EXPECT_EQ(Call(call),
              "States.Runtime: There was an error while evaluating the intrinsic function: " +
                  std::string(call) + ". " + problem);
  }
}

TEST(IntrinsicTest, JsonTextsAreReadAndWritten) {
  EXPECT_EQ(Call("States.StringToJson('')"), "null");
  EXPECT_EQ(Call("States.StringToJson('  ')"), "null");
  EXPECT_EQ(Call(R"(States.StringToJson('{"a": [1, 2.5]}'))"), R"({"a":[1,2.5]})");
  EXPECT_EQ(Call("States.JsonToString($)", R"({"b": 1, "a": "x"})"), R"("{\"b\":1,\"a\":\"x\"}")");
  EXPECT_EQ(Call("States.JsonToString('x')"), R"("\"x\"")");
}

TEST(IntrinsicTest, WhatIsWrongWithAJsonTextIsTold) {
  EXPECT_EQ(Call("States.StringToJson($)", R"("[1,\n}")"),
            "States.Runtime: There was an error while evaluating the intrinsic function: "
            "States.StringToJson($). Cannot convert String to Json in States.StringToJson, caused "
            "by: Unexpected character ('}' (code 125)): expected a value\n at [Source: REDACTED "
            "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 2, column: 1]");
  EXPECT_THAT(Call("States.StringToJson($)", R"("{")"),
              HasSubstr("expected close marker for Object (start marker at [Source: REDACTED "
                        "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, "
                        "column: 1])\n at [Source: REDACTED"));
}

TEST(IntrinsicTest, ArraysAreMadeCutAndSearched) {
  EXPECT_EQ(Call("States.Array()"), "[]");
  EXPECT_EQ(Call("States.Array(1, 'a', null, true, $.x)", R"({"x": [2]})"),
            R"([1,"a",null,true,[2]])");
  EXPECT_EQ(Call("States.ArrayPartition(States.Array(1,2,3), 2)"), "[[1,2],[3]]");
  EXPECT_EQ(Call("States.ArrayPartition(States.Array(1,2,3), 2147483647)"), "[[1,2,3]]");
  EXPECT_EQ(Call("States.ArrayRange(1, 9, 2)"), "[1,3,5,7,9]");
  EXPECT_EQ(Call("States.ArrayRange(3, 1, -1)"), "[3,2,1]");
  EXPECT_EQ(Call("States.ArrayRange(3, 1, 1)"), "[]");
  EXPECT_EQ(Call("States.ArrayRange(2147483646, 2147483647, 5)"), "[2147483646]");
  EXPECT_EQ(Call("States.ArrayGetItem(States.Array('a', 'b'), 1)"), R"("b")");
  EXPECT_EQ(Call("States.ArrayGetItem(States.Array(), 7)"), "null");
  EXPECT_EQ(Call("States.ArrayLength($.l)", R"({"l": [1, 2]})"), "2");
  EXPECT_EQ(Call("States.ArrayUnique($.l)", R"({"l": [2, 1, "1", 1, null]})"), R"([null,1,"1",2])");
}

TEST(IntrinsicTest, SizesIndexesAndBoundsLoseTheirFraction) {
  EXPECT_EQ(Call("States.ArrayPartition(States.Array(1,2,3), 2.9)"), "[[1,2],[3]]");
  EXPECT_EQ(Call("States.ArrayGetItem(States.Array('a', 'b'), 1.9)"), R"("b")");
  EXPECT_EQ(Call("States.ArrayRange(1.6, 1.4, 1)"), "[1]");
  EXPECT_EQ(Call("States.ArrayRange(5.4, -0.6, -2.4)"), "[5,3,1]");
  EXPECT_EQ(Call("States.MathRandom(1.9, 2.1)"), "1");
}

TEST(IntrinsicTest, ArrayContainsComparesTexts) {
  EXPECT_EQ(Call("States.ArrayContains(States.Array(1, 'a'), 'a')"), "true");
  EXPECT_EQ(Call("States.ArrayContains(States.Array('1', 'true'), 1)"), "true");
  EXPECT_EQ(Call("States.ArrayContains(States.Array('1', 'true'), true)"), "true");
  EXPECT_EQ(Call("States.ArrayContains(States.Array(1.0), 1)"), "false");
  EXPECT_EQ(Call("States.ArrayContains(States.Array(0), false)"), "false");
  const char* objects = R"({"l": [{"a":1,"b":2}], "same": {"a":1,"b":2}, "other": {"b":2,"a":1}})";
  EXPECT_EQ(Call("States.ArrayContains($.l, $.same)", objects), "true");
  EXPECT_EQ(Call("States.ArrayContains($.l, $.other)", objects), "false");
}

TEST(IntrinsicTest, ArgumentsThatDoNotFitAreInvalid) {
  for (const char* call : {
           "States.ArrayPartition('a', 2)",
           "States.ArrayPartition($, 0)",
           "States.ArrayPartition($, 0.9)",
           "States.ArrayPartition($, -1)",
           "States.ArrayPartition($, '2')",
           "States.ArrayPartition($, null)",
           "States.ArrayPartition($, 2147483648)",
           "States.ArrayContains('a', 'a')",
           "States.ArrayRange('a', 5, 1)",
           "States.ArrayRange(1, true, 1)",
           "States.ArrayRange(1, 2, 0)",
           "States.ArrayRange(1, 2, 0.9)",
           "States.ArrayRange(1, 1001, 1)",
           "States.ArrayRange(1001, 1, -1)",
           "States.ArrayGetItem('a', 0)",
           "States.ArrayGetItem($, 3)",
           "States.ArrayGetItem($, -1)",
           "States.ArrayGetItem($, '1')",
           "States.ArrayLength(1)",
           "States.ArrayUnique('a')",
           "States.Base64Encode(1)",
           "States.Base64Decode($)",
           "States.Hash('a', 'sha-256')",
           "States.Hash('a', 'SHA256')",
           "States.Hash('a', 1)",
           "States.JsonMerge($, $, false)",
           "States.StringSplit(1, ',')",
           "States.StringSplit('a', null)",
           "States.StringToJson($)",
           "States.MathAdd('1', 2)",
           "States.MathAdd(true, 2)",
           "States.MathAdd(null, 2)",
           "States.MathRandom(2, 2)",
           "States.MathRandom(3, 2)",
           "States.MathRandom('1', 2)",
           "States.MathRandom(1, 9, 'x')",
           "States.MathRandom(1, 9, null)",
       }) {
    EXPECT_EQ(Call(call, "[10, 20, 30]"), Invalid(call));
  }
}

TEST(IntrinsicTest, TooFewOrTooManyArgumentsAreInvalidWhenTheCallIsEvaluated) {
  for (const char* call :
       {"States.Hash('a')", "States.StringToJson()", "States.StringToJson('1', '2')",
        "States.MathRandom(1)", "States.MathRandom(1, 2, 3, 4)", "States.Format()",
        "States.ArrayContains($)", "States.MathAdd(1, 2, 3)", "States.JsonMerge($, $)"}) {
    EXPECT_EQ(Call(call), Invalid(call));
  }
  EXPECT_THAT(Call("States.UUID('x', 1)"), MatchesRegex("\".{36}\""));
}

TEST(IntrinsicTest, SumsRoundHalvesUpFirst) {
  const std::vector<std::pair<const char*, const char*>> sums = {
      {"1.5, 1.51", "4"},
      {"-1.5, 0", "-1"},
      {"-1.51, 0", "-2"},
      {"1.49, -1.49", "0"},
      {"-0.5, 0.5", "1"},
      {"3, 4", "7"},
      {"2147483646, 1", "2147483647"},
      {"-2147483647, -1", "-2147483648"}};
  for (const auto& [arguments, sum] : sums)
    EXPECT_EQ(Call("States.MathAdd(" + std::string(arguments) + ")"), sum);
}

TEST(IntrinsicTest, IntegersHave32Bits) {
  for (const char* call :
       {"States.MathAdd(2147483647, 1)", "States.MathAdd(-2147483648, -1)",
        "States.MathAdd(3000000000, 1)", "States.MathAdd(1e300, 1)", "States.MathAdd(1, -1e300)",
        "States.MathRandom(1, 3000000000)", "States.MathRandom(-2147483648, 2147483647, 1)"}) {
    EXPECT_EQ(Call(call), Invalid(call));
  }
}

TEST(IntrinsicTest, RandomNumbersStayInTheirRange) {
  EXPECT_EQ(Call("States.MathRandom(7, 8)"), "7");
  EXPECT_THAT(Call("States.MathRandom(-2147483648, 2147483647)"), MatchesRegex("-?[0-9]+"));
  EXPECT_THAT(
      Call("States.UUID()"),
      MatchesRegex("\"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\""));
}

TEST(IntrinsicTest, ASeedGivesTheNumberThatItGivesOnTheService) {
  EXPECT_EQ(Call("States.MathRandom(1, 100, 42)"), "63");
  EXPECT_EQ(Call("States.MathRandom(1, 1000, 2)"), "806");
  EXPECT_EQ(Call("States.MathRandom(1, 10, -10)"), "1");
}

TEST(IntrinsicTest, SplitTakesASetOfCharactersAndDropsEmptyPieces) {
  EXPECT_EQ(Call("States.StringSplit('This.is+a,test=string', '.+,=')"),
            R"(["This","is","a","test","string"])");
  EXPECT_EQ(Call("States.StringSplit(',,a,', ',')"), R"(["a"])");
  EXPECT_EQ(Call("States.StringSplit('aäbßc', 'äß')"), R"(["a","b","c"])");
  EXPECT_EQ(Call("States.StringSplit('abc', '')"), R"(["abc"])");
}

TEST(IntrinsicTest, Base64GoesBothWays) {
  EXPECT_EQ(Call("States.Base64Encode('Data to encode')"), R"("RGF0YSB0byBlbmNvZGU=")");
  EXPECT_EQ(Call("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')"), R"("Data to encode")");
  EXPECT_EQ(Call("States.Base64Decode(' aGVs!bG8 ')"), R"("hello")");
}

TEST(IntrinsicTest, TenThousandCharactersAreCodedWhateverTheirBytes) {
  const auto input = [](std::string_view character, int count) {
    std::string text = "\"";
    for (int i = 0; i < count; ++i) text += character;
    return text + '"';
  };
  EXPECT_THAT(Call("States.Base64Encode($)", input("€", 10'000)), Not(HasSubstr("Invalid")));
  EXPECT_THAT(Call("States.Hash($, 'MD5')", input("€", 10'000)), Not(HasSubstr("Invalid")));
  EXPECT_EQ(Call("States.Base64Encode($)", input("a", 10'001)), Invalid("States.Base64Encode($)"));
  EXPECT_EQ(Call("States.Base64Decode($)", input("a", 10'001)), Invalid("States.Base64Decode($)"));
  EXPECT_EQ(Call("States.Hash($, 'MD5')", input("a", 10'001)), Invalid("States.Hash($, 'MD5')"));
}

TEST(IntrinsicTest, MergeIsShallow) {
  const char* input = R"({"a": {"x": {"y": 1}, "z": 2}, "b": {"x": {"w": 3}}})";
  EXPECT_EQ(Call("States.JsonMerge($.a, $.b, false)", input), R"({"x":{"w":3},"z":2})");
  EXPECT_EQ(Call("States.JsonMerge($.a, $.b, 'true')", input), R"({"x":{"w":3},"z":2})");
  EXPECT_EQ(Call("States.JsonMerge($.a, $.b, true)", input),
            Invalid("States.JsonMerge($.a, $.b, true)"));
}

TEST(IntrinsicTest, CallsNestAndSeeTheContext) {
  EXPECT_EQ(Call("States.ArrayGetItem(States.StringSplit($$.StateMachine.Name, 'd'), 0)"),
            R"("or")");
}

TEST(IntrinsicTest, AMissingArgumentNamesTheWholeCallThePathAndTheInput) {
  const std::vector<std::pair<const char*, const char*>> missing = {
      {"States.Format('{}', $.x)", "$.x"},
      {"States.Format('{}',States.JsonToString( $.a.b ))", "$.a.b"},
      {"States.Format('{}', $.l[2])", "$.l[2]"},
      {"States.Format('{}', $.l[2].x)", "$.l[2].x"},
      {"States.Format('{}', $$.Execution.Nope)", "$.Execution.Nope"},
      {"States.Format('{}', $x)", "$x"},
  };
  for (const auto& [call, path] : missing) {
    EXPECT_EQ(Call(call, R"({"l":[1,2]})"),
              "States.Runtime: The function '" + std::string(call) +
                  "' had the following error: The JsonPath argument for the field '" + path +
                  "' could not be found in the input '{\"l\":[1,2]}'");
  }
  EXPECT_EQ(Call("States.Format('{}', $.n)", R"({"n":null})"), R"("null")");
  EXPECT_EQ(Call("States.ArrayLength($.l[*].x)", R"({"l":[1,2]})"), "0");
}

TEST(IntrinsicTest, AnIndexIntoWhatIsNoArrayIsToldOf) {
  EXPECT_EQ(Call("States.Format('{}', $.x[0])", R"({"x":{"y":1}})"),
            "States.Runtime: The function 'States.Format('{}', $.x[0])' had the following error: "
            "Filter: [0] can only be applied to arrays. Current context is: {\"y\":1}");
}

TEST(IntrinsicTest, AFailureNamesTheWholeCall) {
  EXPECT_EQ(Call("States.Array(States.ArrayLength('x'))"),
            "States.Runtime: There was an error while evaluating the intrinsic function: "
            "States.Array(States.ArrayLength('x')). Invalid arguments in States.ArrayLength");
}

TEST(IntrinsicTest, MistakesAreRefusedWithTheirPlace) {
  const std::vector<std::pair<const char*, const char*>> mistakes = {
      {"States.Nope()", "there is no function 'States.Nope'"},
      {"States.Array", "expected '('"},
      {"States.Array(", "expected a path"},
      {"States.Array(1,", "expected a path"},
      {"States.Array(1 2)", "expected ',' or ')'"},
      {"States.Array('a)", "not closed"},
      {R"(States.Array('a\"b'))", "a backslash escapes only"},
      {"States.Array(1) x", "unexpected text"},
      {"States.Array($.)", "expected a name"},
      {"States.Array([1])", "expected a path"},
  };
  for (const auto& [text, problem] : mistakes) EXPECT_THAT(Call(text), HasSubstr(problem)) << text;
  std::string deep = "1";
  for (int i = 0; i < 11; ++i) deep = "States.Array(" + deep + ")";
  EXPECT_THAT(Call(deep), HasSubstr("nest at most 10"));
}

}  // namespace
}  // namespace orderflow::asl
