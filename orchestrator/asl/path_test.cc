#include "orchestrator/asl/path.h"

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

constexpr char kShop[] = R"({
  "name": "shop", "a-b": 1, "with space": 2, "it's": 3, "null": null,
  "items": [{"sku": "a", "price": 5, "tags": ["x"]}, {"sku": "b", "price": 10}, {"sku": "c", "price": 15, "sold": true}],
  "nested": {"items": [{"sku": "d"}]}, "max": 10})";

Path Parsed(std::string_view text) {
  std::string problem;
  std::optional<Path> path = Path::Parse(text, problem);
  EXPECT_TRUE(path.has_value()) << text << ": " << problem;
  return path.value_or(Path());
}

// The value as JSON text, or "nothing".
std::string Get(std::string_view text, std::string_view json = kShop) {
  const Path::Result found = Parsed(text).Evaluate(Json(json));
  return found.value.has_value() ? json::Serialize(*found.value) : "nothing";
}

std::string Problem(std::string_view text) {
  std::string problem;
  EXPECT_FALSE(Path::Parse(text, problem).has_value()) << text;
  return problem;
}

TEST(PathTest, NamesAndIndexesLeadToOneValue) {
  EXPECT_EQ(Get("$.name"), R"("shop")");
  EXPECT_EQ(Get("$['name']"), R"("shop")");
  EXPECT_EQ(Get("$[\"name\"]"), R"("shop")");
  EXPECT_EQ(Get("$.a-b"), "1");
  EXPECT_EQ(Get("$['with space']"), "2");
  EXPECT_EQ(Get(R"($['it\'s'])"), "3");
  EXPECT_EQ(Get("$.null"), "null");
  EXPECT_EQ(Get("$.items[0].sku"), R"("a")");
  EXPECT_EQ(Get("$.items[-1].sku"), R"("c")");
  EXPECT_EQ(Get("$", "[1]"), "[1]");
}

TEST(PathTest, ADefinitePathThatMissesFindsNothing) {
  for (const char* path :
       {"$.nothing", "$.name.x", "$.items[3].sku", "$.items.x", "$[0]", "$.null.x", "$.null[0]"}) {
    EXPECT_EQ(Get(path), "nothing") << path;
  }
}

TEST(PathTest, AnIndexAtTheEndThatTheArrayDoesNotReachGivesNull) {
  for (const char* path : {"$.items[3]", "$.items[-4]", "$.nested.items[1]"}) {
    const Path::Result found = Parsed(path).Evaluate(Json(kShop));
    EXPECT_EQ(found.value, Value()) << path;
    EXPECT_TRUE(found.past_the_end) << path;
  }
  EXPECT_FALSE(Parsed("$.null").Evaluate(Json(kShop)).past_the_end);
  EXPECT_EQ(Get("$.items[?(@.tags[0])].sku"), R"(["a"])");
  EXPECT_EQ(Get("$.items[?(@.tags[1])].sku"), "[]") << "a filter asks for what is there";
  EXPECT_EQ(Get("$.items[?(@.tags[1] == null)].sku"), "[]");
}

TEST(PathTest, AMisuseIsAnIndexOfWhatIsNoArray) {
  EXPECT_EQ(Parsed("$.max[0]").DescribeMisuse(Json(kShop)),
            "Filter: [0] can only be applied to arrays. Current context is: 10");
  for (const char* path : {"$.items[3]", "$.nothing[0]", "$.null[0]", "$.name.x", "$.items[*]"})
    EXPECT_EQ(Parsed(path).DescribeMisuse(Json(kShop)), std::nullopt) << path;
}

TEST(PathTest, OtherPathsGiveListsAndEmptyOnesWhereNothingMatches) {
  EXPECT_EQ(Get("$.items[*].sku"), R"(["a","b","c"])");
  EXPECT_EQ(Get("$.items[0,2].sku"), R"(["a","c"])");
  EXPECT_EQ(Get("$.items[1:].sku"), R"(["b","c"])");
  EXPECT_EQ(Get("$.items[:-1].sku"), R"(["a","b"])");
  EXPECT_EQ(Get("$.items[::2].sku"), R"(["a","c"])");
  EXPECT_EQ(Get("$.items[5:9]"), "[]");
  EXPECT_EQ(Get("$.none[*].x"), "[]");
  EXPECT_EQ(Get("$..sku"), R"(["a","b","c","d"])");
  EXPECT_EQ(Get("$.nested.*[0].sku"), R"(["d"])");
  EXPECT_EQ(Get("$.items[0]['sku','price']"), R"({"sku":"a","price":5})");
  EXPECT_EQ(Get("$.items[*]['sku','price']"), R"(["a",5,"b",10,"c",15])");
}

