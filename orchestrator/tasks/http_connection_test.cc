#include "orchestrator/tasks/http_connection.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "common/base/test_matchers.h"

namespace orderflow::tasks {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr char kPayments[] = R"({"payments": {
    "AuthorizationType": "BASIC",
    "AuthParameters": {
      "BasicAuthParameters": {"Username": "Aladdin", "Password": "open sesame"},
      "InvocationHttpParameters": {
        "HeaderParameters": [{"Key": "X-Client", "Value": "shop", "IsValueSecret": false}],
        "QueryStringParameters": [{"Key": "tenant", "Value": "7"}],
        "BodyParameters": [{"Key": "mode", "Value": "live"}]}},
    "AllowedUrls": ["https://payments.example.com/v1"]}})";

absl::StatusOr<HttpConnections> Parse(const std::string& text) {
  return ParseHttpConnections(text, "");
}

TEST(HttpConnectionTest, ABasicCredentialAndWhatIsAddedToRequests) {
  const auto connections = Parse(kPayments);
  ASSERT_THAT(connections, IsOk());
  const HttpConnection& payments = connections->at("payments");
  EXPECT_EQ(payments.type, HttpConnection::Type::kBasic);
  EXPECT_THAT(payments.credentials,
              ElementsAre(Pair("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")));
  EXPECT_THAT(payments.additions.headers, ElementsAre(Pair("X-Client", "shop")));
  EXPECT_THAT(payments.additions.query, ElementsAre(Pair("tenant", "7")));
  EXPECT_THAT(payments.additions.body, ElementsAre(Pair("mode", "live")));
  EXPECT_TRUE(payments.Allows(*http::ParseUrl("https://payments.example.com/v1/charges")));
  EXPECT_FALSE(payments.Allows(*http::ParseUrl("https://payments.example.com/v2")));
}

TEST(HttpConnectionTest, AConnectionIsFoundByTheNameInItsArn) {
  const auto connections = Parse(kPayments);
  ASSERT_THAT(connections, IsOk());
  for (const char* arn :
       {"payments", "arn:aws:events:us-east-1:123456789012:connection/payments",
        "arn:aws:events:us-east-1:123456789012:connection/payments/81210c42-8af1-456b"}) {
    EXPECT_NE(FindConnection(*connections, arn), nullptr) << arn;
  }
  for (const char* arn :
       {"", "payment", "arn:aws:events:us-east-1:123456789012:connection/other/1",
        "arn:aws:lambda:us-east-1:123456789012:connection/payments", "x:connection/payments"}) {
    EXPECT_EQ(FindConnection(*connections, arn), nullptr) << arn;
  }
  const std::string whole = "arn:aws:events:us-east-1:123456789012:connection/payments/1";
  const auto by_arn = Parse(R"({")" + whole + R"(": {"AuthorizationType": "NONE",
                                                     "AllowedUrls": ["https://a"]}})");
  ASSERT_THAT(by_arn, IsOk());
  EXPECT_NE(FindConnection(*by_arn, whole), nullptr);
  EXPECT_EQ(FindConnection(*by_arn, whole + "2"), nullptr);
}

