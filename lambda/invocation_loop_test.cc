#include "lambda/invocation_loop.h"

#include <functional>
#include <stdexcept>
#include <thread>

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/net/test_port.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lambda/task.h"
#include "lambda/test_runtime_api.h"
#include "orderflow/receive/v1/receive.pb.h"

namespace orderflow::lambda {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Event = TestRuntimeApi::Event;

constexpr char kName[] = "Echo";

class OneFunction final : public Functions {
 public:
  explicit OneFunction(Handler handler) : handlers_{{kName, std::move(handler)}} {}
  const std::map<std::string, Handler>& handlers() const override { return handlers_; }
  absl::StatusOr<json::Value> RunBackgroundWork(Instant) override {
    return json::Value::Object({{"done", 1}});
  }

 private:
  const std::map<std::string, Handler> handlers_;
};

OpenFunctions Opens(Handler handler) {
  return [handler]() -> absl::StatusOr<std::unique_ptr<Functions>> {
    return std::make_unique<OneFunction>(handler);
  };
}

absl::StatusOr<json::Value> Echo(const json::Value& event, Instant) { return event; }

// Runs the loop until the API has no more invocations.
absl::Status RunLoop(const TestRuntimeApi& api, OpenFunctions open,
                     const std::string& name = kName) {
  auto client = RuntimeApi::Create(api.endpoint());
  EXPECT_THAT(client, IsOk());
  return InvocationLoop(**client, name, std::move(open)).Run();
}

// The names of what was posted.
std::vector<std::string> Targets(const TestRuntimeApi& api) {
  std::vector<std::string> targets;
  for (const auto& posted : api.posted()) targets.push_back(posted.target);
  return targets;
}

constexpr char kFirstResponse[] = "/2018-06-01/runtime/invocation/request-1/response";
constexpr char kFirstError[] = "/2018-06-01/runtime/invocation/request-1/error";

TEST(RuntimeApiTest, AnInvocationHasWhatTheHeadersSay) {
  TestRuntimeApi api({{.body = R"({"a":1})", .time_left = absl::Minutes(2)}});
  auto client = RuntimeApi::Create(api.endpoint());
  ASSERT_THAT(client, IsOk());
  auto invocation = (*client)->Next();
  ASSERT_THAT(invocation, IsOk());
  EXPECT_EQ(invocation->request_id, "request-1");
  EXPECT_EQ(invocation->trace_id, "Root=1-2-3;Sampled=1");
  EXPECT_EQ(invocation->function_arn, "arn:aws:lambda:x:1:function:F");
  EXPECT_EQ(invocation->event, R"({"a":1})");
  const auto left = invocation->deadline - std::chrono::steady_clock::now();
  EXPECT_LE(left, std::chrono::minutes(2));
  EXPECT_GT(left, std::chrono::seconds(0));
}

TEST(RuntimeApiTest, AClockThatJumpedGivesNoMoreTimeThanLambdaCan) {
  TestRuntimeApi api({{.body = "{}", .time_left = absl::Hours(1000)}});
  auto client = RuntimeApi::Create(api.endpoint());
  ASSERT_THAT(client, IsOk());
  auto invocation = (*client)->Next();
  ASSERT_THAT(invocation, IsOk());
  EXPECT_LE(invocation->deadline - std::chrono::steady_clock::now(), std::chrono::minutes(15));
}

TEST(RuntimeApiTest, AnEndpointThatIsNoneIsNamed) {
  for (const char* endpoint : {"", "localhost", ":80", "host:", "host:http"}) {
    EXPECT_THAT(RuntimeApi::Create(endpoint),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("AWS_LAMBDA_RUNTIME_API")));
  }
}

TEST(RuntimeApiTest, AnApiThatIsNotThereIsNamed) {
  const net::TestPort nobody;
  const std::string endpoint = nobody.address();
  auto client = RuntimeApi::Create(endpoint);
  ASSERT_THAT(client, IsOk());
  EXPECT_THAT((*client)->Next(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr(endpoint)));
}

TEST(InvocationLoopTest, EventsAreAnsweredOverOneConnection) {
  TestRuntimeApi api({{.body = R"({"a":1})"}, {.body = R"({"b":"ü"})"}});
  EXPECT_THAT(RunLoop(api, Opens(&Echo)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("with status 500")));
  ASSERT_THAT(api.posted(), SizeIs(2));
  EXPECT_EQ(api.posted()[0].target, kFirstResponse);
  EXPECT_EQ(api.posted()[0].body, R"({"a":1})");
  EXPECT_EQ(api.posted()[1].body, R"({"b":"ü"})");
  EXPECT_EQ(api.connections(), 1);
}

TEST(InvocationLoopTest, AStaleConnectionIsReplaced) {
  TestRuntimeApi api({{.body = "1", .then_close = true}, {.body = "2", .then_close = true}});
  RunLoop(api, Opens(&Echo)).IgnoreError();
  ASSERT_THAT(api.posted(), SizeIs(2));
  EXPECT_EQ(api.posted()[1].body, "2");
  EXPECT_EQ(api.connections(), 3);
}

