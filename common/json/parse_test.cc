#include <limits>
#include <string>

#include "common/json/value.h"
#include "gtest/gtest.h"

namespace orderflow::json {
namespace {

Value MustParse(std::string_view text) {
  ParseResult result = Parse(text);
  EXPECT_TRUE(result.value.has_value()) << text << ": " << result.error->message;
  EXPECT_FALSE(result.error.has_value());
  return result.value.value_or(Value("did not parse"));
}

// "line:column message"
std::string ErrorOf(std::string_view text, const ParseLimits& limits = {}) {
  const ParseResult result = Parse(text, limits);
  if (!result.error.has_value()) return "parsed";
  EXPECT_FALSE(result.value.has_value());
  EXPECT_LE(result.error->offset, text.size());
  return std::to_string(result.error->line) + ":" + std::to_string(result.error->column) + " " +
         result.error->message;
}

std::string MessageOf(std::string_view text, const ParseLimits& limits = {}) {
  const ParseResult result = Parse(text, limits);
  return result.error.has_value() ? result.error->message : "parsed";
}

TEST(ParseTest, ReadsEveryKind) {
  const Value value =
      MustParse(R"( {"a": [1, -2.5, true, false, null], "b": {"c": "d"}, "e": []} )");
  EXPECT_EQ(Serialize(value), R"({"a":[1,-2.5,true,false,null],"b":{"c":"d"},"e":[]})");
  EXPECT_EQ(MustParse("7"), Value(7));
  EXPECT_EQ(MustParse("\"\""), Value(""));
}

TEST(ParseTest, IntegersStayIntegersUpTo64Bit) {
  EXPECT_EQ(MustParse("9223372036854775807").AsInt(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(MustParse("-9223372036854775808").AsInt(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(MustParse("9007199254740993").AsInt(), 9007199254740993);
  EXPECT_EQ(MustParse("-0").AsInt(), 0);
}

TEST(ParseTest, LargerIntegersBecomeDoubles) {
  EXPECT_EQ(MustParse("9223372036854775808").AsDouble(), 0x1p63);
  EXPECT_EQ(MustParse("18446744073709551615").AsDouble(), 0x1p64);
  EXPECT_EQ(MustParse("-9223372036854775809").AsDouble(), -0x1p63);
  EXPECT_EQ(MustParse("123456789012345678901234567890").AsDouble(),
            123456789012345678901234567890.0);
}

TEST(ParseTest, DoublesAreExact) {
  EXPECT_TRUE(MustParse("1.0").IsDouble());
  EXPECT_TRUE(MustParse("1e2").IsDouble());
  EXPECT_EQ(MustParse("0.1").AsDouble(), 0.1);
  EXPECT_EQ(MustParse("1.7976931348623157e308").AsDouble(), std::numeric_limits<double>::max());
  EXPECT_EQ(MustParse("2.2250738585072011e-308").AsDouble(), 2.2250738585072011e-308);
  EXPECT_EQ(MustParse("1e-9999").AsDouble(), 0.0);
}

TEST(ParseTest, EscapesAndUnicodeAreDecoded) {
  EXPECT_EQ(MustParse(R"("\"\\\/\b\f\n\r\t\u00e9\ud83c\udf75")").AsString(), "\"\\/\b\f\n\r\té🍵");
  EXPECT_EQ(MustParse(R"("a\u0000b")").AsString(), std::string("a\0b", 3));
  EXPECT_EQ(MustParse(R"({"\u0061": 1})").Find("a")->AsInt(), 1);
}

TEST(ParseTest, LongStringsAndKeysWithEscapesSurvive) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "line\n\"é\"";
  const Value value = Value::Object({{text, text}});
  EXPECT_EQ(MustParse(Serialize(value)), value);
}

TEST(ParseTest, TheLastOfMembersWithOneNameCounts) {
  EXPECT_EQ(Serialize(MustParse(R"({"a":1,"b":2,"a":{"c":3}})")), R"({"a":{"c":3},"b":2})");
}

TEST(ParseTest, ErrorsNameThePlaceAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf(""), "1:1 the text ends; expected a JSON value");
  EXPECT_EQ(ErrorOf("  "), "1:3 the text ends; expected a JSON value");
  EXPECT_EQ(ErrorOf("{\n  \"a\": 1\n  \"b\": 2}"), "3:3 found '\"'; expected ',' or '}'");
  EXPECT_EQ(ErrorOf("{\"a\" 1}"), "1:6 found '1'; expected ':'");
  EXPECT_EQ(ErrorOf("{\"a\":}"), "1:6 found '}'; expected a value");
  EXPECT_EQ(ErrorOf("{\"a\":1,}"), "1:8 found '}'; expected a member name in double quotes");
  EXPECT_EQ(ErrorOf("{'a':1}"),
            "1:2 found a single quote; expected a member name in double quotes or '}'");
  EXPECT_EQ(ErrorOf("{a:1}"), "1:2 found 'a'; expected a member name in double quotes or '}'");
  EXPECT_EQ(ErrorOf("[1 2]"), "1:4 found '2'; expected ',' or ']'");
  EXPECT_EQ(ErrorOf("[1,]"), "1:4 found ']'; expected a value");
  EXPECT_EQ(ErrorOf("[1"), "1:3 the text ends; expected ',' or ']'");
  EXPECT_EQ(ErrorOf("{\"a\":{\"b\":1}"), "1:13 the text ends; expected ',' or '}'");
}

TEST(ParseTest, NothingFollowsTheValue) {
  EXPECT_EQ(ErrorOf("{} x"), "1:4 more text after the JSON value");
  EXPECT_EQ(ErrorOf("1\n\n2"), "3:1 more text after the JSON value");
  EXPECT_EQ(ErrorOf(std::string_view("1\0", 2)), "1:2 more text after the JSON value");
}

TEST(ParseTest, WordsAndNumbersAreStrict) {
  EXPECT_EQ(ErrorOf("[tru]"), "1:2 found 'tru'; expected a value or ']'");
  EXPECT_EQ(ErrorOf("[nul"), "1:2 invalid number or word; expected a value or ']'");
  for (const char* bad :
       {"01", "1.", ".5", "+1", "1e", "-", "NaN", "Infinity", "0x10", "TRUE", "1_000"}) {
    EXPECT_NE(ErrorOf(bad), "parsed") << bad;
  }
  EXPECT_EQ(MessageOf("[1e999]"), "number too large for a double");
  EXPECT_EQ(MessageOf("[1e99999999999]"), "number too large for a double");
}

TEST(ParseTest, ExtensionsAreRefused) {
  EXPECT_NE(ErrorOf("// comment\n1"), "parsed");
  EXPECT_NE(ErrorOf("[1, /* two */ 2]"), "parsed");
  EXPECT_NE(ErrorOf("\xEF\xBB\xBF{}"), "parsed") << "a byte order mark is no white space";
}

TEST(ParseTest, StringsMustBeUtf8WithoutControlCharacters) {
  EXPECT_EQ(MessageOf("[\"a\xff\"]"), "invalid UTF-8 in a string");
  EXPECT_EQ(MessageOf("\"\xc0\xaf\""), "invalid UTF-8 in a string") << "overlong";
  EXPECT_EQ(MessageOf("\"\xed\xa0\x80\""), "invalid UTF-8 in a string") << "surrogate";
  EXPECT_EQ(MessageOf("\"\xf4\x90\x80\x80\""), "invalid UTF-8 in a string") << "> U+10FFFF";
  EXPECT_NE(ErrorOf("\"\xe2\x82"), "parsed");
  EXPECT_NE(ErrorOf("{\"k\xff\":1}"), "parsed");
  EXPECT_EQ(ErrorOf("\"a\nb\""),
            "1:3 control character 0x0a in a string; expected an escape such as \\n");
  EXPECT_NE(ErrorOf("\"\\x41\""), "parsed");
  EXPECT_EQ(ErrorOf("\"abc"), "1:5 the text ends within a string; expected '\"'");
}

TEST(ParseTest, IsUtf8AgreesWithTheParserOnEveryPairAndTriple) {
  auto parses = [](const std::string& text) { return Parse("\"" + text + "\"").value.has_value(); };
  for (int first = 0x80; first < 0x100; ++first) {
    for (int second = 0x70; second < 0x100; ++second) {
      const std::string pair = {static_cast<char>(first), static_cast<char>(second)};
      ASSERT_EQ(IsUtf8(pair), parses(pair)) << first << " " << second;
      ASSERT_EQ(IsUtf8("12345678" + pair), IsUtf8(pair));
      for (const char* rest : {"\x80", "\xbf", "\x7f", "\x80\x80", "\xbf\xc0"}) {
        ASSERT_EQ(IsUtf8(pair + rest), parses(pair + rest)) << first << " " << second;
      }
    }
  }
  EXPECT_TRUE(IsUtf8(std::string_view("a\0b", 3)));
  EXPECT_TRUE(IsUtf8(""));
}

TEST(ParseTest, HalvesOfSurrogatePairsAreRefused) {
  for (const char* bad : {R"("\ud83c")", R"("\ud83cx")", R"("\ud83c\u0041")", R"("\udf75")"}) {
    EXPECT_EQ(MessageOf(bad), "half of a surrogate pair in a \\u escape") << bad;
  }
  EXPECT_EQ(MessageOf(R"("\u12g4")"), "expected four hexadecimal digits after \\u");
}

TEST(ParseTest, NestingIsLimited) {
  auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(ErrorOf(nested(128)), "parsed");
  EXPECT_EQ(MessageOf(nested(129)), "nested deeper than 128 levels");
  EXPECT_EQ(MessageOf(nested(3), {.max_depth = 2}), "nested deeper than 2 levels");
  EXPECT_NE(ErrorOf(std::string(1'000'000, '[')), "parsed");
}

TEST(ParseTest, SizeIsLimited) {
  EXPECT_EQ(ErrorOf("[1,2]", {.max_bytes = 5}), "parsed");
  EXPECT_EQ(ErrorOf("[1,2] ", {.max_bytes = 5}), "1:1 text of 6 bytes; at most 5 are allowed");
}

TEST(ParseTest, ManyMembersWithOneNameStayLinear) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i) + "\":1,\"same\":2,";
  text += "\"last\":3}";
  const Value value = MustParse(text);
  EXPECT_EQ(value.size(), 200'002u);
  EXPECT_EQ(value.Find("last")->AsInt(), 3);
}

}  // namespace
}  // namespace orderflow::json
