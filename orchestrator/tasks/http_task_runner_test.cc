#include "orchestrator/tasks/http_task_runner.h"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "common/base/test_matchers.h"
#include "common/http/test_server.h"
#include "orchestrator/tasks/test_call.h"

namespace orderflow::tasks {
namespace {

using json::Value;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Answer = http::TestServer::Answer;
using Request = http::TestServer::Request;

constexpr char kInvoke[] = "arn:aws:states:::http:invoke";
constexpr char kArn[] = "arn:aws:events:us-east-1:123456789012:connection/api/1";

class HttpTaskRunnerTest : public ::testing::Test {
 protected:
  // A connection of this server's /v1 and of the authorization given.
  HttpConnections Connections(const std::string& type, std::string parameters) const {
    for (size_t at; (at = parameters.find("URL")) != std::string::npos;)
      parameters.replace(at, 3, server_.url());
    const auto connections = ParseHttpConnections(
        R"({"api": {"AuthorizationType": ")" + type + R"(", "AuthParameters": {)" + parameters +
            R"(}, "AllowHttp": true, "AllowedUrls": [")" + server_.url() + R"(/v1"]}})",
        "");
    EXPECT_THAT(connections, IsOk());
    return connections.value_or(HttpConnections());
  }
  HttpConnections Basic() const {
    return Connections("BASIC",
                       R"("BasicAuthParameters": {"Username": "u", "Password": "geheim"})");
  }
  HttpConnections OAuth() const {
    return Connections("OAUTH_CLIENT_CREDENTIALS", R"("OAuthParameters": {
        "AuthorizationEndpoint": "URL/token", "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "id", "ClientSecret": "geheim"}})");
  }

  std::unique_ptr<TaskRunner> MakeRunner(HttpConnections connections,
                                         absl::Duration max_duration = absl::Seconds(30)) const {
    HttpTaskRunnerOptions options;
    options.connections = std::move(connections);
    options.max_duration = max_duration;
    auto runner = CreateHttpTaskRunner(options);
    EXPECT_THAT(runner, IsOk());
    return *std::move(runner);
  }

  TaskCall CallOf(const std::string& path) const {
    return TaskCall{
        .resource = kInvoke,
        .input = Value::Object({{"ApiEndpoint", server_.url() + path},
                                {"Method", "POST"},
                                {"Authentication", Value::Object({{"ConnectionArn", kArn}})},
                                {"RequestBody", Value::Object({{"amount", 5}})}}),
        .idempotency_key = "key",
        .deadline = absl::Now() + absl::Seconds(30)};
  }

  // Ready to be answered by the test's own function, too.
  Answer Handle(const Request& request) {
    requests_.Add(request);
    if (answer_) return answer_(request);
    return {.headers = {{"Content-Type", "application/json"}}, .body = request.body};
  }

