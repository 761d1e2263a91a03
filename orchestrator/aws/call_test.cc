#include "orchestrator/aws/call.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::aws {
namespace {

http::ServerRequest ARequest(std::string body = "{}", std::string target = "/") {
  return {.method = "POST",
          .target = std::move(target),
          .headers = {{"X-Amz-Target", "AWSStepFunctions.ListStateMachines"}},
          .body = std::move(body)};
}

std::string TypeOf(const http::ServerRequest& request) {
  const auto read = ReadCall(request);
  const Fault* fault = std::get_if<Fault>(&read);
  return fault == nullptr ? "" : fault->type;
}

TEST(ReadCallTest, AnOperationAndItsInput) {
  const auto read = ReadCall(ARequest(R"({"maxResults":1})"));
  ASSERT_TRUE(std::holds_alternative<Call>(read));
  EXPECT_EQ(std::get<Call>(read).operation, "ListStateMachines");
  EXPECT_EQ(std::get<Call>(read).input, json::Value::Object({{"maxResults", 1}}));
}

TEST(ReadCallTest, NoBodyIsAnEmptyInput) { EXPECT_EQ(TypeOf(ARequest("")), ""); }

TEST(ReadCallTest, AProxyMaySendTheWholeUrl) {
  EXPECT_EQ(TypeOf(ARequest("{}", "http://sync-states.us-east-1.amazonaws.com/")), "");
  EXPECT_EQ(TypeOf(ARequest("{}", "HTTP://host:8083")), "");
  EXPECT_EQ(TypeOf(ARequest("{}", "http://host/other")), "UnknownOperationException");
}

TEST(ReadCallTest, WhatIsForAnotherServiceIsUnknown) {
  http::ServerRequest request = ARequest();
  request.headers[0].second = "DynamoDB_20120810.GetItem";
  EXPECT_EQ(TypeOf(request), "UnknownOperationException");
  request.headers.clear();
  EXPECT_EQ(TypeOf(request), "UnknownOperationException");
  request = ARequest();
  request.method = "OPTIONS";
  EXPECT_EQ(TypeOf(request), "UnknownOperationException");
}

TEST(ReadCallTest, ABodyThatIsNoObjectIsNamed) {
  for (const char* body : {"[]", "7", "{", "null", "\xff"}) {
    EXPECT_EQ(TypeOf(ARequest(body)), "SerializationException") << body;
  }
}

}  // namespace
}  // namespace orderflow::aws
