#include "orchestrator/tasks/http_invocation.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::tasks {
namespace {

using json::Value;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

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

std::string CauseOf(const Value& parameters) {
  const asl::Evaluated<HttpInvocation> invocation = ReadHttpInvocation(parameters);
  if (invocation.ok()) return "nothing is wrong";
  EXPECT_EQ(invocation.failure().error, "States.Runtime");
  return *invocation.failure().cause;
}

TEST(HttpInvocationTest, MistakesAreFailuresThatNameTheField) {
  EXPECT_THAT(CauseOf(Json("{}")), HasSubstr("'ApiEndpoint' is required"));
  EXPECT_THAT(CauseOf(Json("[]")), HasSubstr("'ApiEndpoint' is required"));
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {R"("Url": "x")", "The field 'Url' is not supported by Step Functions"},
      {R"("Headers": {"Authorization": "x", "X-Amz-Date": "y", "ok": "z"})",
       "contains unsupported values: [authorization, x-amz-date]"},
      {R"("Headers": {"a": "b\r\nc: d"})", "no header: \"a\""},
      {R"("Headers": {"a b": "c"})", "no header: \"a b\""},
      {R"("Headers": {"a": {"b": 1}})", "no header: \"a\""},
      {R"("Headers": "a: b")", "'Headers' must be an OBJECT"},
      {R"("QueryParameters": 1)", "'QueryParameters' must be"},
      {R"("QueryParameters": {"a": {}})", "'QueryParameters' has a member"},
      {R"("Transform": {"RequestBodyEncoding": "XML"})", "[NONE, URL_ENCODED]"},
      {R"("Transform": {"RequestEncodingOptions": {"ArrayFormat": "PIPES"}})", "BRACKETS]"},
  };
  for (const auto& [more, expected] : mistakes)
    EXPECT_THAT(CauseOf(With(more)), HasSubstr(expected));
  EXPECT_THAT(CauseOf(With("").With("Method", "TRACE")), HasSubstr("'Method' should have one of"));
  EXPECT_THAT(CauseOf(With("").With("ApiEndpoint", "ftp://a")), HasSubstr("not a URL"));
  EXPECT_THAT(CauseOf(With("").With("Authentication", Value())), HasSubstr("'ConnectionArn' is"));
}

TEST(HttpInvocationTest, ADefinitionIsCheckedAsFarAsItIsKnown) {
  const HttpConnections connections = {{"c", Connection()}};
  const auto check = [&](const Value& parameters) {
    return CheckHttpParameters(parameters, connections).value_or("");
  };
  EXPECT_EQ(check(With("")), "");
  EXPECT_EQ(check(Json(R"({"ApiEndpoint.$": "$.url", "Method.$": "$.m", "Headers.$": "$.h",
                           "Authentication": {"ConnectionArn.$": "$.c"},
                           "RequestBody.$": "$.body"})")),
            "");
  EXPECT_EQ(check(Json(R"({"ApiEndpoint": "{% $url %}", "Method": "{% $m %}",
                           "InvocationConfig": "{% $c %}", "Headers": {"a.$": "$.b"}})")),
            "");
  EXPECT_EQ(check(Value("{% $all %}")), "");
  EXPECT_THAT(check(Value()), HasSubstr("required"));
  EXPECT_THAT(check(With(R"("Headers": {"Authorization.$": "$.a"})")), HasSubstr("unsupported"));
  EXPECT_THAT(check(With("").With("Authentication", Json(R"({"ConnectionArn": "other"})"))),
              AllOf(HasSubstr("\"other\" is not known"), HasSubstr("--http_connections")));
  EXPECT_THAT(check(With("").With("ApiEndpoint", "https://evil.example.com/?secret")),
              AllOf(HasSubstr("\"c\" is not for \"https://evil.example.com/\""),
                    HasSubstr("AllowedUrls"), Not(HasSubstr("secret"))));
}

}  // namespace
}  // namespace orderflow::tasks
