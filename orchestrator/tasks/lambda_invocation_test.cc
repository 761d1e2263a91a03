#include "orchestrator/tasks/lambda_invocation.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "common/json/value.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::tasks {
namespace {

using json::Value;
using ::testing::HasSubstr;

constexpr char kFunction[] = "arn:aws:lambda:us-east-1:123456789012:function:check-inventory:live";

Value Json(std::string_view text) { return *json::Parse(text).value; }

TaskCall CallOf(std::string_view resource, std::string_view input) {
  TaskCall call;
  call.resource = std::string(resource);
  call.input = Json(input);
  call.idempotency_key = "arn:aws:states:local:0:execution:orders:12345/2";
  call.execution_arn = "arn:aws:states:local:0:execution:orders:12345";
  call.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  call.try_number = 3;
  return call;
}

LambdaInvocation Read(std::string_view resource, std::string_view input) {
  const auto invocation = ReadLambdaInvocation(CallOf(resource, input));
  EXPECT_TRUE(invocation.ok());
  return invocation.ok() ? *invocation : LambdaInvocation{};
}

// The value of a header; empty if it is not sent.
std::string HeaderOf(const std::vector<std::string>& headers, const std::string& name) {
  for (const std::string& header : headers) {
    if (absl::StartsWith(header, name + ": ")) return header.substr(name.size() + 2);
  }
  return "";
}

Value ContextOf(const std::vector<std::string>& headers) {
  std::string text;
  EXPECT_TRUE(absl::Base64Unescape(HeaderOf(headers, "X-Amz-Client-Context"), &text));
  return Json(text);
}

TEST(LambdaInvocationTest, AFunctionGetsTheInputAsItIs) {
  const LambdaInvocation invocation = Read(kFunction, R"({"FunctionName": "x", "n": [1, 2.5]})");
  EXPECT_EQ(invocation.function.name, "check-inventory");
  EXPECT_EQ(invocation.function.qualifier, "live");
  EXPECT_EQ(invocation.payload, R"({"FunctionName":"x","n":[1,2.5]})");
  EXPECT_FALSE(invocation.enveloped);
  EXPECT_EQ(Read(kFunction, "null").payload, "null");
}

TEST(LambdaInvocationTest, InvokeTakesItsParametersApart) {
  const LambdaInvocation invocation =
      Read(kLambdaInvoke, R"({"FunctionName": "f:1", "Payload": {"a": 1}, "Qualifier": "live",
                              "InvocationType": "Event", "LogType": "Tail"})");
  EXPECT_EQ(invocation.function, (LambdaFunction{"", "", "f", "live"}));
  EXPECT_EQ(invocation.payload, R"({"a":1})");
  EXPECT_TRUE(invocation.enveloped);
  const std::vector<std::string> headers =
      LambdaHeaders(invocation, CallOf(kLambdaInvoke, "{}"), false);
  EXPECT_EQ(HeaderOf(headers, "X-Amz-Invocation-Type"), "Event");
  EXPECT_EQ(HeaderOf(headers, "X-Amz-Log-Type"), "Tail");
}

TEST(LambdaInvocationTest, APayloadIsSentAsAwsSendsIt) {
  EXPECT_EQ(Read(kLambdaInvoke, R"({"FunctionName": "f"})").payload, "{}");
  EXPECT_EQ(Read(kLambdaInvoke, R"({"FunctionName": "f", "Payload": null})").payload, "{}");
  EXPECT_EQ(Read(kLambdaInvoke, R"({"FunctionName": "f", "Payload": 0})").payload, "0");
  EXPECT_EQ(Read(kLambdaInvoke, R"({"FunctionName": "f", "Payload": "[]"})").payload, "[]");
  EXPECT_EQ(Read(kLambdaInvoke, R"({"FunctionName": "f", "Payload": "\"text\""})").payload,
            "\"text\"");
}

