#include "orchestrator/api/tags.h"

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::api {
namespace {

Tags TagsOf(std::initializer_list<std::pair<std::string, std::string>> pairs) {
  Tags tags;
  for (const auto& [key, value] : pairs) {
    tags.Add()->set_key(key);
    tags.rbegin()->set_value(value);
  }
  return tags;
}

TEST(TagsTest, AddedTagsReplaceThoseOfTheSameKey) {
  const auto first = EncodeTags(TagsOf({{"a", "1"}, {"b", "2"}}));
  ASSERT_THAT(first, IsOk());
  const auto second = WithTags(*first, TagsOf({{"b", "3"}, {"c", ""}}));
  EXPECT_EQ(*second, R"([{"key":"a","value":"1"},{"key":"b","value":"3"},{"key":"c","value":""}])");
  EXPECT_EQ(WithoutTags(*second, {"a", "none"}),
            R"([{"key":"b","value":"3"},{"key":"c","value":""}])");
  EXPECT_EQ(WithoutTags(*second, {"a", "b", "c"}), "");
}

TEST(TagsTest, NoMoreThanFifty) {
  Tags tags;
  for (int i = 0; i < 50; ++i) tags.Add()->set_key(absl::StrCat("k", i));
  const auto full = EncodeTags(tags);
  ASSERT_THAT(full, IsOk());
  EXPECT_THAT(WithTags(*full, TagsOf({{"k7", "new"}})), IsOk());
  EXPECT_EQ(GetErrorInfo(WithTags(*full, TagsOf({{"one more", ""}})).status())->reason,
            "TooManyTags");
}

TEST(TagsTest, KeysHaveALengthAndComeOnce) {
  for (const Tags& tags :
       {TagsOf({{"", "v"}}), TagsOf({{std::string(129, 'k'), ""}}),
        TagsOf({{"k", std::string(257, 'v')}}), TagsOf({{"k", ""}, {"k", ""}})}) {
    EXPECT_EQ(GetErrorInfo(EncodeTags(tags).status())->reason, "ValidationException");
  }
}

}  // namespace
}  // namespace orderflow::api
