#include "orchestrator/tasks/lambda_task_runner.h"

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/test_matchers.h"
#include "common/http/test_server.h"
#include "common/net/test_port.h"
#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/test_call.h"

namespace orderflow::tasks {
namespace {

using json::Value;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Answer = http::TestServer::Answer;

constexpr char kFunction[] = "arn:aws:lambda:eu-central-1:123456789012:function:charge-payment";
constexpr char kInvoke[] = "arn:aws:states:::lambda:invoke";
constexpr char kMethod[] = "grpc://payment:50053/orderflow.payment.v1.PaymentService/ChargePayment";

class LambdaTaskRunnerTest : public ::testing::Test {
 protected:
  std::unique_ptr<TaskRunner> MakeRunner(LambdaTaskRunnerOptions options = {}) {
    if (options.endpoint.empty()) options.endpoint = server_.url();
    return MakeRunnerWithoutEndpoint(std::move(options));
  }
  std::unique_ptr<TaskRunner> MakeRunnerWithoutEndpoint(LambdaTaskRunnerOptions options = {}) {
    auto runner = CreateLambdaTaskRunner(options, grpc_);
    EXPECT_THAT(runner, IsOk());
    return runner.ok() ? *std::move(runner) : nullptr;
  }

  static TaskCall Call(std::string resource, Value input) {
    TaskCall call = CallTo("unused:1");
    call.resource = std::move(resource);
    call.input = std::move(input);
    return call;
  }

