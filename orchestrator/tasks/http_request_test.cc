#include "orchestrator/tasks/http_request.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::tasks {
namespace {

using json::Value;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr char kTrace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Value Json(const std::string& text) {
  json::ParseResult parsed = json::Parse(text);
  EXPECT_TRUE(parsed.value) << text;
  return parsed.value.value_or(Value());
}

HttpConnection Connection() {
  HttpConnection connection;
  connection.name = "c";
  connection.allowed_urls = {*http::ParseUrl("https://api.example.com/")};
  return connection;
}

// Parameters with the usual ones and `more`.
Value With(const std::string& more) {
  return Json(R"({"ApiEndpoint": "https://api.example.com/v1/orders", "Method": "POST",
                  "Authentication": {"ConnectionArn": "c"})" +
              (more.empty() ? "" : ", " + more) + "}");
}

http::Request RequestOf(const Value& parameters, const HttpConnection& connection = Connection()) {
  asl::Evaluated<HttpInvocation> invocation = ReadHttpInvocation(parameters);
  if (!invocation.ok()) {
    ADD_FAILURE() << *invocation.failure().cause;
    return {};
  }
  asl::Evaluated<http::Request> request =
      MakeHttpRequest(*invocation, connection, "eu-west-1", kTrace);
  if (!request.ok()) ADD_FAILURE() << *request.failure().cause;
  return request.ok() ? *std::move(request) : http::Request();
}

TEST(HttpRequestTest, ARequestIsWhatAwsSends) {
  const http::Request request = RequestOf(With(
      R"("Headers": {"Request-Id": "r", "X-Many": ["a", 2]}, "RequestBody": {"b": [1, "x"]},
         "QueryParameters": {"currency": "u s", "n": [1, 2], "none": null})"));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://api.example.com/v1/orders?currency=u%20s&n=1&n=2&none=");
  EXPECT_EQ(request.body, R"({"b":[1,"x"]})");
  EXPECT_THAT(
      request.headers,
      UnorderedElementsAre(
          "Request-Id: r", "X-Many: a, 2", "Content-Type: application/json; charset=UTF-8",
          "User-Agent: Amazon|StepFunctions|HttpInvoke|eu-west-1", "Range: bytes=0-262144",
          std::string("traceparent: ") + kTrace,
          "X-Amzn-Trace-Id: Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;"
          "Sampled=1"));
}

TEST(HttpRequestTest, WhatBothSayIsTheConnectionsToDecide) {
  HttpConnection connection = Connection();
  connection.credentials = {{"Authorization", "Basic x"}};
  connection.additions = {.headers = {{"header-param", "of the connection"}},
                          .query = {{"QueryParam", "of the connection"}},
                          .body = {{"BodyParam", "of the connection"}}};
  const http::Request request =
      RequestOf(Json(R"({"ApiEndpoint": "https://api.example.com/?QueryParam=0&flag&Query%50aram=1",
               "Method": "GET", "Authentication": {"ConnectionArn": "c"},
               "Headers": {"Header-Param": "of the task"},
               "QueryParameters": {"QueryParam": "of the task", "own": "1"},
               "RequestBody": {"Job": "j", "BodyParam": "of the task"}})"),
                connection);
  EXPECT_EQ(request.url, "https://api.example.com/?flag&own=1&QueryParam=of%20the%20connection");
  EXPECT_EQ(request.body, R"({"Job":"j","BodyParam":"of the connection"})");
  EXPECT_THAT(request.headers,
              AllOf(Contains("header-param: of the connection"), Contains("Authorization: Basic x"),
                    Not(Contains(HasSubstr("of the task")))));
  EXPECT_EQ(RequestOf(With(""), connection).body, R"({"BodyParam":"of the connection"})");
}

TEST(HttpRequestTest, ABodyThatIsNoObjectCannotBeMerged) {
  HttpConnection connection = Connection();
  connection.additions.body = {{"a", "b"}};
  const auto invocation = ReadHttpInvocation(With(R"("RequestBody": "<xml/>")"));
  ASSERT_TRUE(invocation.ok());
  const auto request = MakeHttpRequest(*invocation, connection, "", "");
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.failure().error, "States.Runtime");
  EXPECT_EQ(RequestOf(With(R"("RequestBody": "<xml/>")")).body, "<xml/>");
}

TEST(HttpRequestTest, ABodyMayBeAForm) {
  const http::Request request = RequestOf(With(
      R"("RequestBody": {"customer": "1&2", "metadata": {"order details": [true, null]}},
         "Transform": {"RequestBodyEncoding": "URL_ENCODED"})"));
  EXPECT_EQ(request.body,
            "customer=1%262&metadata%5Border%20details%5D%5B0%5D=true&"
            "metadata%5Border%20details%5D%5B1%5D=");
  EXPECT_THAT(request.headers, Contains("Content-Type: application/x-www-form-urlencoded"));
  const auto invocation = ReadHttpInvocation(
      With(R"("RequestBody": "a=b", "Transform": {"RequestBodyEncoding": "URL_ENCODED"})"));
  ASSERT_TRUE(invocation.ok());
  EXPECT_FALSE(MakeHttpRequest(*invocation, Connection(), "", "").ok());
}

TEST(HttpRequestTest, ArraysBecomeFormsInFourWays) {
  const auto form = [](const std::string& text, ArrayFormat format) {
    return http::UrlDecode(*EncodeForm(Json(text), format, 1000));
  };
  const std::string array = R"({"a": ["x", "y"]})";
  EXPECT_EQ(form(array, ArrayFormat::kIndices), "a[0]=x&a[1]=y");
  EXPECT_EQ(form(array, ArrayFormat::kRepeat), "a=x&a=y");
  EXPECT_EQ(form(array, ArrayFormat::kCommas), "a=x,y");
  EXPECT_EQ(form(array, ArrayFormat::kBrackets), "a[]=x&a[]=y");
  EXPECT_EQ(form(R"({"a": [{"b": 1}]})", ArrayFormat::kCommas), "a[0][b]=1");
  EXPECT_EQ(*EncodeForm(Json(R"({"a": ["x,y", "z"]})"), ArrayFormat::kCommas, 1000), "a=x%2Cy,z");
  // The name is there once, but would be written for each item.
  const Value large =
      Value::Object({{std::string(600, 'n'), Value::FromArray(json::Array(2, Value(1)))}});
  EXPECT_EQ(EncodeForm(large, ArrayFormat::kRepeat, 1000), std::nullopt);
}

TEST(HttpRequestTest, AQueryMayBeATextOrAList) {
  EXPECT_EQ(RequestOf(With(R"("QueryParameters": "q=a b%20c&flag&&x=1=2")")).url,
            "https://api.example.com/v1/orders?q=a%20b%20c&flag&x=1%3D2");
  EXPECT_EQ(RequestOf(With(R"("QueryParameters": ["a=1", {"b": true}])")).url,
            "https://api.example.com/v1/orders?a=1&b=true");
}

}  // namespace
}  // namespace orderflow::tasks