TEST(PathTest, FiltersCompareItemsWithLiteralsAndTheDocument) {
  EXPECT_EQ(Get("$.items[?(@.price > 5)].sku"), R"(["b","c"])");
  EXPECT_EQ(Get("$.items[?(@.price >= $.max)].sku"), R"(["b","c"])");
  EXPECT_EQ(Get("$.items[?(@.price <= 10 && @.sku != 'a')].sku"), R"(["b"])");
  EXPECT_EQ(Get("$.items[?(@.sku == 'a' || @.sku == \"c\")].sku"), R"(["a","c"])");
  EXPECT_EQ(Get("$.items[?(@.sold)].sku"), R"(["c"])");
  EXPECT_EQ(Get("$.items[?(!(@.sold))].sku"), R"(["a","b"])");
  EXPECT_EQ(Get("$[?(@.x)]", R"([{"x":null},{"x":1}])"), R"([{"x":1}])") << "null is nothing";
  EXPECT_EQ(Get("$[?(!@.x)]", R"([{"x":null},{"x":1}])"), R"([{"x":null}])");
  EXPECT_EQ(Get("$.items[?(@.sku in ['b', 'z'])].price"), "[10]");
  EXPECT_EQ(Get("$.items[?(@.sku nin ['b'])].price"), "[5,15]");
  EXPECT_EQ(Get("$.items[?(@.tags[?(@ == 'x')])].sku"), R"(["a"])");
  EXPECT_EQ(Get("$.items[?(@.sku > 1)]"), "[]") << "texts and numbers have no order";
  EXPECT_EQ(Get("$..items[?(@.sku == 'd')].sku"), R"(["d"])");
}

TEST(PathTest, FiltersMatchRegularExpressionsAsAWhole) {
  EXPECT_EQ(Get("$.items[?(@.sku =~ /[ab]/)].sku"), R"(["a","b"])");
  EXPECT_EQ(Get("$.items[?(@.sku =~ /[AB]/)].sku"), "[]");
  EXPECT_EQ(Get("$.items[?(@.sku =~ /[AB]/i)].sku"), R"(["a","b"])");
  EXPECT_EQ(Get("$.items[?(@.price =~ /1\\d/)].sku"), R"(["b","c"])") << "a number by its digits";
  EXPECT_EQ(Get("$.items[?(@.price =~ /1/)].sku"), "[]") << "not a part of it";
  EXPECT_EQ(Get("$.items[?(@.none =~ /.*/)].sku"), "[]");
  EXPECT_EQ(Get("$.items[?(!(@.sku =~ /\\/|a/))].sku"), R"(["b","c"])");
}

TEST(PathTest, FiltersAskForItemsAndSizes) {
  EXPECT_EQ(Get("$.items[?(@.price == '5')].sku"), R"(["a"])") << "a text that reads as the number";
  EXPECT_EQ(Get("$.items[?(@.price === '5')].sku"), "[]");
  EXPECT_EQ(Get("$.items[?(@.price !== 5)].sku"), R"(["b","c"])");
  EXPECT_EQ(Get("$.items[?(@.tags contains 'x')].sku"), R"(["a"])");
  EXPECT_EQ(Get("$.items[?('abc' contains @.sku)].sku"), R"(["a","b","c"])");
  EXPECT_EQ(Get("$.items[?(@.tags anyof ['x', 'z'])].sku"), R"(["a"])");
  EXPECT_EQ(Get("$.items[?(@.tags NONEOF ['z'])].sku"), R"(["a"])");
  EXPECT_EQ(Get("$.items[?(@.tags all ['x', 'z'])].sku"), "[]");
  EXPECT_EQ(Get("$.items[?(@.tags subsetof ['x', 'y', 'z'])].sku"), R"(["a"])");
  EXPECT_EQ(Get("$.items[?(@.sold nin [true])].sku"), R"(["a","b"])");
  EXPECT_EQ(Get("$.items[?(@.sku size 1)].sku"), R"(["a","b","c"])");
  EXPECT_EQ(Get("$.items[?(@.tags empty false)].sku"), R"(["a"])");
}

TEST(PathTest, OnlyNamesAndIndexesAreReferences) {
  for (const char* path : {"$", "$.a.b", "$['a'][0]", "$.a[-1]"})
    EXPECT_TRUE(Parsed(path).is_reference()) << path;
  for (const char* path :
       {"$.a[*]", "$.a[0:1]", "$.a[0,1]", "$..a", "$.a[?(@.b)]", "$['a','b']", "$$.Execution.Id"}) {
    EXPECT_FALSE(Parsed(path).is_reference()) << path;
  }
  EXPECT_TRUE(Parsed("$$").from_context());
}

