#include "orchestrator/aws/input_check.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::aws {
namespace {

using ::testing::HasSubstr;
using workflow::v1::CreateStateMachineRequest;

std::optional<Fault> Check(std::string_view input) {
  return CheckInput(*json::Parse(input).value, *CreateStateMachineRequest::descriptor());
}

TEST(CheckInputTest, WhatFitsPasses) {
  EXPECT_EQ(
      Check(
          R"({"name":"a","definition":"{}","type":"EXPRESS","publish":true,"tags":[{"key":"k"}],"new":[1],
                     "loggingConfiguration":{"level":"ALL","destinations":[]},"roleArn":null})"),
      std::nullopt);
}

TEST(CheckInputTest, AWrongTypeIsNamedWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"name":1})", "name must be a string, not a number"},
      {R"({"publish":"true"})", "publish must be a boolean, not a string"},
      {R"({"tags":{}})", "tags must be a list, not a structure"},
      {R"({"tags":["a"]})", "tags[0] must be a structure, not a string"},
      {R"({"tags":[{"key":"a"},{"key":[]}]})", "tags[1].key must be a string, not a list"},
      {R"({"type":1})", "type must be a string, not a number"},
      {R"({"encryptionConfiguration":{"kmsDataKeyReusePeriodSeconds":"1"}})",
       "encryptionConfiguration.kmsDataKeyReusePeriodSeconds must be a number, not a string"}};
  for (const auto& [input, message] : cases) {
    const std::optional<Fault> fault = Check(input);
    ASSERT_TRUE(fault.has_value()) << input;
    EXPECT_EQ(fault->type, "SerializationException");
    EXPECT_EQ(fault->message, message);
  }
}

TEST(CheckInputTest, AnUnknownValueOfAnEnumerationBreaksARule) {
  for (const char* input : {R"({"type":"FAST"})", R"({"type":"STATE_MACHINE_TYPE_EXPRESS"})",
                            R"({"type":"UNSPECIFIED"})"}) {
    const std::optional<Fault> fault = Check(input);
    ASSERT_TRUE(fault.has_value()) << input;
    EXPECT_EQ(fault->type, "ValidationException");
    EXPECT_THAT(fault->message, HasSubstr("enum value set: [EXPRESS, STANDARD]"));
  }
}

TEST(CheckInputTest, TheValuesOfAnEnumerationAreListedInTheServicesOrder) {
  const std::optional<Fault> fault =
      CheckInput(*json::Parse(R"({"statusFilter":"succeeded"})").value,
                 *workflow::v1::ListExecutionsRequest::descriptor());
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->message,
            "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy "
            "constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, "
            "PENDING_REDRIVE, ABORTED, FAILED, RUNNING]");
}

TEST(CheckInputTest, RequiredMembersMustBeThere) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"name":"a"})",
       "1 validation error detected: Value null at 'definition' failed to satisfy constraint: "
       "Member must not be null"},
      {R"({"name":null,"type":"EXPRESS"})",
       "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member "
       "must not be null; Value null at 'definition' failed to satisfy constraint: Member must "
       "not be null"},
      {R"({"name":"a","definition":"{}","tags":[{"key":"k","value":null}]})",
       "1 validation error detected: Value null at 'tags[0].value' failed to satisfy constraint: "
       "Member must not be null"}};
  for (const auto& [input, message] : cases) {
    const std::optional<Fault> fault = Check(input);
    ASSERT_TRUE(fault.has_value()) << input;
    EXPECT_EQ(fault->type, "ValidationException");
    EXPECT_EQ(fault->message, message);
  }
}

TEST(CheckInputTest, ARequestIsToldOfItsOwnMembersOnly) {
  const std::optional<Fault> fault = CheckInput(
      *json::Parse("{}").value, *workflow::v1::CreateStateMachineAliasRequest::descriptor());
  ASSERT_TRUE(fault.has_value());
  EXPECT_THAT(fault->message, HasSubstr("'name'"));
  EXPECT_THAT(fault->message, HasSubstr("'routingConfiguration'"));
  EXPECT_EQ(
      CheckInput(*json::Parse("{}").value, *workflow::v1::ListExecutionsRequest::descriptor()),
      std::nullopt);
}

}  // namespace
}  // namespace orderflow::aws
