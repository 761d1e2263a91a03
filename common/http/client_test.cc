#include "common/http/client.h"

#include <openssl/hmac.h>

#include <atomic>
#include <future>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/await.h"
#include "common/base/test_matchers.h"
#include "common/hash/sha256.h"
#include "common/http/test_server.h"

namespace orderflow::http {
namespace {

using ::testing::HasSubstr;
using Answer = TestServer::Answer;

absl::StatusOr<Response> Send(Client& client, Request request) {
  return Await<Response>([&](Callback<Response> done) { client.Send(request, std::move(done)); });
}

Answer Echo(const TestServer::Request& request) {
  return {.headers = {{"X-Target", request.target}, {"x-method", request.method}},
          .body = request.body};
}

TEST(HttpClientTest, HandsOverStatusHeadersAndBody) {
  TestServer server([](const TestServer::Request& request) {
    Answer answer = Echo(request);
    answer.status = 404;
    answer.headers.emplace_back("X-Seen", request.Header("x-mine"));
    return answer;
  });
  Client client({});
  const auto response = Send(
      client, {.url = server.url() + "/a?b=c", .headers = {"X-Mine: is this"}, .body = "payload"});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "payload");
  EXPECT_EQ(response->Header("x-target"), "/a?b=c");
  EXPECT_EQ(response->Header("X-METHOD"), "POST");
  EXPECT_EQ(response->Header("X-Seen"), "is this");
  EXPECT_EQ(response->Header("X-Unheard"), "");
}

TEST(HttpClientTest, AnyMethodMayHaveABody) {
  TestServer server(Echo);
  Client client({});
  for (const char* method : {"PUT", "PATCH", "DELETE", "OPTIONS", "GET"}) {
    const auto response = Send(client, {.method = method, .url = server.url(), .body = "b"});
    ASSERT_THAT(response, IsOk());
    EXPECT_EQ(response->Header("x-method"), method);
    EXPECT_EQ(response->body, "b");
    EXPECT_EQ(response->reason, "OK");
  }
  const auto bare = Send(client, {.method = "DELETE", .url = server.url()});
  ASSERT_THAT(bare, IsOk());
  EXPECT_EQ(bare->Header("x-method"), "DELETE");
}

TEST(HttpClientTest, AHeadRequestWaitsForNoBody) {
  TestServer server([](const TestServer::Request& request) {
    EXPECT_EQ(request.method, "HEAD");
    return Answer{.headers = {{"X-Seen", "yes"}}};
  });
  Client client({});
  const auto response = Send(client, {.method = "HEAD", .url = server.url(), .body = "ignored"});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->Header("X-Seen"), "yes");
}

TEST(HttpClientTest, ConnectionsAreUsedAgain) {
  TestServer server(Echo);
  Client client({});
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Send(client, {.url = server.url(), .body = std::to_string(i)}), IsOk());
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientTest, NoMoreConnectionsThanAllowedAndTheRestWaits) {
  std::atomic<int> now = 0, most = 0;
  std::promise<void> open;
  std::shared_future<void> gate = open.get_future();
  TestServer server([&](const TestServer::Request& request) {
    const int count = ++now;
    for (int known = most; count > known && !most.compare_exchange_weak(known, count);) {
    }
    gate.wait();
    --now;
    return Echo(request);
  });
  Client client({.max_connections = 3});
  std::atomic<int> answered = 0;
  std::promise<void> all;
  constexpr int kRequests = 12;
  for (int i = 0; i < kRequests; ++i) {
    client.Send({.url = server.url(), .body = "x"}, [&](absl::StatusOr<Response> response) {
      EXPECT_THAT(response, IsOk());
      if (++answered == kRequests) all.set_value();
    });
  }
  while (now < 3) std::this_thread::yield();
  open.set_value();
  all.get_future().wait();
  EXPECT_EQ(most, 3);
}

