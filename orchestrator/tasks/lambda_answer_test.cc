#include "orchestrator/tasks/lambda_answer.h"

#include "common/json/value.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::tasks {
namespace {

using json::Value;
using ::testing::HasSubstr;

constexpr char kEndpoint[] = "http://localhost:9001";

LambdaInvocation Invocation(bool enveloped) {
  LambdaInvocation invocation;
  invocation.function.name = "charge-payment";
  invocation.enveloped = enveloped;
  return invocation;
}

TaskOutcome Read(bool enveloped, http::Response response) {
  return ReadLambdaAnswer(Invocation(enveloped), response, kEndpoint);
}

asl::Failure FailureOf(const TaskOutcome& outcome) {
  const auto* failure = std::get_if<asl::Failure>(&outcome);
  EXPECT_NE(failure, nullptr);
  return failure == nullptr ? asl::Failure{} : *failure;
}

TEST(LambdaAnswerTest, ADirectCallGivesThePayload) {
  for (const char* body : {R"({"a":[1,2.5,"x"]})", "\"HelloWorld!\"", "0", "null", "true"}) {
    const TaskOutcome outcome = Read(false, {.status = 200, .headers = {}, .body = body});
    ASSERT_TRUE(std::holds_alternative<Value>(outcome)) << body;
    EXPECT_EQ(json::Serialize(std::get<Value>(outcome)), body);
  }
}

TEST(LambdaAnswerTest, InvokeGivesTheEnvelopeOfAws) {
  const TaskOutcome outcome = Read(true, {.status = 200,
                                          .headers = {{"Date", "today"},
                                                      {"Content-Type", "application/json"},
                                                      {"x-amzn-RequestId", "7c1f"},
                                                      {"X-Amz-Executed-Version", "$LATEST"},
                                                      {"X-Amz-Log-Result", "TE9H"},
                                                      {"Date", "again"}},
                                          .body = R"({"total":3})"});
  ASSERT_TRUE(std::holds_alternative<Value>(outcome));
  EXPECT_EQ(
      json::Serialize(std::get<Value>(outcome)),
      R"({"ExecutedVersion":"$LATEST","LogResult":"TE9H","Payload":{"total":3},"SdkHttpMetadata":)"
      R"({"AllHttpHeaders":{"Date":["today","again"],"Content-Type":["application/json"],)"
      R"("x-amzn-RequestId":["7c1f"],"X-Amz-Executed-Version":["$LATEST"],)"
      R"("X-Amz-Log-Result":["TE9H"]},"HttpHeaders":{"Date":"today",)"
      R"("Content-Type":"application/json","x-amzn-RequestId":"7c1f",)"
      R"("X-Amz-Executed-Version":"$LATEST","X-Amz-Log-Result":"TE9H"},"HttpStatusCode":200},)"
      R"("SdkResponseMetadata":{"RequestId":"7c1f"},"StatusCode":200})");
}

TEST(LambdaAnswerTest, AnEventHasNoPayload) {
  const TaskOutcome outcome = Read(true, {.status = 202, .headers = {}, .body = ""});
  ASSERT_TRUE(std::holds_alternative<Value>(outcome));
  EXPECT_EQ(std::get<Value>(outcome).Find("Payload")->AsString(), "");
  EXPECT_EQ(std::get<Value>(outcome).Find("StatusCode")->AsInt(), 202);
}

TEST(LambdaAnswerTest, AFunctionsErrorIsItsErrorType) {
  // As the runtime of Python writes it.
  const std::string body =
      R"({"errorMessage": "No, \"thanks\".", "errorType": "CARD_DECLINED", "requestId": "1", )"
      R"("stackTrace": ["  File \"handler.py\", line 2"]})";
  const http::Response response{
      .status = 200, .headers = {{"X-Amz-Function-Error", "Unhandled"}}, .body = body};
  EXPECT_EQ(FailureOf(Read(false, response)), (asl::Failure{"CARD_DECLINED", body}));
  EXPECT_EQ(FailureOf(Read(true, response)),
            (asl::Failure{"CARD_DECLINED",
                          R"({"errorMessage":"No, \"thanks\".","errorType":"CARD_DECLINED",)"
                          R"("requestId":"1","stackTrace":["  File \"handler.py\", line 2"]})"}));
}

