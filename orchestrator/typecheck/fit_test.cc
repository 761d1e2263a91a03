#include "orchestrator/typecheck/fit.h"

#include "gtest/gtest.h"
#include "orchestrator/typecheck/test_types.h"

namespace orderflow::typecheck {
namespace {

using Kind = Type::Kind;

bool Fits(std::string_view literal, const Type& wanted) {
  return !Misfit(*json::Parse(literal).value, wanted).has_value();
}
bool Fits(std::string_view literal, Kind kind) { return Fits(literal, *PlainType(kind)); }

TEST(FitTest, LiteralsFitAsTheCodecReadsThem) {
  const Type& int32 = *Int32();
  for (const char* good : {"5", "5.0", "\"5\"", "-2147483648", "null"})
    EXPECT_TRUE(Fits(good, int32)) << good;
  for (const char* bad : {"5.5", "\"5.5\"", "\"\"", "2147483648", "true", "[]", "{}"})
    EXPECT_FALSE(Fits(bad, int32)) << bad;

  Type uint64;
  uint64.kind = Kind::kInteger;
  uint64.min = 0;
  uint64.max = UINT64_MAX;
  EXPECT_TRUE(Fits("\"18446744073709551615\"", uint64));
  EXPECT_FALSE(Fits("\"18446744073709551616\"", uint64));
  EXPECT_FALSE(Fits("-1", uint64));

  for (const char* good : {"1", "1.5", "\"1.5\"", "\"NaN\"", "\"-Infinity\""})
    EXPECT_TRUE(Fits(good, Kind::kNumber)) << good;
  EXPECT_FALSE(Fits("\"one\"", Kind::kNumber));
  EXPECT_TRUE(Fits("\"aGVsbG8=\"", Kind::kBytes));
  EXPECT_TRUE(Fits("\"_-8\"", Kind::kBytes)) << "the alphabet for URLs";
  EXPECT_FALSE(Fits("\"no base64!\"", Kind::kBytes));
  EXPECT_TRUE(Fits("1714564800.5", Kind::kTime));
  EXPECT_FALSE(Fits("\"2024-05-01\"", Kind::kTime));
  EXPECT_TRUE(Fits("\"3.5s\"", Kind::kDuration));
  EXPECT_FALSE(Fits("3", Kind::kDuration));
  const Type& color = *EnumOf("shop.Color", {"RED", "GREEN"});
  for (const char* good : {"\"RED\"", "1", "77"}) EXPECT_TRUE(Fits(good, color)) << good;
  for (const char* bad : {"\"red\"", "true"}) EXPECT_FALSE(Fits(bad, color)) << bad;
}

TEST(FitTest, TypesFitUnlessNoValueCan) {
  const auto fits = [](const Type* given, const Type* wanted) {
    return !Misfit(*given, *wanted).has_value();
  };
  EXPECT_TRUE(fits(AnyType(), Int32()));
  EXPECT_TRUE(fits(PlainType(Kind::kText), Int32())) << "a decimal text";
  EXPECT_TRUE(fits(PlainType(Kind::kTime), PlainType(Kind::kText)));
  EXPECT_FALSE(fits(PlainType(Kind::kInteger), PlainType(Kind::kText)));
  EXPECT_FALSE(fits(PlainType(Kind::kBool), Int32()));
  EXPECT_TRUE(fits(ListOf(AnyType()), ListOf(Int32())));
  EXPECT_FALSE(fits(ListOf(PlainType(Kind::kBool)), ListOf(Int32())));
  const Type* wanted = Message("a.Wanted", {Field("x", Kind::kText)});
  EXPECT_TRUE(fits(Message("a.More", {Field("x", Kind::kText), Field("y", Kind::kBool)}), wanted))
      << "what the request does not know is left out";
  EXPECT_FALSE(fits(Message("a.Other", {Field("x", Kind::kBool)}), wanted));
}

}  // namespace
}  // namespace orderflow::typecheck
