#include "orchestrator/typecheck/type.h"

#include "gtest/gtest.h"
#include "orchestrator/typecheck/test_types.h"

namespace orderflow::typecheck {
namespace {

using Kind = Type::Kind;

TEST(TypeTest, JoiningKeepsWhatBothHave) {
  TypeArena types;
  const Type* a = Message("a.A", {Field("x", Kind::kText), Field("y", Kind::kText)});
  const Type* b = Message("b.B", {Field("x", Kind::kText), Field("z", Kind::kBool)});
  const Type* joined = types.Join(a, b);
  EXPECT_EQ(joined->kind, Kind::kObject);
  EXPECT_FALSE(joined->open);
  EXPECT_EQ(joined->Find("x")->kind, Kind::kText);
  EXPECT_EQ(joined->Find("z")->kind, Kind::kBool);
  EXPECT_EQ(types.Join(joined, a), joined) << "nothing new";
  EXPECT_EQ(types.Join(joined, b), joined);
  EXPECT_EQ(types.Join(a, AnyType()), AnyType());
  EXPECT_EQ(types.Join(PlainType(Kind::kText), PlainType(Kind::kBool)), AnyType());
  EXPECT_EQ(types.Join(PlainType(Kind::kInteger), PlainType(Kind::kNumber)),
            PlainType(Kind::kNumber));
}

TEST(TypeTest, AMemberThatOnlyOneNamesIsAnythingWhereTheOtherIsOpen) {
  TypeArena types;
  const Type* closed = Message("a.A", {Field("x", Kind::kText)});
  const Type* open = types.With(AnyType(), "y", PlainType(Kind::kBool));
  const Type* joined = types.Join(closed, open);
  EXPECT_TRUE(joined->open);
  EXPECT_EQ(joined->Find("x"), AnyType());
  EXPECT_EQ(joined->Find("y")->kind, Kind::kBool);
}

TEST(TypeTest, RecursiveTypesAreJoinedInBoundedTime) {
  TypeArena types;
  Type a, b;
  for (Type* type : {&a, &b}) {
    type->kind = Kind::kObject;
    for (const char* name : {"a", "b", "c", "d", "e", "f"})
      type->members.push_back(Field(name, type));
  }
  const Type* joined = types.Join(&a, &b);
  EXPECT_EQ(types.Join(&a, &a), &a);
  EXPECT_EQ(types.Join(joined, &b), joined);
}

TEST(TypeTest, WhatIsTooLargeIsAnything) {
  TypeArena types;
  const Type* object = types.Object({}, /*open=*/false);
  std::vector<std::string> names;
  for (size_t i = 0; i <= TypeArena::kMaxMembers; ++i) names.push_back("m" + std::to_string(i));
  for (const std::string& name : names) object = types.With(object, name, PlainType(Kind::kText));
  EXPECT_EQ(object, AnyType());
}

TEST(TypeTest, LiteralsHaveTypes) {
  TypeArena types;
  const json::Value value = *json::Parse(R"({"a": [1, 2.5], "b": [1, "x"], "c": []})").value;
  const Type* type = types.Of(value);
  EXPECT_EQ(type->Find("a")->item->kind, Kind::kNumber);
  EXPECT_EQ(type->Find("b")->item, AnyType());
  EXPECT_EQ(type->Find("c")->kind, Kind::kList);
  EXPECT_EQ(type->Find("d"), nullptr);
}

}  // namespace
}  // namespace orderflow::typecheck