TEST(HttpConnectionTest, KeysAndOAuthClients) {
  const auto connections = Parse(R"({
      "key": {"AuthorizationType": "API_KEY", "AllowedUrls": ["https://a"], "AuthParameters": {
        "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "k"}}},
      "oauth": {"AuthorizationType": "OAUTH_CLIENT_CREDENTIALS", "AllowHttp": true,
        "AllowedUrls": ["http://127.0.0.1:9/"], "AuthParameters": {"OAuthParameters": {
          "AuthorizationEndpoint": "http://127.0.0.1:9/token?a=1", "HttpMethod": "POST",
          "ClientParameters": {"ClientID": "id", "ClientSecret": "s"},
          "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "Value": "all"}]}}}}})");
  ASSERT_THAT(connections, IsOk());
  EXPECT_THAT(connections->at("key").credentials, ElementsAre(Pair("X-Key", "k")));
  const HttpConnection& oauth = connections->at("oauth");
  EXPECT_THAT(oauth.credentials, IsEmpty());
  EXPECT_EQ(oauth.oauth.endpoint.path, "/token");
  EXPECT_EQ(oauth.oauth.client_secret, "s");
  EXPECT_THAT(oauth.oauth.additions.body, ElementsAre(Pair("scope", "all")));
}

// One connection of type API_KEY whose members the test replaces.
std::string KeyWith(const std::string& parameters, const std::string& rest) {
  return R"({"c": {"AuthorizationType": "API_KEY", "AuthParameters": {)" + parameters + "}, " +
         rest + "}}";
}

TEST(HttpConnectionTest, MistakesAreNamedWithTheirMemberAndWithoutSecrets) {
  const std::string key =
      R"("ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "geheim"})";
  const std::string urls = R"("AllowedUrls": ["https://a/"])";
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {R"({"c": geheim})", "no JSON: line 1, column"},
      {R"(["geheim"])", "expected an object of connections"},
      {R"({"c": "geheim"})", "\"c\": expected an object"},
      {R"({"c": {}})", "\"c\": AuthorizationType: is missing"},
      {R"({"c": {"AuthorizationType": "geheim"}})", "expected one of BASIC"},
      {R"({"c": {"Type": "BASIC"}})", "\"c\": Type: unknown member; there are"},
      {R"({"c": {"AuthorizationType": "BASIC"}})", "\"c\": AuthParameters: is missing"},
      {R"({"c": {"AuthorizationType": "BASIC", "AuthParameters": {"BasicAuthParameters":
           {"Username": "a:b", "Password": "geheim"}}}})",
       "AuthParameters.BasicAuthParameters.Username: has a colon"},
      {KeyWith(R"("ApiKeyAuthParameters": {"ApiKeyName": "X Key", "ApiKeyValue": "geheim"})", urls),
       "ApiKeyName: is no name of a header"},
      {KeyWith(R"("ApiKeyAuthParameters": {"ApiKeyName": "X", "ApiKeyValue": "geheim\r\nA: b"})",
               urls),
       "ApiKeyValue: is no value of a header"},
      {KeyWith(R"("ApiKeyAuthParameters": {"ApiKeyName": "X", "ApiKeyValue": 1})", urls),
       "ApiKeyValue: expected a text or {\"File\""},
      {KeyWith(key + R"(, "InvocationHttpParameters": {"HeaderParameters": [{"Key": "a"}]})", urls),
       "InvocationHttpParameters.HeaderParameters[0].Value: is missing"},
      {KeyWith(key, R"("AllowHttp": false)"), "AllowedUrls: expected a list"},
      {KeyWith(key, R"("AllowedUrls": [])"), "AllowedUrls: expected a list"},
      {KeyWith(key, R"("AllowedUrls": ["a"])"), "AllowedUrls: not a URL"},
      {KeyWith(key, R"("AllowedUrls": ["http://a"])"), "AllowedUrls: is not https"},
      {KeyWith(key, R"("AllowedUrls": ["https://a?geheim"])"), "a query has no place"},
      {KeyWith(key, urls + R"(, "AllowHttp": "geheim")"), "AllowHttp: expected true or false"},
  };
  for (const auto& [text, expected] : mistakes) {
    const absl::Status status = Parse(text).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(expected))) << text;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("geheim"))) << text;
  }
}

class HttpConnectionFileTest : public ::testing::Test {
 protected:
  HttpConnectionFileTest()
      : directory_(::testing::TempDir() + "/http_connection_test" + std::to_string(getpid())) {
    std::filesystem::create_directories(directory_);
  }
  ~HttpConnectionFileTest() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text, mode_t mode) const {
    const std::string path = (directory_ / name).string();
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  const std::filesystem::path directory_;
};

TEST_F(HttpConnectionFileTest, SecretsMayComeFromFilesBesideIt) {
  Write("key", "from the file\n", 0600);
  const std::string path = Write(
      "connections.json",
      KeyWith(R"("ApiKeyAuthParameters": {"ApiKeyName": "X", "ApiKeyValue": {"File": "key"}})",
              R"("AllowedUrls": ["https://a"])"),
      0640);
  const auto connections = ReadHttpConnections(path);
  ASSERT_THAT(connections, IsOk());
  EXPECT_THAT(connections->at("c").credentials, ElementsAre(Pair("X", "from the file")));
  Write("key", "readable", 0644);
  EXPECT_THAT(ReadHttpConnections(path),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("ApiKeyValue: "), HasSubstr("chmod 600"))));
  std::filesystem::remove(directory_ / "key");
  EXPECT_THAT(ReadHttpConnections(path),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cannot read")));
}

TEST_F(HttpConnectionFileTest, AFileThatOthersMayReadIsRefused) {
  EXPECT_THAT(ReadHttpConnections(Write("connections.json", kPayments, 0644)),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("connections.json"), HasSubstr("chmod 600"))));
  EXPECT_THAT(ReadHttpConnections(Write("bad.json", "{", 0600)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bad.json: no JSON")));
  EXPECT_THAT(ReadHttpConnections((directory_ / "none").string()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cannot read")));
}

}  // namespace
}  // namespace orderflow::tasks
