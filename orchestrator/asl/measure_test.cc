#include "orchestrator/asl/measure.h"

#include "gtest/gtest.h"

namespace orderflow::asl {
namespace {

using json::Value;

Value Nested(int levels) {
  Value value(1);
  for (int i = 0; i < levels; ++i) value = Value::List({value});
  return value;
}

TEST(MeasureTest, AValueIsAsLongAsItsText) {
  const Value value =
      Value::Object({{"a", Value::List({1, "b\n", true})}, {"c", Value::Object({})}});
  Extent extent;
  ASSERT_EQ(Measure(value, 1000, extent), Measured::kFits);
  EXPECT_EQ(extent.bytes, json::Serialize(value).size());
  EXPECT_EQ(extent.depth, 2);
  EXPECT_EQ(Measure(value, extent.bytes, extent), Measured::kFits);
  EXPECT_EQ(Measure(value, extent.bytes - 1, extent), Measured::kTooLarge);
}

TEST(MeasureTest, AScalarHasNoDepth) {
  Extent extent;
  ASSERT_EQ(Measure(Value("text"), 6, extent), Measured::kFits);
  EXPECT_EQ(extent.depth, 0);
}

TEST(MeasureTest, NestingIsLimited) {
  EXPECT_TRUE(Fits(Nested(kMaxValueDepth), 1000));
  Extent extent;
  EXPECT_EQ(Measure(Nested(kMaxValueDepth + 1), 1000, extent), Measured::kTooDeep);
}

// As a text it would have more characters than there are atoms.
TEST(MeasureTest, OnePartSharedAtEachLevelIsTooLargeAndLookedAtOnce) {
  Value value("0123456789");
  for (int i = 0; i < kMaxValueDepth; ++i) value = Value::List({value, value, value, value});
  Extent extent;
  EXPECT_EQ(Measure(value, 1'000'000'000, extent), Measured::kTooLarge);
}

}  // namespace
}  // namespace orderflow::asl