  std::function<Answer(const Request&)> answer_;
  Requests requests_;
  http::TestServer server_{[this](const Request& request) { return Handle(request); }};
};

TEST_F(HttpTaskRunnerTest, ACallCarriesTheCredentialOfItsConnection) {
  const auto runner = MakeRunner(Basic());
  Told told;
  const auto task = runner->Run(CallOf("/v1/charges"), told.Done());
  const Value output = told.WaitForOutput();
  EXPECT_EQ(*output.Find("ResponseBody"), Value::Object({{"amount", 5}}));
  EXPECT_EQ(*output.Find("StatusCode"), Value(200));
  EXPECT_EQ(*output.Find("StatusText"), Value("OK"));
  const Request request = requests_.Await();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/charges");
  EXPECT_EQ(request.Header("authorization"), "Basic dTpnZWhlaW0=");
  EXPECT_EQ(request.Header("user-agent"), "Amazon|StepFunctions|HttpInvoke|us-east-1");
}

TEST_F(HttpTaskRunnerTest, ARequestIsShownWithoutItsCredential) {
  const auto runner = MakeRunner(Basic());
  const TaskCall call = CallOf("/v1/charges");
  const auto shown = runner->ShowRequest(kInvoke, call.input, /*reveal_secrets=*/false);
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->protocol, "http");
  EXPECT_EQ(shown->method, "POST");
  EXPECT_EQ(shown->url, server_.url() + "/v1/charges");
  EXPECT_EQ(shown->body, R"({"amount":5})");
  EXPECT_THAT(shown->headers, Not(Contains(HasSubstr("Authorization"))));
  const auto revealed = runner->ShowRequest(kInvoke, call.input, /*reveal_secrets=*/true);
  EXPECT_THAT(revealed->headers, Contains("Authorization: Basic dTpnZWhlaW0="));
  EXPECT_FALSE(runner->ShowRequest(kInvoke, CallOf("/v2").input, true).has_value())
      << "nothing is sent there";
}

TEST_F(HttpTaskRunnerTest, NothingIsSentElsewhere) {
  const auto runner = MakeRunner(Basic());
  for (const char* path : {"/v2", "/v1/../v2", "/v10"}) {
    Told told;
    const auto task = runner->Run(CallOf(path), told.Done());
    const asl::Failure failure = told.WaitForFailure();
    EXPECT_EQ(failure.error, "Events.ConnectionResource.AccessDenied") << path;
    EXPECT_THAT(*failure.cause, AllOf(HasSubstr("AllowedUrls"), Not(HasSubstr("geheim"))));
  }
  TaskCall unknown = CallOf("/v1");
  unknown.input = unknown.input.With("Authentication", Value::Object({{"ConnectionArn", "x"}}));
  Told told;
  const auto task = runner->Run(std::move(unknown), told.Done());
  EXPECT_EQ(told.WaitForFailure().error, "Events.ConnectionResource.ResourceNotFound");
  EXPECT_EQ(requests_.size(), 0u);
}

TEST_F(HttpTaskRunnerTest, ARedirectIsNotFollowed) {
  answer_ = [this](const Request&) {
    return Answer{.status = 302, .headers = {{"Location", server_.url() + "/elsewhere"}}};
  };
  const auto runner = MakeRunner(Basic());
  Told told;
  const auto task = runner->Run(CallOf("/v1"), told.Done());
  EXPECT_EQ(told.WaitForFailure().error, "States.Http.StatusCode.302");
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(HttpTaskRunnerTest, NoAnswerIsASocketError) {
  answer_ = [](const Request&) { return Answer{.delivery = Answer::Delivery::kCut}; };
  const auto runner = MakeRunner(Basic());
  Told told;
  TaskCall call = CallOf("/v1/a?secret=1");
  const auto task = runner->Run(std::move(call), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "States.Http.Socket");
  EXPECT_THAT(*failure.cause, AllOf(HasSubstr("/v1/a: "), Not(HasSubstr("secret"))));
}

TEST_F(HttpTaskRunnerTest, TheLimitIsASocketErrorAndTheTasksOwnATimeout) {
  answer_ = [](const Request&) { return Answer{.delivery = Answer::Delivery::kSilent}; };
  const auto runner = MakeRunner(Basic(), absl::Milliseconds(700));
  Told limit;
  TaskCall call = CallOf("/v1");
  call.deadline = std::nullopt;
  const auto task = runner->Run(std::move(call), limit.Done());
  EXPECT_EQ(limit.WaitForFailure().error, "States.Http.Socket");
  Told own;
  call = CallOf("/v1");
  call.deadline = absl::Now() + absl::Milliseconds(50);
  const auto second = runner->Run(std::move(call), own.Done());
  EXPECT_EQ(own.WaitForFailure().error, "States.Timeout");
  Told late;
  call = CallOf("/v1");
  call.deadline = absl::Now() - absl::Seconds(1);
  const auto third = runner->Run(std::move(call), late.Done());
  EXPECT_EQ(late.WaitForFailure().error, "States.Timeout");
}

TEST_F(HttpTaskRunnerTest, ATokenIsAskedForOnceAndKept) {
  std::promise<void> open;
  const std::shared_future<void> gate = open.get_future();
  answer_ = [gate](const Request& request) -> Answer {
    if (request.target != "/token") return {.body = "fine"};
    gate.wait();
    return {.body = R"({"access_token": "t1", "token_type": "bearer", "expires_in": 3600})"};
  };
  const auto runner = MakeRunner(OAuth());
  Told first, second, third;
  const auto task = runner->Run(CallOf("/v1/1"), first.Done());
  const auto other = runner->Run(CallOf("/v1/2"), second.Done());
  const Request asked = requests_.Await();
  open.set_value();
  first.WaitForOutput();
  second.WaitForOutput();
  const auto last = runner->Run(CallOf("/v1/3"), third.Done());
  third.WaitForOutput();
  EXPECT_EQ(asked.target, "/token");
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.body, "grant_type=client_credentials");
  EXPECT_EQ(asked.Header("authorization"), "Basic aWQ6Z2VoZWlt");
  EXPECT_EQ(asked.Header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(requests_.size(), 4u);
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(requests_.Await(i).Header("authorization"), "Bearer t1");
}

TEST_F(HttpTaskRunnerTest, ATokenThatIsAboutToEndIsReplaced) {
  std::atomic<int> tokens = 0;
  answer_ = [&](const Request& request) -> Answer {
    if (request.target != "/token") return {.body = request.Header("authorization")};
    return {.body =
                R"({"access_token": "t)" + std::to_string(++tokens) + R"(", "expires_in": 20})"};
  };
  const auto runner = MakeRunner(OAuth());
  for (const char* expected : {"Bearer t1", "Bearer t2"}) {
    Told told;
    const auto task = runner->Run(CallOf("/v1"), told.Done());
    EXPECT_EQ(*told.WaitForOutput().Find("ResponseBody"), Value(expected));
  }
}

TEST_F(HttpTaskRunnerTest, ARefusedTokenIsReplacedOnce) {
  std::atomic<int> tokens = 0;
  answer_ = [&](const Request& request) -> Answer {
    if (request.target == "/token")
      return {.body = R"({"access_token": "t)" + std::to_string(++tokens) + R"("})"};
    const bool good = request.Header("authorization") == "Bearer t2" && request.target == "/v1/a";
    return {.status = good ? 200 : 401};
  };
  const auto runner = MakeRunner(OAuth());
  Told told, refused;
  const auto task = runner->Run(CallOf("/v1/a"), told.Done());
  told.WaitForOutput();
  EXPECT_EQ(tokens, 2);
  const auto never = runner->Run(CallOf("/v1/b"), refused.Done());
  EXPECT_EQ(refused.WaitForFailure().error, "States.Http.StatusCode.401");
  EXPECT_EQ(tokens, 3);
}

TEST_F(HttpTaskRunnerTest, WithoutATokenTheTaskFailsAndTellsNoSecret) {
  answer_ = [](const Request& request) -> Answer {
    if (request.body.empty()) return {.delivery = Answer::Delivery::kCut};
    return {.status = 400, .body = "geheim is wrong"};
  };
  const auto runner = MakeRunner(OAuth());
  Told told;
  const auto task = runner->Run(CallOf("/v1"), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "Events.ConnectionResource.InvalidConnectionState");
  EXPECT_THAT(*failure.cause, AllOf(HasSubstr("\"api\" answered 400"), Not(HasSubstr("geheim"))));

  answer_ = [](const Request&) { return Answer{.body = R"({"token": "geheim"})"}; };
  Told second;
  const auto again = runner->Run(CallOf("/v1"), second.Done());
  EXPECT_THAT(*second.WaitForFailure().cause, HasSubstr("without an access_token"));

  answer_ = [](const Request&) { return Answer{.delivery = Answer::Delivery::kCut}; };
  Told third;
  const auto cut = runner->Run(CallOf("/v1"), third.Done());
  EXPECT_EQ(third.WaitForFailure().error, "Events.ConnectionResource.InternalError");
}

TEST_F(HttpTaskRunnerTest, ACancelledCallIsNotTold) {
  std::promise<void> arrived;
  answer_ = [&](const Request&) {
    arrived.set_value();
    return Answer{.delivery = Answer::Delivery::kSilent};
  };
  Told told;
  const auto runner = MakeRunner(Basic());
  {
    const auto task = runner->Run(CallOf("/v1"), told.Done());
    arrived.get_future().wait();
    task->Cancel();
  }
  EXPECT_FALSE(told.told());
}

TEST_F(HttpTaskRunnerTest, WrongParametersAreAFailure) {
  const auto runner = MakeRunner(Basic());
  Told told;
  TaskCall call = CallOf("/v1");
  call.input = call.input.With("Method", "TRACE");
  const auto task = runner->Run(std::move(call), told.Done());
  EXPECT_EQ(told.WaitForFailure().error, "States.Runtime");
}

TEST_F(HttpTaskRunnerTest, WhatCannotBeCarriedOutIsRefusedWithTheSetting) {
  EXPECT_EQ(MakeRunner(Basic())->CheckResource(kInvoke), std::nullopt);
  EXPECT_THAT(MakeRunner(Basic())->CheckResource(std::string(kInvoke) + ".waitForTaskToken"),
              ::testing::Optional(HasSubstr("is not supported")));
  EXPECT_THAT(MakeRunner({})->CheckResource(kInvoke),
              ::testing::Optional(HasSubstr("--http_connections")));
  EXPECT_THAT(MakeRunner(Basic())->CheckArguments(kInvoke, CallOf("/v2").input),
              ::testing::Optional(HasSubstr("is not for")));
  HttpTaskRunnerOptions options;
  options.ca_file = "/nowhere/ca.pem";
  EXPECT_THAT(CreateHttpTaskRunner(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--http_ca")));
}

}  // namespace
}  // namespace orderflow::tasks
