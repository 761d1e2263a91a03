#include "common/json/value.h"

#include <cmath>
#include <limits>
#include <thread>

#include "gtest/gtest.h"

namespace orderflow::json {
namespace {

Value Nested(size_t depth) {
  Value value = 1;
  for (size_t i = 0; i < depth; ++i) {
    value = i % 2 == 0 ? Value::List({std::move(value), "x"})
                       : Value::Object({{"k", std::move(value)}, {"l", 2}});
  }
  return value;
}

Value ObjectOf(int members, int step) {
  Members list;
  for (int i = 0; i < members; ++i) {
    const int number = (i * step) % members;
    list.push_back({"member" + std::to_string(number), number});
  }
  return Value::FromMembers(std::move(list));
}

TEST(ValueTest, IsSixteenBytesAndNullByDefault) {
  EXPECT_EQ(sizeof(Value), 16u);
  EXPECT_TRUE(Value().IsNull());
  EXPECT_EQ(Value(), Value(nullptr));
}

TEST(ValueTest, KeepsItsKind) {
  EXPECT_TRUE(Value(true).AsBool());
  EXPECT_EQ(Value(int64_t{1} << 62).AsInt(), int64_t{1} << 62);
  EXPECT_EQ(Value(0.5).AsDouble(), 0.5);
  EXPECT_EQ(Value(2).AsDouble(), 2.0);
  EXPECT_EQ(Value("tea").AsString(), "tea");
  EXPECT_EQ(Value(std::string_view("t\0a", 3)).AsString().size(), 3u);
  EXPECT_EQ(Value::List({1, "a", nullptr}).kind(), Kind::kArray);
  EXPECT_EQ(Value::Object({{"a", 1}}).kind(), Kind::kObject);
}

TEST(ValueTest, FindAndAtAnswerNothingWhereThereIsNothing) {
  const Value order = Value::Object({{"order_id", "12345"}, {"items", Value::List({1, 2})}});
  EXPECT_EQ(order.Find("order_id")->AsString(), "12345");
  EXPECT_EQ(order.Find("absent"), nullptr);
  EXPECT_EQ(order.At(0), nullptr);
  EXPECT_EQ(order.Find("items")->At(1)->AsInt(), 2);
  EXPECT_EQ(order.Find("items")->At(2), nullptr);
  EXPECT_EQ(order.Find("items")->Find("order_id"), nullptr);
  EXPECT_EQ(Value(1).Find("x"), nullptr);
}

TEST(ValueTest, CopiesShareTheNode) {
  const Value a = Value::List({1, 2});
  Value b = a;
  EXPECT_TRUE(a.IsSameAs(b));
  EXPECT_FALSE(a.IsSameAs(Value::List({1, 2})));
  Value moved = std::move(b);
  EXPECT_TRUE(b.IsNull());  // NOLINT(bugprone-use-after-move): a moved-from value is null
  EXPECT_TRUE(moved.IsSameAs(a));
  moved = *&moved;
  EXPECT_TRUE(moved.IsSameAs(a));
}

TEST(ValueTest, AssigningAPartOfItselfWorks) {
  Value value = Value::Object({{"inner", Value::List({1, 2, 3})}});
  value = *value.Find("inner");
  EXPECT_EQ(value, Value::List({1, 2, 3}));
}

TEST(ValueTest, WithSetsOrAddsAndSharesTheRest) {
  const Value order = Value::Object({{"a", Value::List({1})}, {"b", 2}, {"c", 3}});
  const Value changed = order.With("b", "new");
  const Value added = order.With("d", 4);
  EXPECT_EQ(Serialize(order), R"({"a":[1],"b":2,"c":3})");
  EXPECT_EQ(Serialize(changed), R"({"a":[1],"b":"new","c":3})");
  EXPECT_EQ(Serialize(added), R"({"a":[1],"b":2,"c":3,"d":4})");
  EXPECT_TRUE(changed.Find("a")->IsSameAs(*order.Find("a")));
}

TEST(ValueTest, LaterMembersReplaceEarlierOnesInPlace) {
  EXPECT_EQ(Serialize(Value::Object({{"a", 1}, {"b", 2}, {"a", 3}})), R"({"a":3,"b":2})");
}

TEST(ValueTest, LaterMembersReplaceEarlierOnesInLargeObjects) {
  Members members;
  for (int i = 0; i < 1000; ++i) members.push_back({"m" + std::to_string(i % 100), i});
  const Value value = Value::FromMembers(std::move(members));
  ASSERT_EQ(value.size(), 100u);
  EXPECT_EQ(value.AsMembers()[0].key, "m0");
  EXPECT_EQ(value.Find("m0")->AsInt(), 900);
  EXPECT_EQ(value.Find("m99")->AsInt(), 999);
}

TEST(ValueTest, LargeObjectsFindEveryMember) {
  const Value value = ObjectOf(5000, 7);
  for (int i = 0; i < 5000; ++i) {
    const Value* found = value.Find("member" + std::to_string(i));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->AsInt(), i);
  }
  EXPECT_EQ(value.Find("member5000"), nullptr);
}

TEST(ValueTest, ThreadsMayLookUpTheSameLargeObject) {
  const Value value = ObjectOf(1000, 3);
  std::vector<std::thread> threads;
  std::atomic<int> found = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&value, &found] {
      const Value mine = value;
      for (int i = 0; i < 1000; ++i) {
        if (mine.Find("member" + std::to_string(i)) != nullptr) ++found;
      }
      if (SerializedSize(mine) == Serialize(mine).size()) ++found;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(found, 4 * 1001);
}

TEST(ValueTest, EqualityIgnoresTheOrderOfMembers) {
  EXPECT_EQ(ObjectOf(10, 3), ObjectOf(10, 7));
  EXPECT_EQ(ObjectOf(5000, 3), ObjectOf(5000, 7));
  EXPECT_NE(ObjectOf(5000, 3), ObjectOf(5000, 7).With("member17", 0));
  EXPECT_NE(Value::Object({{"a", 1}, {"b", 1}}), Value::Object({{"a", 1}, {"c", 1}}));
  EXPECT_NE(Value::List({1, 2}), Value::List({2, 1}));
  EXPECT_NE(Value::List({1}), Value::List({1, 1}));
}

TEST(ValueTest, EqualityComparesNumbersByValue) {
  EXPECT_EQ(Value(1), Value(1.0));
  EXPECT_EQ(Value(0.0), Value(-0.0));
  EXPECT_EQ(Value::List({1.0}), Value::List({1}));
  EXPECT_NE(Value(1), Value(1.5));
  EXPECT_NE(Value(1), Value(true));
  EXPECT_NE(Value(1), Value("1"));
  EXPECT_NE(Value(), Value(false));
}

TEST(ValueTest, EqualityIsExactBeyondWhatADoubleHolds) {
  constexpr int64_t kTwoTo53 = int64_t{1} << 53;
  EXPECT_EQ(Value(kTwoTo53), Value(0x1p53));
  EXPECT_NE(Value(kTwoTo53 + 1), Value(0x1p53));
  EXPECT_NE(Value(std::numeric_limits<int64_t>::max()), Value(0x1p63));
  EXPECT_EQ(Value(std::numeric_limits<int64_t>::min()), Value(-0x1p63));
}

TEST(ValueTest, DepthCountsContainers) {
  EXPECT_EQ(Value(1).depth(), 0u);
  EXPECT_EQ(Value::List({}).depth(), 1u);
  EXPECT_EQ(Value::List({1, Value::Object({{"a", Value::List({})}})}).depth(), 3u);
  EXPECT_EQ(Nested(10).With("more", Nested(20)).depth(), 21u);
}

TEST(ValueTest, VeryDeepValuesAreComparedWrittenAndFreed) {
  constexpr size_t kDepth = 1'000'000;
  Value a = Nested(kDepth);
  const Value b = Nested(kDepth);
  EXPECT_EQ(a.depth(), kDepth);
  EXPECT_TRUE(a == b);
  EXPECT_EQ(SerializedSize(a), Serialize(a).size());
  Value inner = *a.Find("k");
  a = nullptr;  // frees the outermost node only
  EXPECT_EQ(inner.depth(), kDepth - 1);
}

TEST(ValueTest, SharedPartsOutliveTheDeepTreeThatHeldThem) {
  const Value shared = Value::List({1, 2, 3});
  Value deep = shared;
  for (int i = 0; i < 1000; ++i) deep = Value::List({std::move(deep), shared});
  deep = nullptr;
  EXPECT_EQ(Serialize(shared), "[1,2,3]");
}

TEST(ValueDeathTest, AccessorsCheckTheKind) {
  EXPECT_DEATH(Value("1").AsInt(), "check failed");
  EXPECT_DEATH(Value(1).AsString(), "check failed");
  EXPECT_DEATH(Value(1).With("a", 1), "check failed");
  EXPECT_DEATH(Value(std::nan("")), "check failed");
}

}  // namespace
}  // namespace orderflow::json