TEST(InvocationLoopTest, AnErrorHasTheNameThatTheWorkflowCatches) {
  TestRuntimeApi api({Event()});
  RunLoop(api, Opens([](const json::Value&, Instant) -> absl::StatusOr<json::Value> {
            return WithErrorInfo(absl::NotFoundError("no such product"),
                                 {"PRODUCT_NOT_FOUND", "inventory.orderflow", {}});
          }))
      .IgnoreError();
  ASSERT_THAT(Targets(api), ElementsAre(kFirstError));
  EXPECT_EQ(api.posted()[0].error_type, "PRODUCT_NOT_FOUND");
  const json::Value error = *json::Parse(api.posted()[0].body).value;
  EXPECT_EQ(error.Find("errorType")->AsString(), "PRODUCT_NOT_FOUND");
  EXPECT_TRUE(error.Find("stackTrace")->IsArray());
  const json::Value cause = *json::Parse(error.Find("errorMessage")->AsString()).value;
  EXPECT_EQ(cause.Find("code")->AsString(), "NOT_FOUND");
  EXPECT_EQ(cause.Find("message")->AsString(), "no such product");
  EXPECT_EQ(cause.Find("details")->size(), 1u);
}

TEST(InvocationLoopTest, OurOwnMistakesKeepTheirTextToTheLog) {
  TestRuntimeApi api({Event()});
  RunLoop(api, Opens([](const json::Value&, Instant) -> absl::StatusOr<json::Value> {
            return absl::InternalError("SELECT secret");
          }))
      .IgnoreError();
  ASSERT_THAT(Targets(api), ElementsAre(kFirstError));
  EXPECT_EQ(api.posted()[0].error_type, "Grpc.INTERNAL");
  EXPECT_THAT(api.posted()[0].body, Not(HasSubstr("secret")));
}

TEST(InvocationLoopTest, AnExceptionIsThatInvocationsErrorOnly) {
  TestRuntimeApi api({{.body = "1"}, {.body = "2"}});
  RunLoop(api, Opens([](const json::Value& event, Instant) -> absl::StatusOr<json::Value> {
            if (event == json::Value(1)) throw std::runtime_error("boom");
            if (event == json::Value(2)) throw 42;
            return event;
          }))
      .IgnoreError();
  ASSERT_THAT(api.posted(), SizeIs(2));
  EXPECT_EQ(api.posted()[0].error_type, "Grpc.INTERNAL");
  EXPECT_EQ(api.posted()[1].error_type, "Grpc.INTERNAL");
}

TEST(InvocationLoopTest, EventsThatAreNoJsonAreRefused) {
  TestRuntimeApi api({{.body = "no json"}, {.body = "\"\xff\xfe\""}, {.body = ""}});
  RunLoop(api, Opens(&Echo)).IgnoreError();
  ASSERT_THAT(api.posted(), SizeIs(3));
  for (const auto& posted : api.posted()) {
    EXPECT_EQ(posted.error_type, "Grpc.INVALID_ARGUMENT");
    EXPECT_THAT(posted.body, HasSubstr("the event is no JSON"));
  }
}

TEST(InvocationLoopTest, TheLargestEventThatLambdaTakesIsHandled) {
  const std::string event = "\"" + std::string(6 << 20, 'x') + "\"";
  TestRuntimeApi api({{.body = event}});
  RunLoop(api, Opens(&Echo)).IgnoreError();
  ASSERT_THAT(Targets(api), ElementsAre(kFirstResponse));
  EXPECT_EQ(api.posted()[0].body, event);
}

TEST(InvocationLoopTest, AnAnswerThatLambdaRefusesBecomesAnError) {
  TestRuntimeApi api({Event(), {.body = "2"}});
  api.AnswerPostsTo("request-1/response", 413);
  RunLoop(api, Opens(&Echo)).IgnoreError();
  EXPECT_THAT(Targets(api), ElementsAre(kFirstResponse, kFirstError,
                                        "/2018-06-01/runtime/invocation/request-2/response"));
}

TEST(InvocationLoopTest, AnApiThatFailsOnAnAnswerEndsTheSandbox) {
  TestRuntimeApi api({Event(), Event()});
  api.AnswerPostsTo("/response", 500);
  EXPECT_THAT(RunLoop(api, Opens(&Echo)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("request-1/response")));
  EXPECT_THAT(api.posted(), SizeIs(1));
}

TEST(InvocationLoopTest, ADeadlineThatHasPassedBeginsNothing) {
  TestRuntimeApi api({{.body = "{}", .time_left = -absl::Seconds(1)}});
  bool called = false;
  RunLoop(api, Opens([&called](const json::Value& event, Instant) -> absl::StatusOr<json::Value> {
            called = true;
            return event;
          }))
      .IgnoreError();
  EXPECT_FALSE(called);
  ASSERT_THAT(api.posted(), SizeIs(1));
  EXPECT_EQ(api.posted()[0].error_type, "Grpc.DEADLINE_EXCEEDED");
}

