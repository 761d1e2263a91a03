#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "common/json/value.h"
#include "gtest/gtest.h"

namespace orderflow::json {
namespace {

std::string Text(double value) {
  std::string text;
  AppendDouble(value, text);
  return text;
}

TEST(SerializeTest, WritesCompactTextInTheOrderOfMembers) {
  const Value value = Value::Object({{"z", Value::List({1, true, nullptr, "x", 2.5})},
                                     {"a", Value::Object({})},
                                     {"m", Value::List({})},
                                     {"", Value::Object({{"k", Value::List({Value::List({})})}})}});
  EXPECT_EQ(Serialize(value), R"({"z":[1,true,null,"x",2.5],"a":{},"m":[],"":{"k":[[]]}})");
}

TEST(SerializeTest, PrettyTextIsIndentedByTwo) {
  const Value value = Value::Object(
      {{"a", Value::List({1, Value::Object({})})}, {"b", Value::Object({{"c", "d"}})}});
  EXPECT_EQ(SerializePretty(value),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": \"d\"\n  }\n}");
  EXPECT_EQ(SerializePretty(1), "1");
}

TEST(SerializeTest, EscapesOnlyWhatMustBeEscaped) {
  EXPECT_EQ(Serialize(std::string_view("\"\\/\b\f\n\r\t\0\x1f\x7f", 11)),
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"");
  EXPECT_EQ(Serialize("Grüße 🍵"), "\"Grüße 🍵\"");
}

TEST(SerializeTest, DoublesUseTheFewestDigitsAndStayDoubles) {
  EXPECT_EQ(Text(3.0), "3.0");
  EXPECT_EQ(Text(-0.0), "-0.0");
  EXPECT_EQ(Text(0.1), "0.1");
  EXPECT_EQ(Text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(Text(100000.0), "100000.0");
  EXPECT_EQ(Text(1e20), "100000000000000000000.0");
  EXPECT_EQ(Text(1e21), "1e+21");
  EXPECT_EQ(Text(1e-6), "0.000001");
  EXPECT_EQ(Text(1.5e-7), "1.5e-07");
  EXPECT_EQ(Text(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
  EXPECT_EQ(Text(std::numeric_limits<double>::denorm_min()), "5e-324");
}

TEST(SerializeTest, AnyDoubleReadsBackAsItself) {
  std::mt19937_64 random(42);
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const ParseResult parsed = Parse(Text(value));
    ASSERT_TRUE(parsed.value.has_value()) << Text(value);
    ASSERT_TRUE(parsed.value->IsDouble()) << Text(value);
    ASSERT_EQ(parsed.value->AsDouble(), value) << Text(value);
  }
}

TEST(SerializeTest, SizeIsTheLengthOfTheText) {
  const Value inner = Value::Object({{"k\n", Value::List({})}, {"é", -12}, {"d", 1e100}});
  const Value value = Value::List({inner, inner, "a\"b", true, false, nullptr, 3.0});
  EXPECT_EQ(SerializedSize(value), Serialize(value).size());
  EXPECT_EQ(SerializedSize(value), Serialize(value).size()) << "the second time";
  const Value more = inner.With("outer", value);
  EXPECT_EQ(SerializedSize(more), Serialize(more).size());
  for (const Value& scalar : {Value(), Value(true), Value(-5), Value(0.5), Value("\x01")}) {
    EXPECT_EQ(SerializedSize(scalar), Serialize(scalar).size());
  }
}

}  // namespace
}  // namespace orderflow::json
