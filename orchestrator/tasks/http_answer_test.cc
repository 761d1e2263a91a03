#include "orchestrator/tasks/http_answer.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::tasks {
namespace {

using json::Value;
using ::testing::HasSubstr;

Value Json(const std::string& text) { return *json::Parse(text).value; }

asl::Failure FailureOf(const http::Response& response) {
  TaskOutcome outcome = ReadHttpAnswer(response);
  const auto* failure = std::get_if<asl::Failure>(&outcome);
  EXPECT_NE(failure, nullptr);
  return failure == nullptr ? asl::Failure{} : *failure;
}

TEST(HttpAnswerTest, AnAnswerIsAnEnvelope) {
  EXPECT_EQ(std::get<Value>(
                ReadHttpAnswer({.status = 201,
                                .reason = "Created",
                                .headers = {{"Content-Type", "Application/JSON; charset=utf-8"},
                                            {"Set-Cookie", "a"},
                                            {"set-cookie", "b"}},
                                .body = R"({"id":9007199254740993})"})),
            Json(R"({"Headers": {"content-type": ["Application/JSON; charset=utf-8"],
                                 "set-cookie": ["a", "b"]},
                     "ResponseBody": {"id": 9007199254740993}, "StatusCode": 201,
                     "StatusText": "Created"})"));
}

TEST(HttpAnswerTest, OnlyABodyThatSaysSoIsJson) {
  const auto body = [](const std::string& type, const std::string& text) {
    return *std::get<Value>(
                ReadHttpAnswer({.status = 200, .headers = {{"content-type", type}}, .body = text}))
                .Find("ResponseBody");
  };
  EXPECT_EQ(body("text/plain", "{}"), Value("{}"));
  EXPECT_EQ(body("application/problem+json", "{}"), Json("{}"));
  EXPECT_EQ(body("application/json", "no"), Value("no"));
  EXPECT_EQ(body("application/json", ""), Value(""));
}

TEST(HttpAnswerTest, AnyStatusBut2xxIsAnErrorOfItsName) {
  for (const int status : {301, 304, 400, 404, 429, 503}) {
    const asl::Failure failure = FailureOf(
        {.status = status, .headers = {{"Location", "https://elsewhere"}}, .body = "why"});
    EXPECT_EQ(failure.error, "States.Http.StatusCode." + std::to_string(status));
    EXPECT_EQ(*Json(*failure.cause).Find("ResponseBody"), Value("why"));
  }
  // HTTP/2 sends no words.
  EXPECT_THAT(*FailureOf({.status = 404}).cause, HasSubstr(R"("StatusText":"Not Found")"));
}

TEST(HttpAnswerTest, ACauseStaysWithinItsLimit) {
  const std::string large(40'000, 'a');
  const Value cause = Json(*FailureOf({.status = 400, .body = large}).cause);
  EXPECT_EQ(*cause.Find("ResponseBody"), Value(""));
  EXPECT_EQ(*cause.Find("StatusCode"), Value(400));
  EXPECT_LT(FailureOf({.status = 400, .reason = large, .headers = {{"X", large}}}).cause->size(),
            1000u);
}

TEST(HttpAnswerTest, BinaryAnswersAreNotSupported) {
  for (const char* type : {"image/png", "audio/ogg", "video/mp4", "application/octet-stream"}) {
    const asl::Failure failure =
        FailureOf({.status = 200, .headers = {{"Content-Type", type}}, .body = "x"});
    EXPECT_EQ(failure.error, "States.Runtime") << type;
    EXPECT_THAT(*failure.cause, HasSubstr(type));
  }
  EXPECT_EQ(FailureOf({.status = 200, .body = "\xff"}).error, "States.Runtime");
}

}  // namespace
}  // namespace orderflow::tasks