TEST(HttpClientTest, ARequestsOwnTimeoutCountsAlsoWhileItWaitsForAConnection) {
  TestServer server(
      [](const TestServer::Request&) { return Answer{.delivery = Answer::Delivery::kSilent}; });
  Client client({.timeout = absl::Minutes(1), .max_connections = 1});
  const auto blocker = client.Send({.url = server.url()}, [](absl::StatusOr<Response>) {});
  const auto response = Send(client, {.url = server.url(), .timeout = absl::Milliseconds(100)});
  EXPECT_THAT(response, StatusIs(absl::StatusCode::kDeadlineExceeded));
  client.Cancel(blocker);
  EXPECT_THAT(Send(client, {.url = server.url(), .timeout = absl::Milliseconds(100)}),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST(HttpClientTest, AnAnswerBeyondTheLimitIsNotRead) {
  TestServer server([](const TestServer::Request&) { return Answer{.body = "0123456789"}; });
  Client exact({.max_response_bytes = 10});
  EXPECT_THAT(Send(exact, {.url = server.url()}), IsOk());
  Client less({.max_response_bytes = 9});
  EXPECT_THAT(Send(less, {.url = server.url()}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("more than 9 bytes")));
}

TEST(HttpClientTest, ACutConnectionIsUnavailable) {
  TestServer server(
      [](const TestServer::Request&) { return Answer{.delivery = Answer::Delivery::kCut}; });
  Client client({});
  EXPECT_THAT(Send(client, {.url = server.url()}), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(HttpClientTest, AKeptConnectionThatWasClosedIsReplaced) {
  std::atomic<int> requests = 0;
  TestServer server([&](const TestServer::Request& request) {
    return ++requests == 2 ? Answer{.delivery = Answer::Delivery::kCut} : Echo(request);
  });
  Client client({});
  EXPECT_THAT(Send(client, {.url = server.url()}), IsOk());
  EXPECT_THAT(Send(client, {.url = server.url()}), IsOk());
  EXPECT_EQ(requests, 3);
}

TEST(HttpClientTest, OnlyHttpIsSpoken) {
  Client client({});
  EXPECT_THAT(Send(client, {.method = "GET", .url = "file:///etc/hostname"}),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(HttpClientTest, ACancelledRequestIsDroppedAndItsConnectionClosed) {
  std::promise<void> arrived, dropped;
  TestServer server([&](const TestServer::Request&) {
    arrived.set_value();
    return Answer{.delivery = Answer::Delivery::kSilent};
  });
  Client client({});
  // Tells when the callback that holds it is gone.
  struct Guard {
    explicit Guard(std::promise<void>& promise) : gone(promise) {}
    std::promise<void>& gone;
    ~Guard() { gone.set_value(); }
  };
  std::atomic<bool> called = false;
  const auto ticket =
      client.Send({.url = server.url()}, [&called, guard = std::make_unique<Guard>(dropped)](
                                             absl::StatusOr<Response>) { called = true; });
  arrived.get_future().wait();
  client.Cancel(ticket);
  dropped.get_future().wait();
  EXPECT_FALSE(called);
  client.Cancel(ticket);      // once more does no harm,
  client.Cancel(ticket + 1);  // nor does one that there never was
}

TEST(HttpClientTest, TheDestructorEndsWhatIsUnderWay) {
  std::promise<void> arrived;
  std::promise<absl::Status> told;
  TestServer server([&](const TestServer::Request&) {
    arrived.set_value();
    return Answer{.delivery = Answer::Delivery::kSilent};
  });
  {
    Client client({});
    client.Send({.url = server.url()},
                [&](absl::StatusOr<Response> response) { told.set_value(response.status()); });
    arrived.get_future().wait();
  }
  EXPECT_THAT(told.get_future().get(), StatusIs(absl::StatusCode::kUnavailable));
}

// --- Signature Version 4, computed here once more from what arrived ---

std::string Hmac(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

// The part of an Authorization header behind "name=".
std::string PartOf(const std::string& authorization, const std::string& name) {
  const size_t begin = authorization.find(name + "=") + name.size() + 1;
  return authorization.substr(begin, authorization.find_first_of(", ", begin) - begin);
}

std::string SignatureOf(const TestServer::Request& request, const AwsSignature& signature) {
  const std::vector<std::string> signed_headers =
      absl::StrSplit(PartOf(request.Header("authorization"), "SignedHeaders"), ';');
  std::string canonical_headers;
  for (const std::string& name : signed_headers)
    absl::StrAppend(&canonical_headers, name, ":", request.Header(name), "\n");
  const size_t question = request.target.find('?');
  const std::string query =
      question == std::string::npos ? "" : request.target.substr(question + 1);
  const std::string canonical =
      absl::StrJoin({request.method, request.target.substr(0, question), query, canonical_headers,
                     absl::StrJoin(signed_headers, ";"), Sha256Hex(request.body)},
                    "\n");
  const std::string time = request.Header("x-amz-date");
  const std::string day = time.substr(0, 8);
  const std::string scope =
      absl::StrJoin({day, signature.region, signature.service, std::string("aws4_request")}, "/");
  const std::string to_sign =
      absl::StrJoin({std::string("AWS4-HMAC-SHA256"), time, scope, Sha256Hex(canonical)}, "\n");
  std::string key = Hmac("AWS4" + signature.secret_access_key, day);
  for (const std::string& part : {signature.region, signature.service, std::string("aws4_request")})
    key = Hmac(key, part);
  return absl::BytesToHexString(Hmac(key, to_sign));
}

TEST(HttpClientTest, ASignedRequestCarriesTheSignatureThatAwsComputes) {
  const auto signature = std::make_shared<const AwsSignature>(
      AwsSignature{.region = "eu-central-1",
                   .service = "lambda",
                   .access_key_id = "AKIDEXAMPLE",
                   .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                   .session_token = "token+of/temporary=credentials"});
  std::promise<TestServer::Request> seen;
  TestServer server([&](const TestServer::Request& request) {
    seen.set_value(request);
    return Answer{};
  });
  Client client({});
  const std::string url =
      server.url() + "/2015-03-31/functions/charge-payment/invocations?Qualifier=%24LATEST";
  ASSERT_THAT(Send(client, {.url = url,
                            .headers = {"Content-Type: application/json",
                                        "X-Amz-Invocation-Type: RequestResponse",
                                        "X-Amz-Client-Context: e30="},
                            .body = "{\"text\":\"\xc3\xa4\"}",
                            .signature = signature}),
              IsOk());
  const TestServer::Request request = seen.get_future().get();
  const std::string authorization = request.Header("authorization");
  EXPECT_THAT(authorization, HasSubstr("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" +
                                       request.Header("x-amz-date").substr(0, 8) +
                                       "/eu-central-1/lambda/aws4_request"));
  EXPECT_EQ(PartOf(authorization, "SignedHeaders"),
            "content-type;host;x-amz-client-context;x-amz-date;x-amz-invocation-type;"
            "x-amz-security-token");
  EXPECT_EQ(request.Header("x-amz-security-token"), signature->session_token);
  EXPECT_EQ(PartOf(authorization, "Signature"), SignatureOf(request, *signature));
  for (const auto& [name, value] : request.headers)
    EXPECT_THAT(value, ::testing::Not(HasSubstr(signature->secret_access_key))) << name;
}

TEST(HttpClientTest, WithoutASignatureThereIsNoAuthorization) {
  std::promise<TestServer::Request> seen;
  TestServer server([&](const TestServer::Request& request) {
    seen.set_value(request);
    return Answer{};
  });
  Client client({});
  ASSERT_THAT(Send(client, {.url = server.url()}), IsOk());
  EXPECT_EQ(seen.get_future().get().headers.count("authorization"), 0u);
}

TEST(UrlEncodeTest, KeepsWhatIsUnreserved) {
  EXPECT_EQ(UrlEncode("$LATEST"), "%24LATEST");
  EXPECT_EQ(UrlEncode("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(UrlEncode("a b/\xc3\xa4"), "a%20b%2F%C3%A4");
}

}  // namespace
}  // namespace orderflow::http