TEST(LambdaInvocationTest, AWrongParameterIsAFailureThatNamesIt) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "\"FunctionName\" is \"\""},
      {R"([])", "\"FunctionName\" is \"\""},
      {R"({"FunctionName": 5})", "\"FunctionName\" is not a string"},
      {R"({"FunctionName": "a b"})", "\"a b\" is not a function's name"},
      {R"({"FunctionName": "f", "Qualifier": "a b"})", "\"Qualifier\" is \"a b\""},
      {R"({"FunctionName": "f", "InvocationType": "Later"})",
       "\"Later\"; expected one of RequestResponse, Event, DryRun"},
      {R"({"FunctionName": "f", "ClientContext": "a\r\nX-Evil: 1"})",
       "\"ClientContext\" is not base64"},
  };
  for (const auto& [input, message] : cases) {
    const auto invocation = ReadLambdaInvocation(CallOf(kLambdaInvoke, input));
    ASSERT_FALSE(invocation.ok()) << input;
    EXPECT_EQ(invocation.failure().error, kLambdaInvalidParameter);
    EXPECT_THAT(invocation.failure().cause.value_or(""), HasSubstr(message));
  }
}

TEST(LambdaInvocationTest, TheContextTellsWhatGrpcMethodsAreToldByMetadata) {
  const TaskCall call = CallOf(kFunction, "{}");
  const Value context = ContextOf(LambdaHeaders(Read(kFunction, "{}"), call, false));
  EXPECT_EQ(context,
            Value::Object({{"custom", Value::Object({{"idempotency-key", call.idempotency_key},
                                                     {"orderflow-execution", call.execution_arn},
                                                     {"orderflow-attempt", "3"},
                                                     {"traceparent", call.traceparent}})}}));
}

TEST(LambdaInvocationTest, TheDefinitionsOwnContextIsKept) {
  const TaskCall call = CallOf(kFunction, "{}");
  LambdaInvocation invocation = Read(kFunction, "{}");
  invocation.client_context =
      absl::Base64Escape(R"({"client": {"app": "shop"}, "custom": {"tenant": "a"}})");
  const Value context = ContextOf(LambdaHeaders(invocation, call, false));
  EXPECT_EQ(context.Find("client")->Find("app")->AsString(), "shop");
  EXPECT_EQ(context.Find("custom")->Find("tenant")->AsString(), "a");
  EXPECT_EQ(context.Find("custom")->Find("idempotency-key")->AsString(), call.idempotency_key);
}

TEST(LambdaInvocationTest, AContextThatCannotBeAddedToGoesAsItIs) {
  const TaskCall call = CallOf(kFunction, "{}");
  LambdaInvocation invocation = Read(kFunction, "{}");
  for (const std::string& given :
       {absl::Base64Escape("[1]"), absl::Base64Escape("no JSON"), std::string("AAA=A"),
        absl::Base64Escape("{\"a\": \"" + std::string(2600, 'x') + "\"}")}) {
    invocation.client_context = given;
    EXPECT_EQ(HeaderOf(LambdaHeaders(invocation, call, false), "X-Amz-Client-Context"), given);
  }
}

TEST(LambdaInvocationTest, TheTraceGoesIntoTheHeaderOfXRay) {
  const TaskCall call = CallOf(kFunction, "{}");
  EXPECT_EQ(HeaderOf(LambdaHeaders(Read(kFunction, "{}"), call, true), "X-Amzn-Trace-Id"),
            "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1");
  EXPECT_EQ(HeaderOf(LambdaHeaders(Read(kFunction, "{}"), call, false), "X-Amzn-Trace-Id"), "");
  EXPECT_THAT(XrayTraceHeader("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
              HasSubstr("Sampled=0"));
}

TEST(LambdaInvocationTest, WhatIsNoTraceparentGivesNoTrace) {
  for (const char* text : {"", "00-", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
                           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                           "00-0af7651916cd43dd8448eb211c80319c\r\nX-Evil: 1234567-01"}) {
    EXPECT_EQ(XrayTraceHeader(text), "") << text;
  }
}

}  // namespace
}  // namespace orderflow::tasks
