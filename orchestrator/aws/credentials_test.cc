#include "orchestrator/aws/credentials.h"

#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseCredentialsTest, ProfilesAsTheCliKeepsThem) {
  const auto credentials = ParseCredentials(
      "# a comment\n[default]\naws_access_key_id = A1\naws_secret_access_key=s/1=+\nregion = x\n\n"
      "[other]\naws_access_key_id=A2\naws_secret_access_key=s2\naws_session_token=t2\n");
  ASSERT_THAT(credentials, IsOk());
  EXPECT_EQ(credentials->size(), 2u);
  EXPECT_EQ(credentials->at("A1").secret, "s/1=+");
  EXPECT_EQ(credentials->at("A2").session_token, "t2");
}

TEST(ParseCredentialsTest, OneKeyOrManyAsJson) {
  const std::string key = R"({"aws_access_key_id":"A1","aws_secret_access_key":"s1"})";
  for (const std::string& text : {key, "[" + key + "]", " [\n" + key + "]"}) {
    const auto credentials = ParseCredentials(text);
    ASSERT_THAT(credentials, IsOk());
    EXPECT_EQ(credentials->at("A1").secret, "s1");
  }
}

TEST(ParseCredentialsTest, MistakesAreNamedWithoutTheSecret) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no access key"},
      {"[]", "no access key"},
      {"aws_access_key_id=geheim", "line 1"},
      {"[a]\naws_secret_access_key=geheim", "profile of line 1"},
      {"[a]\ngeheim", "line 2"},
      {"{\"aws_secret_access_key\":\"geheim\"}", "key 1"},
      {"{\"aws_secret_access_key\":\"geheim\"", "no JSON"},
      {"[{\"geheim\":1}]", "key 1"},
      {"[a]\naws_access_key_id=A\naws_secret_access_key=geheim\n[b]\naws_access_key_id=A\n"
       "aws_secret_access_key=geheim",
       "twice"}};
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(ParseCredentials(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)))
        << text;
    EXPECT_THAT(std::string(ParseCredentials(text).status().message()), Not(HasSubstr("geheim")));
  }
}

}  // namespace
}  // namespace orderflow::aws