TEST(LambdaAnswerTest, ALongErrorIsCutBetweenCharacters) {
  std::string message;
  for (int i = 0; i < 40'000; ++i) message += "\xc3\xa4";
  const std::string body =
      R"({"errorType":")" + std::string(300, 'e') + R"(","errorMessage":")" + message + "\"}";
  for (const bool enveloped : {false, true}) {
    const asl::Failure failure = FailureOf(
        Read(enveloped,
             {.status = 200, .headers = {{"X-Amz-Function-Error", "Unhandled"}}, .body = body}));
    EXPECT_EQ(failure.error, std::string(256, 'e'));
    ASSERT_TRUE(failure.cause.has_value());
    EXPECT_LE(failure.cause->size(), 32768u);
    EXPECT_GE(failure.cause->size(), 32767u);
    EXPECT_TRUE(json::IsUtf8(*failure.cause));
  }
}

TEST(LambdaAnswerTest, AFunctionsErrorWithoutATypeIsUnknown) {
  for (const char* body :
       {R"({"errorMessage":"Task timed out after 3.00 seconds"})", R"({"errorType":7})",
        R"({"errorType":""})", "[]", "null", "<html>", ""}) {
    for (const bool enveloped : {false, true}) {
      const asl::Failure failure = FailureOf(
          Read(enveloped,
               {.status = 200, .headers = {{"x-amz-function-error", "Unhandled"}}, .body = body}));
      EXPECT_EQ(failure.error, "Lambda.Unknown");
      EXPECT_EQ(failure.cause,
                "The cause could not be determined because Lambda did not return an error type. "
                "Returned payload: " +
                    std::string(body));
    }
  }
}

TEST(LambdaAnswerTest, AnErrorOfTheApiIsWordedAsByAws) {
  const http::Response response{
      .status = 404,
      .headers = {{"x-amzn-RequestId", "5f1e"},
                  {"x-amzn-ErrorType", "ResourceNotFoundException:http://internal/coral/"}},
      .body = R"({"Type":"User","Message":"Function not found: arn:aws:lambda:f"})"};
  EXPECT_EQ(FailureOf(Read(false, response)),
            (asl::Failure{"Lambda.ResourceNotFoundException",
                          "Function not found: arn:aws:lambda:f (Service: AWSLambda; Status Code: "
                          "404; Error Code: ResourceNotFoundException; Request ID: 5f1e; Proxy: "
                          "null)"}));
}

TEST(LambdaAnswerTest, AnErrorThatIsNotNamedIsToldByItsStatus) {
  const std::pair<int, const char*> cases[] = {
      {404, "Lambda.ResourceNotFoundException"},
      {429, "Lambda.TooManyRequestsException"},
      {500, "Lambda.ServiceException"},
      {503, "Lambda.ServiceException"},
      {400, "Lambda.Unknown"},
      {302, "Lambda.Unknown"},
  };
  for (const auto& [status, error] : cases) {
    const asl::Failure failure =
        FailureOf(Read(true, {.status = status, .headers = {}, .body = "<html>\xff</html>"}));
    EXPECT_EQ(failure.error, error);
    EXPECT_THAT(failure.cause.value_or(""),
                HasSubstr("http://localhost:9001 answered \"<html>\\xff</html>\""));
  }
}

TEST(LambdaAnswerTest, OtherErrorsKeepTheirNames) {
  EXPECT_EQ(FailureOf(Read(true, {.status = 403,
                                  .headers = {{"x-amzn-ErrorType", "InvalidSignatureException"}},
                                  .body = R"({"message":"The security token is invalid."})"}))
                .error,
            "Lambda.InvalidSignatureException");
  // What is no name of an error does not become one.
  EXPECT_EQ(FailureOf(Read(true, {.status = 400,
                                  .headers = {{"x-amzn-ErrorType", "States.ALL\x01"}},
                                  .body = "{}"}))
                .error,
            "Lambda.Unknown");
}

TEST(LambdaAnswerTest, APayloadThatIsNoJsonNamesFunctionAndEndpoint) {
  for (const char* body : {"<html>", "", "{\"a\":", "\xff\xfe"}) {
    const asl::Failure failure =
        FailureOf(Read(false, {.status = 200, .headers = {}, .body = body}));
    EXPECT_EQ(failure.error, "Lambda.Unknown");
    EXPECT_THAT(failure.cause.value_or(""),
                HasSubstr("charge-payment at http://localhost:9001 answered what is no JSON"));
  }
}

}  // namespace
}  // namespace orderflow::tasks
