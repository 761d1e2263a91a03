#include "orchestrator/aws/signature.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::aws {
namespace {

constexpr char kKey[] = "AKIDEXAMPLE";
constexpr char kSecret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr char kTime[] = "20150830T123600Z";
const absl::Time kNow = absl::FromUnixSeconds(1440938160);

Authorization AnAuthorization(std::vector<std::string> signed_headers) {
  return {.access_key_id = kKey,
          .date = "20150830",
          .region = "us-east-1",
          .service = "states",
          .signed_headers = std::move(signed_headers),
          .signature = ""};
}

http::ServerRequest ARequest() {
  return {.method = "POST",
          .target = "/",
          .headers = {{"Host", "localhost:8083"},
                      {"X-Amz-Date", kTime},
                      {"X-Amz-Target", "AWSStepFunctions.ListStateMachines"}},
          .body = "{}"};
}

// Adds the header that signs what is in the request by now.
http::ServerRequest Signed(http::ServerRequest request, Authorization authorization,
                           std::string_view secret = kSecret) {
  std::string names;
  for (const std::string& name : authorization.signed_headers) {
    absl::StrAppend(&names, names.empty() ? "" : ";", name);
  }
  const std::string* time = request.Header("x-amz-date");
  request.headers.emplace_back(
      "Authorization",
      absl::StrCat(
          "AWS4-HMAC-SHA256 Credential=", authorization.access_key_id, "/", authorization.date, "/",
          authorization.region, "/", authorization.service, "/aws4_request, SignedHeaders=", names,
          ", Signature=", Sign(request, authorization, secret, time == nullptr ? "" : *time)));
  return request;
}

const std::vector<std::string> kSignedHeaders = {"host", "x-amz-date", "x-amz-target"};

std::string TypeOf(const http::ServerRequest& request, absl::Time now = kNow,
                   const std::string& token = "") {
  const FakeClock clock(now);
  const SignatureVerifier verifier({{kKey, {kSecret, token}}}, "us-east-1", clock);
  const std::optional<Fault> fault = verifier.Verify(request);
  return fault ? fault->type : "";
}

// The example "get-vanilla" of the test suite that AWS publishes for Signature Version 4.
TEST(SignTest, TheExampleOfAws) {
  const http::ServerRequest request{
      .method = "GET",
      .target = "/",
      .headers = {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", kTime}},
      .body = ""};
  Authorization authorization = AnAuthorization({"host", "x-amz-date"});
  authorization.service = "service";
  EXPECT_EQ(Sign(request, authorization, kSecret, kTime),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SignatureVerifierTest, AGoodSignatureIsAcceptedForFiveMinutes) {
  const http::ServerRequest request = Signed(ARequest(), AnAuthorization(kSignedHeaders));
  for (const int seconds : {-300, -10, 0, 10, 300}) {
    EXPECT_EQ(TypeOf(request, kNow + absl::Seconds(seconds)), "") << seconds;
  }
  for (const int seconds : {-301, 301}) {
    EXPECT_EQ(TypeOf(request, kNow + absl::Seconds(seconds)), "InvalidSignatureException");
  }
}

TEST(SignatureVerifierTest, NothingThatIsSignedMayChange) {
  const http::ServerRequest good = Signed(ARequest(), AnAuthorization(kSignedHeaders));
  http::ServerRequest changed = good;
  changed.body = "{ }";
  EXPECT_EQ(TypeOf(changed), "InvalidSignatureException");
  changed = good;
  changed.headers[2].second = "AWSStepFunctions.DeleteStateMachine";
  EXPECT_EQ(TypeOf(changed), "InvalidSignatureException");
  changed = good;
  changed.method = "PUT";
  EXPECT_EQ(TypeOf(changed), "InvalidSignatureException");
  changed = good;
  changed.target = "/?a=b";
  EXPECT_EQ(TypeOf(changed), "InvalidSignatureException");
}

TEST(SignatureVerifierTest, BlanksInHeadersDoNotCount) {
  http::ServerRequest request = ARequest();
  request.headers.emplace_back("X-Amz-Note", "a b");
  std::vector<std::string> names = {"host", "x-amz-date", "x-amz-note", "x-amz-target"};
  request = Signed(request, AnAuthorization(names));
  request.headers[3].second = "  a   b ";
  EXPECT_EQ(TypeOf(request), "");
}

TEST(SignatureVerifierTest, WhatMattersMustBeSigned) {
  EXPECT_EQ(TypeOf(Signed(ARequest(), AnAuthorization({"host", "x-amz-date"}))),
            "InvalidSignatureException");
  EXPECT_EQ(TypeOf(Signed(ARequest(), AnAuthorization({"x-amz-date", "x-amz-target"}))),
            "InvalidSignatureException");
}

TEST(SignatureVerifierTest, AnotherKeySecretTokenOrScopeIsRefused) {
  Authorization other = AnAuthorization(kSignedHeaders);
  other.access_key_id = "AKIDOTHER";
  EXPECT_EQ(TypeOf(Signed(ARequest(), other)), "UnrecognizedClientException");
  EXPECT_EQ(TypeOf(Signed(ARequest(), AnAuthorization(kSignedHeaders), "wrong")),
            "InvalidSignatureException");
  EXPECT_EQ(TypeOf(Signed(ARequest(), AnAuthorization(kSignedHeaders)), kNow, "token"),
            "UnrecognizedClientException");
  other = AnAuthorization(kSignedHeaders);
  other.region = "eu-west-1";
  EXPECT_EQ(TypeOf(Signed(ARequest(), other)), "InvalidSignatureException");
  other = AnAuthorization(kSignedHeaders);
  other.service = "s3";
  EXPECT_EQ(TypeOf(Signed(ARequest(), other)), "InvalidSignatureException");
  other = AnAuthorization(kSignedHeaders);
  other.date = "20150829";
  EXPECT_EQ(TypeOf(Signed(ARequest(), other)), "InvalidSignatureException");
}

TEST(SignatureVerifierTest, NoSignatureAndHalfOnes) {
  EXPECT_EQ(TypeOf(ARequest()), "MissingAuthenticationTokenException");
  for (const char* header :
       {"", "Basic a", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=0"}) {
    http::ServerRequest request = ARequest();
    request.headers.emplace_back("Authorization", header);
    EXPECT_EQ(TypeOf(request), "IncompleteSignatureException") << header;
  }
}

}  // namespace
}  // namespace orderflow::aws
