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
  EXPECT_EQ(Check(R"({"name":"a","type":"EXPRESS","publish":true,"tags":[{"key":"k"}],"new":[1],
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
    EXPECT_THAT(fault->message, HasSubstr("enum value set: [STANDARD, EXPRESS]"));
  }
}

}  // namespace
}  // namespace orderflow::aws