TEST(PathTest, MistakesAreToldWithTheirPlace) {
  const std::vector<std::pair<const char*, const char*>> mistakes = {
      {"", "begins with '$'"},
      {"name", "begins with '$'"},
      {"$x-y", "'x-y' is not the name of a variable"},
      {"$.a[?(@.b == $x)]", "a variable"},
      {"$.", "expected a name after '.' at position 3"},
      {"$.a..", "expected a name"},
      {"$.a[", "expected an index"},
      {"$.a[]", "expected an index"},
      {"$.a[1", "expected ']'"},
      {"$.a['b]", "not closed"},
      {"$.a[99999999999999999999]", "expected an index"},
      {"$.a[4294967296]", "at most"},
      {"$.a[::0]", "at least 1"},
      {"$.a b", "unexpected ' '"},
      {"$.a.length()", "intrinsic function"},
      {"$.a[?(@.b =~ 'x')]", "between slashes"},
      {"$.a[?(@.b =~ /x)]", "not closed by '/'"},
      {"$.a[?(@.b =~ /x/q)]", "the flags of a regular expression are i, m and s"},
      {"$.a[?(@.b =~ /(?=x)/)]", "not a regular expression"},
      {"$.a[?(@.b == )]", "expected a path"},
      {"$.a[?(1)]", "expected a comparison"},
      {"$.a[?(@.b > 1]", "expected ')'"},
      {"$.a[?(@.b == $$.Execution.Id)]", "Context Object"},
  };
  for (const auto& [path, problem] : mistakes)
    EXPECT_THAT(Problem(path), HasSubstr(problem)) << path;
}

TEST(PathTest, NestingAndLengthAreBounded) {
  std::string filters = "@.a";
  for (int i = 0; i < 100; ++i) filters = "(" + filters + ")";
  EXPECT_THAT(Problem("$.a[?(" + filters + ")]"), HasSubstr("nests at most"));
  std::string nested = "$";
  for (int i = 0; i < 100; ++i) nested += "[?(@";
  EXPECT_THAT(Problem(nested), HasSubstr("nests at most"));
  std::string steps = "$";
  for (int i = 0; i < 200; ++i) steps += ".a";
  EXPECT_THAT(Problem(steps), HasSubstr("128 steps"));
  EXPECT_THAT(Problem("$.a[?(" + std::string(500, '!') + "@.a)]"), HasSubstr("nests at most"));
}

TEST(PathTest, AWalkThatLooksAtTooMuchIsGivenUp) {
  Value deep = Value(1);
  for (int i = 0; i < 100; ++i)
    deep = Value::List({deep, deep});  // 2^100 values for one who walks them all
  EXPECT_TRUE(Parsed("$..x").Evaluate(deep).too_expensive);
  EXPECT_TRUE(Parsed("$..[?(@..x)]").Evaluate(deep).too_expensive);
  std::string many = "$";
  for (int i = 0; i < 60; ++i) many += "[*]";
  EXPECT_TRUE(Parsed(many).Evaluate(deep).too_expensive);
}

TEST(PathTest, PutReplacesOrAddsAndCreatesObjectsOnTheWay) {
  const auto put = [](std::string_view path, std::string_view json) -> std::string {
    std::optional<Value> result = Parsed(path).Put(Json(json), Value(1));
    return result.has_value() ? json::Serialize(*result) : "nothing";
  };
  EXPECT_EQ(put("$", "[2]"), "1");
  EXPECT_EQ(put("$.a", R"({"a":2,"b":3})"), R"({"a":1,"b":3})");
  EXPECT_EQ(put("$.x.y", R"({"b":3})"), R"({"b":3,"x":{"y":1}})");
  EXPECT_EQ(put("$.l[1].v", R"({"l":[0,{"w":2}]})"), R"({"l":[0,{"w":2,"v":1}]})");
  EXPECT_EQ(put("$.l[2]", R"({"l":[0,1]})"), "nothing");
  EXPECT_EQ(put("$.l[0]", R"({})"), "nothing");
  EXPECT_EQ(put("$.a.b", R"({"a":"text"})"), "nothing");
  EXPECT_EQ(put("$.a", "[]"), "nothing");
}

TEST(PathTest, AMissSaysWhereTheWayEnds) {
  const Value shop = Json(kShop);
  EXPECT_EQ(Parsed("$.x").DescribeMiss(shop), "No results for path: $['x']");
  EXPECT_EQ(Parsed("$.x.y").DescribeMiss(shop), "Missing property in path $['x']");
  EXPECT_EQ(Parsed("$.items[7].sku").DescribeMiss(shop), "No results for path: $['items'][7]");
  EXPECT_THAT(Parsed("$.name.x").DescribeMiss(shop), HasSubstr("$['name'] but found a string"));
}

}  // namespace
}  // namespace orderflow::asl
