#include "orchestrator/api/qualified_arn.h"

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::api {
namespace {

constexpr char kMachine[] = "arn:aws:states:r:a:stateMachine:m";

TEST(QualifiedArnTest, AMachineAVersionAndAnAlias) {
  const auto plain = CheckQualifiedArn("f", kMachine);
  ASSERT_THAT(plain, IsOk());
  EXPECT_EQ(plain->machine_arn, kMachine);
  EXPECT_FALSE(plain->qualified());
  const auto version = CheckQualifiedArn("f", VersionArn(kMachine, 12));
  ASSERT_THAT(version, IsOk());
  EXPECT_EQ(version->machine_arn, kMachine);
  EXPECT_EQ(version->version, 12);
  const auto alias = CheckQualifiedArn("f", AliasArn(kMachine, "7.PROD"));
  ASSERT_THAT(alias, IsOk());
  EXPECT_EQ(alias->alias, "7.PROD");
  EXPECT_EQ(alias->version, 0);
}

TEST(QualifiedArnTest, WhatIsNoneOfThemIsRefused) {
  for (const char* arn :
       {"arn:aws:states:r:a:stateMachine:m:", "arn:aws:states:r:a:stateMachine:m:0",
        "arn:aws:states:r:a:stateMachine:m:99999999999999999999",
        "arn:aws:states:r:a:stateMachine:m:a:b", "arn:aws:states:r:a:stateMachine:m:a b",
        "arn:aws:states:r:a:execution:m:n", "m", "::::::::"}) {
    const auto parsed = CheckQualifiedArn("f", arn);
    ASSERT_FALSE(parsed.ok()) << arn;
    EXPECT_EQ(GetErrorInfo(parsed.status())->reason, "InvalidArn") << arn;
  }
}

}  // namespace
}  // namespace orderflow::api
