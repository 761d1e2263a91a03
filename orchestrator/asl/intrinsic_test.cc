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

TEST(IntrinsicTest, FormatFillsBracesAndPrintsValuesPlainly) {
  EXPECT_EQ(Call("States.Format('{} of {}', 1, 'two')"), R"("1 of two")");
  EXPECT_EQ(
      Call("States.Format('{}', $.o)", R"({"o": {"Arg1": 1, "Arg2": [], "t": ["x", 1.5, null]}})"),
      R"("{Arg1=1, Arg2=[], t=[x, 1.5, null]}")");
  EXPECT_EQ(Call(R"(States.Format('\{\} it\'s \\ {}', 1))"), R"("{} it's \\ 1")");
  EXPECT_THAT(Call("States.Format('{} {}', 1)"), HasSubstr("more '{}' than arguments"));
  EXPECT_THAT(Call("States.Format('{}', 1, 2)"), HasSubstr("more arguments than '{}'"));
}

TEST(IntrinsicTest, JsonTextsAreReadAndWritten) {
  EXPECT_EQ(Call("States.StringToJson('')"), "null");
  EXPECT_EQ(Call("States.StringToJson('  ')"), "null");
  EXPECT_EQ(Call(R"(States.StringToJson('{"a": [1, 2.5]}'))"), R"({"a":[1,2.5]})");
  EXPECT_THAT(Call("States.StringToJson('{')"), HasSubstr("States.IntrinsicFailure"));
  EXPECT_EQ(Call("States.JsonToString($)", R"({"b": 1, "a": "x"})"), R"("{\"b\":1,\"a\":\"x\"}")");
}

TEST(IntrinsicTest, ArraysAreMadeCutAndSearched) {
  EXPECT_EQ(Call("States.Array()"), "[]");
  EXPECT_EQ(Call("States.Array(1, 'a', null, true, $.x)", R"({"x": [2]})"),
            R"([1,"a",null,true,[2]])");
  EXPECT_EQ(Call("States.ArrayPartition(States.Array(1,2,3), 2)"), "[[1,2],[3]]");
  EXPECT_EQ(Call("States.ArrayPartition(States.Array(1,2,3), 9223372036854775807)"), "[[1,2,3]]");
  EXPECT_THAT(Call("States.ArrayPartition(States.Array(1), 0)"), HasSubstr("positive"));
  EXPECT_EQ(Call("States.ArrayContains(States.Array(1, 'a'), 'a')"), "true");
  EXPECT_EQ(Call("States.ArrayRange(1, 9, 2)"), "[1,3,5,7,9]");
  EXPECT_EQ(Call("States.ArrayRange(3, 1, -1)"), "[3,2,1]");
  EXPECT_EQ(Call("States.ArrayRange(9223372036854775806, 9223372036854775807, 5)"),
            "[9223372036854775806]");
  EXPECT_THAT(Call("States.ArrayRange(1, 2000, 1)"), HasSubstr("1000"));
  EXPECT_THAT(Call("States.ArrayRange(1, 2, 0)"), HasSubstr("must not be 0"));
  EXPECT_EQ(Call("States.ArrayGetItem(States.Array('a', 'b'), 1)"), R"("b")");
  EXPECT_THAT(Call("States.ArrayGetItem(States.Array('a'), 1)"), HasSubstr("index 1"));
  EXPECT_THAT(Call("States.ArrayGetItem(States.Array('a'), -1)"), HasSubstr("index -1"));
  EXPECT_EQ(Call("States.ArrayLength($.l)", R"({"l": [1, 2]})"), "2");
  EXPECT_EQ(
      Call("States.ArrayUnique($.l)", R"({"l": [1, 1.0, "1", null, null, {"a":1}, {"a":1}]})"),
      R"([1,"1",null,{"a":1}])");
  EXPECT_THAT(Call("States.ArrayLength(1)"), HasSubstr("argument 1 must be an array"));
}

TEST(IntrinsicTest, SumsRoundHalvesUpFirst) {
  const std::vector<std::pair<const char*, const char*>> sums = {
      {"1.5, 1.51", "4"},   {"-1.5, 0", "-1"},  {"-1.51, 0", "-2"},
      {"1.49, -1.49", "0"}, {"-0.5, 0.5", "1"}, {"3, 4", "7"}};
  for (const auto& [arguments, sum] : sums)
    EXPECT_EQ(Call("States.MathAdd(" + std::string(arguments) + ")"), sum);
  EXPECT_THAT(Call("States.MathAdd(9223372036854775807, 1)"), HasSubstr("out of range"));
  EXPECT_THAT(Call("States.MathAdd(1e300, 1)"), HasSubstr("out of range"));
}

TEST(IntrinsicTest, RandomNumbersStayInTheirRange) {
  EXPECT_EQ(Call("States.MathRandom(7, 8)"), "7");
  EXPECT_EQ(Call("States.MathRandom(0, 1000, 3)"), Call("States.MathRandom(0, 1000, 3)"));
  EXPECT_THAT(Call("States.MathRandom(-9223372036854775808, 9223372036854775807)"),
              MatchesRegex("-?[0-9]+"));
  EXPECT_THAT(Call("States.MathRandom(2, 2)"), HasSubstr("smaller"));
  EXPECT_THAT(
      Call("States.UUID()"),
      MatchesRegex("\"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\""));
}

TEST(IntrinsicTest, SplitTakesASetOfCharactersAndDropsEmptyPieces) {
  EXPECT_EQ(Call("States.StringSplit('This.is+a,test=string', '.+,=')"),
            R"(["This","is","a","test","string"])");
  EXPECT_EQ(Call("States.StringSplit(',,a,', ',')"), R"(["a"])");
  EXPECT_EQ(Call("States.StringSplit('aäbßc', 'äß')"), R"(["a","b","c"])");
  EXPECT_EQ(Call("States.StringSplit('abc', '')"), R"(["abc"])");
}

TEST(IntrinsicTest, Base64GoesBothWaysAndRefusesWhatIsNoText) {
  EXPECT_EQ(Call("States.Base64Encode('Data to encode')"), R"("RGF0YSB0byBlbmNvZGU=")");
  EXPECT_EQ(Call("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')"), R"("Data to encode")");
  EXPECT_THAT(Call("States.Base64Decode('***')"), HasSubstr("not Base64"));
  for (const char* not_utf8 : {"/w==", "wIA=", "7aCA", "4ICA", "9ZCAgA=="}) {
    EXPECT_THAT(Call("States.Base64Decode('" + std::string(not_utf8) + "')"),
                HasSubstr("not UTF-8"))
        << not_utf8;
  }
}

TEST(IntrinsicTest, MergeIsShallow) {
  EXPECT_EQ(Call("States.JsonMerge($.a, $.b, false)",
                 R"({"a": {"x": {"y": 1}, "z": 2}, "b": {"x": {"w": 3}}})"),
            R"({"x":{"w":3},"z":2})");
  EXPECT_THAT(Call("States.JsonMerge($.a, $.a, true)", R"({"a": {}})"), HasSubstr("shallow"));
}

TEST(IntrinsicTest, CallsNestAndSeeTheContext) {
  EXPECT_EQ(Call("States.ArrayGetItem(States.StringSplit($$.StateMachine.Name, 'd'), 0)"),
            R"("or")");
}

TEST(IntrinsicTest, AMissingArgumentNamesThePathAndTheInput) {
  EXPECT_EQ(Call("States.Format('{}', $.x)", R"({"y":1})"),
            "States.Runtime: The function 'States.Format('{}', $.x)' had the following error: The "
            "JsonPath argument "
            "for the field '$.x' could not be found in the input '{\"y\":1}'");
}

TEST(IntrinsicTest, MistakesAreRefusedWithTheirPlace) {
  const std::vector<std::pair<const char*, const char*>> mistakes = {
      {"States.Nope()", "there is no function 'States.Nope'"},
      {"States.Hash('a')", "States.Hash takes 2 arguments, not 1"},
      {"States.Array", "expected '('"},
      {"States.Array(", "expected a path"},
      {"States.Array(1,", "expected a path"},
      {"States.Array(1 2)", "expected ',' or ')'"},
      {"States.Array('a)", "not closed"},
      {R"(States.Array('a\"b'))", "a backslash escapes only"},
      {"States.Array(1) x", "unexpected text"},
      {"States.Array($.)", "expected a name"},
      {"States.UUID(1)", "takes 0 arguments, not 1"},
      {"States.MathRandom(1)", "takes 2 to 3 arguments, not 1"},
      {"States.Format()", "takes at least 1 arguments, not 0"},
      {"States.Array([1])", "expected a path"},
  };
  for (const auto& [text, problem] : mistakes) EXPECT_THAT(Call(text), HasSubstr(problem)) << text;
  std::string deep = "1";
  for (int i = 0; i < 11; ++i) deep = "States.Array(" + deep + ")";
  EXPECT_THAT(Call(deep), HasSubstr("nest at most 10"));
}

}  // namespace
}  // namespace orderflow::asl