  std::shared_ptr<FakeGrpc> grpc_ = std::make_shared<FakeGrpc>();
  Requests requests_;
  std::function<Answer(const http::TestServer::Request&)> handler_ =
      [](const http::TestServer::Request& request) {
        return Answer{
            .headers = {{"X-Amz-Executed-Version", "$LATEST"}, {"x-amzn-RequestId", "5f1e"}},
            .body = request.body};
      };
  http::TestServer server_{[this](const http::TestServer::Request& request) {
    requests_.Add(request);
    return handler_(request);
  }};
};

TEST_F(LambdaTaskRunnerTest, CallsAFunctionByNameAndTellsItAboutTheAttempt) {
  const auto runner = MakeRunner();
  Told told;
  const auto running = runner->Run(
      Call(std::string(kFunction) + ":$LATEST", Value::Object({{"n", 1}})), told.Done());
  EXPECT_EQ(json::Serialize(told.WaitForOutput()), R"({"n":1})");
  const http::TestServer::Request request = requests_.Await();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/2015-03-31/functions/charge-payment/invocations?Qualifier=%24LATEST");
  EXPECT_EQ(request.Header("content-type"), "application/json");
  EXPECT_THAT(request.Header("x-amzn-trace-id"), HasSubstr("Root=1-0af76519-"));
  EXPECT_EQ(request.headers.count("authorization"), 0u);
  std::string context;
  ASSERT_TRUE(absl::Base64Unescape(request.Header("x-amz-client-context"), &context));
  EXPECT_THAT(context, HasSubstr(R"("idempotency-key":"key-1")"));
}

TEST_F(LambdaTaskRunnerTest, InvokeGivesTheEnvelope) {
  const auto runner = MakeRunner();
  Told told;
  const auto running = runner->Run(
      Call(kInvoke, Value::Object({{"FunctionName", "charge-payment"}, {"Payload", nullptr}})),
      told.Done());
  const Value output = told.WaitForOutput();
  EXPECT_EQ(json::Serialize(*output.Find("Payload")), "{}");
  EXPECT_EQ(output.Find("StatusCode")->AsInt(), 200);
  EXPECT_EQ(output.Find("ExecutedVersion")->AsString(), "$LATEST");
  EXPECT_EQ(output.Find("SdkResponseMetadata")->Find("RequestId")->AsString(), "5f1e");
  EXPECT_EQ(output.Find("SdkHttpMetadata")->Find("HttpStatusCode")->AsInt(), 200);
}

TEST_F(LambdaTaskRunnerTest, WithCredentialsRequestsAreSignedAndTheTraceHeaderIsLeftOut) {
  const auto signing = MakeRunner({.region = "eu-central-1",
                                   .access_key_id = "AKIDEXAMPLE",
                                   .secret_access_key = "not-to-be-seen",
                                   .session_token = "session"});
  Told told;
  const auto running = signing->Run(Call(kFunction, Value::Object({})), told.Done());
  told.WaitForOutput();
  const http::TestServer::Request request = requests_.Await();
  EXPECT_THAT(request.Header("authorization"),
              AllOf(HasSubstr("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
                    HasSubstr("/eu-central-1/lambda/aws4_request"),
                    HasSubstr("SignedHeaders=content-type;host;x-amz-client-context;x-amz-date;"
                              "x-amz-security-token"),
                    Not(HasSubstr("not-to-be-seen"))));
  EXPECT_EQ(request.Header("x-amz-security-token"), "session");
  EXPECT_EQ(request.headers.count("x-amzn-trace-id"), 0u);
}

TEST_F(LambdaTaskRunnerTest, AMappedFunctionIsAGrpcMethod) {
  const auto runner = MakeRunner({.functions = {{"charge-payment", kMethod}}});
  Told told;
  const auto running = runner->Run(Call(kFunction, Value::Object({{"n", 1}})), told.Done());
  EXPECT_EQ(json::Serialize(told.WaitForOutput()), R"({"n":1})");
  EXPECT_EQ(grpc_->ran.resource, kMethod);
  EXPECT_EQ(grpc_->ran.idempotency_key, "key-1");
  EXPECT_EQ(grpc_->ran.try_number, 3);
  EXPECT_EQ(requests_.size(), 0u);
}

TEST_F(LambdaTaskRunnerTest, InvokeOfAMappedFunctionGivesTheEnvelopeToo) {
  const auto runner = MakeRunner({.functions = {{"charge-payment", kMethod}}});
  Told told;
  const auto running =
      runner->Run(Call(kInvoke, Value::Object({{"FunctionName", std::string(kFunction) + ":live"},
                                               {"Payload", R"({"n": 2})"}})),
                  told.Done());
  EXPECT_EQ(json::Serialize(told.WaitForOutput()),
            R"({"ExecutedVersion":"$LATEST","Payload":{"n":2},"SdkHttpMetadata":)"
            R"({"AllHttpHeaders":{"x-amzn-RequestId":["key-1/3"]},)"
            R"("HttpHeaders":{"x-amzn-RequestId":"key-1/3"},"HttpStatusCode":200},)"
            R"("SdkResponseMetadata":{"RequestId":"key-1/3"},"StatusCode":200})");
}

TEST_F(LambdaTaskRunnerTest, AMappedFunctionFailsAsItsMethodDoes) {
  const auto runner = MakeRunner({.functions = {{"charge-payment", kMethod}}});
  grpc_->outcome = asl::Failure{"PAYMENT_GATEWAY_UNAVAILABLE", "{}"};
  Told told;
  const auto running =
      runner->Run(Call(kInvoke, Value::Object({{"FunctionName", "charge-payment"}})), told.Done());
  EXPECT_EQ(told.WaitForFailure(), (asl::Failure{"PAYMENT_GATEWAY_UNAVAILABLE", "{}"}));
}

TEST_F(LambdaTaskRunnerTest, WhatAMappedFunctionCannotDoIsRefused) {
  const auto runner = MakeRunner({.functions = {{"f", kMethod}}});
  Told event, garbage;
  const auto first = runner->Run(
      Call(kInvoke, Value::Object({{"FunctionName", "f"}, {"InvocationType", "Event"}})),
      event.Done());
  EXPECT_EQ(event.WaitForFailure().error, "Lambda.InvalidParameterValueException");
  const auto second = runner->Run(
      Call(kInvoke, Value::Object({{"FunctionName", "f"}, {"Payload", "{'a'}"}})), garbage.Done());
  EXPECT_EQ(garbage.WaitForFailure().error, "Lambda.InvalidRequestContentException");
}

TEST_F(LambdaTaskRunnerTest, AFunctionThatFailsGivesItsError) {
  handler_ = [](const http::TestServer::Request&) {
    return Answer{.headers = {{"X-Amz-Function-Error", "Unhandled"}},
                  .body = R"({"errorMessage": "no", "errorType": "CARD_DECLINED"})"};
  };
  const auto runner = MakeRunner();
  Told told;
  const auto running = runner->Run(Call(kFunction, Value::Object({})), told.Done());
  EXPECT_EQ(
      told.WaitForFailure(),
      (asl::Failure{"CARD_DECLINED", R"({"errorMessage": "no", "errorType": "CARD_DECLINED"})"}));
}

TEST_F(LambdaTaskRunnerTest, NoAnswerIsATroubleOfTheClientThatNamesTheEndpoint) {
  handler_ = [](const http::TestServer::Request&) {
    return Answer{.delivery = Answer::Delivery::kCut};
  };
  const net::TestPort nobody;
  for (const std::string& endpoint : {server_.url(), "http://" + nobody.address()}) {
    const auto runner = MakeRunner({.endpoint = endpoint});
    Told told;
    const auto running = runner->Run(Call(kFunction, Value::Object({})), told.Done());
    const asl::Failure failure = told.WaitForFailure();
    EXPECT_EQ(failure.error, "Lambda.SdkClientException");
    EXPECT_THAT(failure.cause.value_or(""), AllOf(HasSubstr(endpoint), HasSubstr(kFunction)));
  }
}

TEST_F(LambdaTaskRunnerTest, ATaskOutOfTimeIsATimeoutWithoutCause) {
  handler_ = [](const http::TestServer::Request&) {
    return Answer{.delivery = Answer::Delivery::kSilent};
  };
  const auto runner = MakeRunner({.default_deadline = absl::Milliseconds(50)});
  Told own, missing, passed;
  TaskCall call = Call(kFunction, Value::Object({}));
  call.deadline = absl::Now() + absl::Milliseconds(50);
  const auto first = runner->Run(call, own.Done());
  call.deadline.reset();
  const auto second = runner->Run(call, missing.Done());
  call.deadline = absl::Now() - absl::Minutes(1);
  call.input = "late";
  const auto third = runner->Run(call, passed.Done());
  for (Told* told : {&own, &missing, &passed})
    EXPECT_EQ(told->WaitForFailure(), (asl::Failure{"States.Timeout", std::nullopt}));
  // The others may have been too slow for that as well.
  for (size_t i = 0; i < requests_.size(); ++i)
    EXPECT_EQ(requests_.Await(i).body, "{}") << "what is late already is not sent";
}

TEST_F(LambdaTaskRunnerTest, AFunctionThatADefinitionNamesIsCheckedBeforeItRuns) {
  const auto mapped_only = CreateLambdaTaskRunner({.functions = {{"charge-payment", kMethod}}},
                                                  std::make_shared<FakeGrpc>());
  ASSERT_THAT(mapped_only, IsOk());
  const auto check = [&](Value name) {
    return (*mapped_only)
        ->CheckArguments(kInvoke, Value::Object({{"FunctionName", std::move(name)}}))
        .value_or("");
  };
  EXPECT_EQ(check("charge-payment"), "");
  EXPECT_EQ(check("{% $name %}"), "");
  EXPECT_EQ(check(Value()), "");
  EXPECT_THAT(check("other"), AllOf(HasSubstr("other"), HasSubstr("--lambda_functions")));
  EXPECT_EQ((*mapped_only)->CheckArguments(kFunction, Value::Object({})), std::nullopt);
}

TEST_F(LambdaTaskRunnerTest, ALargeAnswerExceedsTheLimitEvenIfItIsNoJson) {
  const auto runner = MakeRunner({.max_payload_bytes = 100});
  for (const auto& [text, error] : {std::pair(std::string(101, 'a'), "States.DataLimitExceeded"),
                                    std::pair(std::string(101, '\xff'), "States.DataLimitExceeded"),
                                    std::pair(std::string(100, 'a'), "Lambda.Unknown")}) {
    handler_ = [text = text](const http::TestServer::Request&) { return Answer{.body = text}; };
    Told told;
    const auto task = runner->Run(Call(kFunction, Value::Object({})), told.Done());
    EXPECT_EQ(told.WaitForFailure().error, error);
  }
}

TEST_F(LambdaTaskRunnerTest, AnAnswerTooLargeIsAnExceededLimit) {
  handler_ = [](const http::TestServer::Request&) {
    return Answer{.body = std::string(2000, ' ') + "0"};
  };
  const auto runner = MakeRunner({.max_answer_bytes = 2000});
  Told direct, enveloped;
  const auto first = runner->Run(Call(kFunction, Value::Object({})), direct.Done());
  EXPECT_EQ(direct.WaitForFailure(),
            (asl::Failure{"States.DataLimitExceeded",
                          "The state/task '" + std::string(kFunction) +
                              "' returned a result with a size exceeding the maximum number of "
                              "bytes service limit."}));
  const auto second =
      runner->Run(Call(kInvoke, Value::Object({{"FunctionName", "f"}})), enveloped.Done());
  EXPECT_THAT(enveloped.WaitForFailure().cause.value_or(""),
              HasSubstr("The state/task 'lambda' returned"));
}

TEST_F(LambdaTaskRunnerTest, ACancelledCallIsNotToldAndItsRequestIsGivenUp) {
  handler_ = [](const http::TestServer::Request& request) {
    return request.body == "0" ? Answer{.delivery = Answer::Delivery::kSilent}
                               : Answer{.body = request.body};
  };
  // The only connection: what waits for it goes on when the request before has been given up.
  const auto runner = MakeRunner({.max_connections = 1});
  Told never, told;
  auto running = runner->Run(Call(kFunction, 0), never.Done());
  requests_.Await();
  const auto next = runner->Run(Call(kFunction, 1), told.Done());
  running->Cancel();
  running->Cancel();  // once more does no harm
  EXPECT_EQ(told.WaitForOutput().AsInt(), 1);
  EXPECT_FALSE(never.told());
}

TEST_F(LambdaTaskRunnerTest, DroppingTheHandleCancelsAtAnyStage) {
  const auto runner = MakeRunner({.max_connections = 4});
  for (int i = 0; i < 300; ++i) {
    Told told;
    auto running = runner->Run(Call(kFunction, Value::Object({{"i", i}})), told.Done());
    if (i % 3 == 0) std::this_thread::yield();
    if (i % 5 == 0) told.Wait();
    running.reset();
    // Nobody tells `told`, which ends here, any more.
  }
}

TEST_F(LambdaTaskRunnerTest, ManyThreadsGetEachTheirAnswer) {
  const auto runner = MakeRunner({.max_connections = 8});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        Told told;
        const auto running = runner->Run(Call(kFunction, Value(t * 1000 + i)), told.Done());
        EXPECT_EQ(told.WaitForOutput().AsInt(), t * 1000 + i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(server_.connections(), 8);
}

// --- What is refused, and when ---

TEST_F(LambdaTaskRunnerTest, AnythingCanBeCalledAtAnEndpoint) {
  const auto runner = MakeRunner();
  EXPECT_EQ(runner->CheckResource(kFunction), std::nullopt);
  EXPECT_EQ(runner->CheckResource(kInvoke), std::nullopt);
  EXPECT_THAT(runner->CheckResource("arn:aws:lambda:eu-central-1:1:function:f").value_or(""),
              HasSubstr("\"1\" is not an account"));
  EXPECT_EQ(runner->CheckResource("arn:aws:states:::lambda:invoke.waitForTaskToken"), std::nullopt);
  EXPECT_THAT(runner->CheckResource("arn:aws:states:::lambda:invoke.sync").value_or(""),
              HasSubstr("is not supported"));
}

TEST_F(LambdaTaskRunnerTest, WithoutAnEndpointOnlyMappedFunctionsCanBeCalled) {
  const auto runner = MakeRunnerWithoutEndpoint({.functions = {{"charge-payment", kMethod}}});
  EXPECT_EQ(runner->CheckResource(kFunction), std::nullopt);
  EXPECT_EQ(runner->CheckResource(kInvoke), std::nullopt);
  const std::string other = "arn:aws:lambda:eu-central-1:123456789012:function:other";
  EXPECT_THAT(runner->CheckResource(other).value_or(""),
              AllOf(HasSubstr(other), HasSubstr("--lambda_endpoint"),
                    HasSubstr("map \"other\" to a gRPC method in the file of --lambda_functions")));
  Told told;
  const auto running =
      runner->Run(Call(kInvoke, Value::Object({{"FunctionName", "other"}})), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "Lambda.ResourceNotFoundException");
  EXPECT_THAT(failure.cause.value_or(""), HasSubstr("the function other cannot be called"));
}

TEST_F(LambdaTaskRunnerTest, WithoutAnythingNothingCanBeCalled) {
  const auto runner = MakeRunnerWithoutEndpoint();
  for (const char* resource : {kFunction, kInvoke})
    EXPECT_THAT(runner->CheckResource(resource).value_or(""), HasSubstr("--lambda_endpoint"));
}

TEST_F(LambdaTaskRunnerTest, AFunctionOfAnotherRegionOrAccountIsRefused) {
  const auto elsewhere = MakeRunner({.region = "us-east-1"});
  EXPECT_THAT(elsewhere->CheckResource(kFunction).value_or(""),
              HasSubstr("is in another region than us-east-1 (--lambda_region)"));
  const auto other = MakeRunner({.account = "000000000000"});
  Told told;
  const auto running =
      other->Run(Call(kInvoke, Value::Object({{"FunctionName", kFunction}})), told.Done());
  EXPECT_THAT(told.WaitForFailure().cause.value_or(""),
              HasSubstr("is of another account than 000000000000 (--lambda_account)"));
  EXPECT_EQ(
      MakeRunner({.region = "eu-central-1", .account = "123456789012"})->CheckResource(kFunction),
      std::nullopt);
}

TEST(LambdaTaskRunnerOptionsTest, AMistakeIsNamedByItsFlag) {
  const std::pair<LambdaTaskRunnerOptions, const char*> cases[] = {
      {{.endpoint = "localhost:9001"}, "--lambda_endpoint: \"localhost:9001\" is no URL"},
      {{.endpoint = "http://"}, "is no URL"},
      {{.endpoint = "http://host/path"}, "is no URL"},
      {{.endpoint = "http://user@host"}, "is no URL"},
      {{.functions = {{"a:1", kMethod}}}, "\"a:1\" is not the bare name of a function"},
      {{.functions = {{"a", "http://x"}}}, "--lambda_functions: \"a\": expected grpc://"},
      {{.endpoint = "http://host", .region = "r", .access_key_id = "a"},
       "--lambda_secret_access_key"},
      {{.endpoint = "http://host", .access_key_id = "a", .secret_access_key = "b"},
       "--lambda_region (or AWS_REGION) is missing"},
      {{.endpoint = "http://host",
        .region = "r",
        .access_key_id = "a",
        .secret_access_key = "b\r\nX-Evil: 1"},
       "visible ASCII"},
      {{.max_connections = 0}, "--lambda_connections"},
  };
  for (const auto& [options, message] : cases) {
    EXPECT_THAT(CreateLambdaTaskRunner(options, std::make_shared<FakeGrpc>()),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(message), Not(HasSubstr("X-Evil")))));
  }
}

}  // namespace
}  // namespace orderflow::tasks