TEST(InvocationLoopTest, ACallThatDoesNotEndIsAnsweredBeforeLambdaStopsIt) {
  TestRuntimeApi api({{.body = "{}", .time_left = absl::Milliseconds(200)}});
  std::vector<Callback<receive::v1::ReceiveOrderResponse>> never_called;
  const auto before = std::chrono::steady_clock::now();
  RunLoop(api,
          Opens(TaskHandler<receive::v1::ReceiveOrderRequest, receive::v1::ReceiveOrderResponse>(
              [&](const auto&, auto done) { never_called.push_back(std::move(done)); })))
      .IgnoreError();
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(50));
  ASSERT_THAT(Targets(api), ElementsAre(kFirstError));
  EXPECT_EQ(api.posted()[0].error_type, "Grpc.DEADLINE_EXCEEDED");
}

TEST(InvocationLoopTest, AScheduledEventDoesTheBackgroundWork) {
  TestRuntimeApi api({{.body = R"({"source":"aws.events","detail-type":"Scheduled Event"})"}});
  RunLoop(api, Opens(&Echo)).IgnoreError();
  ASSERT_THAT(Targets(api), ElementsAre(kFirstResponse));
  EXPECT_EQ(api.posted()[0].body, R"({"done":1})");
}

TEST(InvocationLoopTest, ASettingThatIsWrongIsTheInitializationsError) {
  TestRuntimeApi api({Event()});
  EXPECT_THAT(RunLoop(api,
                      []() -> absl::StatusOr<std::unique_ptr<Functions>> {
                        return absl::InvalidArgumentError("ORDERFLOW_X: wrong");
                      }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ORDERFLOW_X")));
  ASSERT_THAT(Targets(api), ElementsAre("/2018-06-01/runtime/init/error"));
  EXPECT_EQ(api.posted()[0].error_type, "Grpc.INVALID_ARGUMENT");
  EXPECT_THAT(api.posted()[0].body, HasSubstr("ORDERFLOW_X: wrong"));
}

TEST(InvocationLoopTest, AHandlerThatThePackageDoesNotHaveIsNamed) {
  TestRuntimeApi api({Event()});
  EXPECT_THAT(RunLoop(api, Opens(&Echo), "Other"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("\"Other\""), HasSubstr("Echo"))));
  EXPECT_THAT(Targets(api), ElementsAre("/2018-06-01/runtime/init/error"));
}

TEST(InvocationLoopTest, ADatabaseThatIsBackIsUsedByTheNextInvocation) {
  TestRuntimeApi api({{.body = "1"}, {.body = "2"}});
  int opened = 0;
  RunLoop(api, [&opened]() -> absl::StatusOr<std::unique_ptr<Functions>> {
    if (++opened < 3) return absl::UnavailableError("PostgreSQL cannot be reached");
    return std::make_unique<OneFunction>(&Echo);
  }).IgnoreError();
  ASSERT_THAT(Targets(api),
              ElementsAre(kFirstError, "/2018-06-01/runtime/invocation/request-2/response"));
  EXPECT_EQ(api.posted()[0].error_type, "Grpc.UNAVAILABLE");
  EXPECT_THAT(api.posted()[0].body, HasSubstr("PostgreSQL cannot be reached"));
}

class TaskHandlerTest : public ::testing::Test {
 protected:
  using Request = receive::v1::ReceiveOrderRequest;
  using Response = receive::v1::ReceiveOrderResponse;

  absl::StatusOr<json::Value> Call(const std::string& event) {
    const Handler handler =
        TaskHandler<Request, Response>([this](const Request& request, auto done) {
          request_ = request;
          Response response;
          response.set_order_id(request.order_id());
          std::move(done)(response);
        });
    return handler(*json::Parse(event).value,
                   std::chrono::steady_clock::now() + std::chrono::seconds(10));
  }

  Request request_;
};

TEST_F(TaskHandlerTest, MembersAreNamedAsInTheProto) {
  const auto answer = Call(R"({"order_id":"7","quantity":2,"somebody_elses":{"x":1}})");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(request_.order_id(), "7");
  EXPECT_EQ(request_.quantity(), 2);
  EXPECT_EQ(answer->Find("order_id")->AsString(), "7");
}

TEST_F(TaskHandlerTest, AnEventThatIsNoOrderIsRefusedByField) {
  EXPECT_THAT(Call(R"({"order_id":7,"quantity":"many"})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("orderflow.receive.v1")));
  for (const char* event : {"null", "[]", "\"x\"", "17"}) {
    EXPECT_THAT(Call(event), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("an object")));
  }
}

}  // namespace
}  // namespace orderflow::lambda
