#include "common/rpc/server.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <thread>

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/metrics/metrics.h"
#include "common/rpc/channel.h"
#include "common/rpc/test_module.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "orderflow/inventory/v1/inventory.grpc.pb.h"

namespace orderflow::rpc {
namespace {

namespace health = ::grpc::health::v1;
using receive::v1::ReceiveService;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Response = TestModule::Response;

constexpr char kService[] = "orderflow.receive.v1.ReceiveService";

// A server on a free port, and a channel to it.
class ServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options, module_);
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
    channel_ = *MakeChannel(server_->address(), {.own_connection = true});
  }

  absl::Status Call(const std::string& order_id, Response* response = nullptr) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    TestModule::Request request;
    request.set_order_id(order_id);
    Response ignored;
    return FromGrpcStatus(ReceiveService::NewStub(channel_)->ReceiveOrder(
        &context, request, response == nullptr ? &ignored : response));
  }

  absl::StatusOr<health::HealthCheckResponse::ServingStatus> Health(const std::string& service) {
    grpc::ClientContext context;
    health::HealthCheckRequest request;
    request.set_service(service);
    health::HealthCheckResponse response;
    const grpc::Status status =
        health::Health::NewStub(channel_)->Check(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response.status();
  }

  // Makes the module keep its calls until Release.
  void HoldCalls() {
    module_.SetHandler([this](const TestModule::Request&, Callback<Response> done) {
      MutexLock lock(mutex_);
      held_.push_back(std::move(done));
      changed_.NotifyAll();
    });
  }
  void WaitUntilHeld(size_t count) {
    MutexLock lock(mutex_);
    while (held_.size() < count) changed_.Wait(mutex_);
  }
  void Release() {
    std::vector<Callback<Response>> held;
    {
      MutexLock lock(mutex_);
      held.swap(held_);
    }
    for (Callback<Response>& done : held) std::move(done)(Response());
  }

  TestModule module_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<Callback<Response>> held_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(ServerTest, AnswersReachTheClient) {
  Start();
  Response response;
  EXPECT_THAT(Call("7", &response), IsOk());
  EXPECT_EQ(response.order_id(), "7");
  EXPECT_NE(server_->port(), 0);
  EXPECT_EQ(server_->address(), "127.0.0.1:" + std::to_string(server_->port()));
}

TEST_F(ServerTest, ErrorDetailsReachTheClient) {
  const absl::Status sent = WithErrorInfo(InvalidArgumentError({{"order_id", "is required"}}),
                                          {"BAD", "test.orderflow", {{"order_id", "7"}}});
  module_.SetHandler([&](const auto&, auto done) { std::move(done)(sent); });
  Start();
  const absl::Status status = Call("7");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "order_id: is required"));
  EXPECT_EQ(GetErrorInfo(status), GetErrorInfo(sent));
  EXPECT_EQ(GetFieldViolations(status), GetFieldViolations(sent));
}

TEST_F(ServerTest, TheTextOfAnInternalErrorStaysInside) {
  module_.SetHandler(
      [](const auto&, auto done) { std::move(done)(absl::InternalError("SELECT secret FROM x")); });
  Start();
  EXPECT_THAT(Call("7"), StatusIs(absl::StatusCode::kInternal, Not(HasSubstr("secret"))));
}

TEST_F(ServerTest, CallsAreCountedByMethodAndCode) {
  module_.SetHandler([](const auto&, auto done) { std::move(done)(absl::OutOfRangeError("no")); });
  Start();
  EXPECT_FALSE(Call("7").ok());
  EXPECT_THAT(
      metrics::Default().Text(),
      HasSubstr("grpc_server_handled_total{grpc_service=\"orderflow.receive.v1.ReceiveService\","
                "grpc_method=\"ReceiveOrder\",grpc_code=\"OUT_OF_RANGE\"} 1"));
  EXPECT_THAT(metrics::Default().Text(),
              HasSubstr("grpc_method=\"ListOrders\",grpc_code=\"OK\"} 0"));
}

TEST_F(ServerTest, OversizedRequestIsRefusedBeforeItIsHandled) {
  module_.SetHandler([](const auto&, auto) { FAIL() << "handled"; });
  Start({.max_message_bytes = 1000});
  EXPECT_THAT(Call(std::string(1001, 'x')), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(ServerTest, UnknownServiceOrMethodIsUnimplemented) {
  Start();
  grpc::ClientContext context;
  inventory::v1::GetStockResponse response;
  EXPECT_EQ(inventory::v1::InventoryService::NewStub(channel_)
                ->GetStock(&context, {}, &response)
                .error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  grpc::ClientContext other;
  receive::v1::GetOrderResponse order;
  EXPECT_EQ(ReceiveService::NewStub(channel_)->GetOrder(&other, {}, &order).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServerTest, BytesThatAreNoMessageNeverReachTheHandler) {
  module_.SetHandler([](const auto&, auto) { FAIL() << "handled"; });
  Start();
  grpc::Slice slice("\xff\xff\xff\xff");
  grpc::ByteBuffer garbage(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  std::promise<grpc::Status> answer;
  grpc::GenericStub stub(channel_);
  stub.UnaryCall(&context, std::string("/") + kService + "/ReceiveOrder", grpc::StubOptions(),
                 &garbage, &response,
                 [&](grpc::Status status) { answer.set_value(std::move(status)); });
  EXPECT_FALSE(answer.get_future().get().ok());
  module_.SetHandler(nullptr);
  EXPECT_THAT(Call("8"), IsOk());  // the server goes on
}

TEST_F(ServerTest, CallsBeyondTheLimitAreRefusedWithADelay) {
  HoldCalls();
  Start({.max_concurrent_calls = 1});
  std::thread first([this] { EXPECT_THAT(Call("1"), IsOk()); });
  WaitUntilHeld(1);
  const absl::Status second = Call("2");
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr(kService)));
  EXPECT_TRUE(GetRetryDelay(second).has_value());
  Release();
  first.join();
  module_.SetHandler(nullptr);
  EXPECT_THAT(Call("3"), IsOk());
}

TEST_F(ServerTest, ATakenPortIsNamed) {
  Start();
  TestModule other;
  EXPECT_THAT(Server::Start({.listen = server_->address()}, other),
              StatusIs(absl::StatusCode::kUnavailable,
                       server_->address() + " is in use by another process"));
  EXPECT_THAT(Server::Start({.listen = "nowhere"}, other),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ServerTest, SenselessLimitsAreRefused) {
  EXPECT_THAT(Server::Start({.max_message_bytes = 0}, module_),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Server::Start({.drain_delay = -absl::Seconds(1)}, module_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ServerTest, HealthKnowsTheServerAndItsServices) {
  Start();
  EXPECT_THAT(Health(""), IsOkAndHolds(health::HealthCheckResponse::SERVING));
  EXPECT_THAT(Health(kService), IsOkAndHolds(health::HealthCheckResponse::SERVING));
  EXPECT_THAT(Health("no.such.Service"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ServerTest, AServerThatStartsUnreadySaysSo) {
  module_.SetReady(absl::UnavailableError("no database"));
  Start();
  EXPECT_THAT(Health(""), IsOkAndHolds(health::HealthCheckResponse::NOT_SERVING));
}

TEST_F(ServerTest, WatchersSeeReadinessComeAndGo) {
  Start({.ready_interval = absl::Milliseconds(1)});
  grpc::ClientContext context;
  auto stream = health::Health::NewStub(channel_)->Watch(&context, {});
  health::HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING);
  module_.SetReady(absl::UnavailableError("database gone"));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::NOT_SERVING);
  module_.SetReady(absl::OkStatus());
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING);
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ServerTest, WatchingAnUnknownServiceSaysSo) {
  Start();
  grpc::ClientContext context;
  health::HealthCheckRequest request;
  request.set_service("no.such.Service");
  auto stream = health::Health::NewStub(channel_)->Watch(&context, request);
  health::HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST_F(ServerTest, StopLetsCallsUnderWayEnd) {
  HoldCalls();
  Start({.drain_timeout = absl::Hours(1)});
  grpc::ClientContext context;
  auto watch = health::Health::NewStub(channel_)->Watch(&context, {});
  health::HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  std::thread call([this] { EXPECT_THAT(Call("1"), IsOk()); });
  WaitUntilHeld(1);
  std::thread stop([this] { server_->Stop(); });
  // First watchers are told, then their streams end; the call is still under way.
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(module_.stopped());
  Release();
  stop.join();
  call.join();
  EXPECT_TRUE(module_.stopped());
  EXPECT_FALSE(Call("2").ok());
}

TEST_F(ServerTest, StopCancelsWhatDoesNotEndInTime) {
  HoldCalls();
  Start({.drain_timeout = absl::Milliseconds(1)});
  std::thread call([this] {
    EXPECT_FALSE(Call("1").ok());
    Release();  // the handler must finish all the same
  });
  WaitUntilHeld(1);
  server_->Stop();
  call.join();
  EXPECT_TRUE(module_.stopped());
}

// Calls one after the other; how many failed, and how the first one did.
struct Calls {
  int made = 0;
  int failed = 0;
  absl::Status first_failure;
};

TEST_F(ServerTest, ConnectionsThatAreOldEnoughAreReplacedAndNoCallFails) {
  Start({.max_connection_age = absl::Milliseconds(100)});
  std::vector<Calls> clients(4);
  std::vector<std::thread> threads;
  for (Calls& calls : clients) {
    threads.emplace_back([&] {
      for (; module_.peers().size() < 10; ++calls.made) {
        const absl::Status status = Call("7");
        if (!status.ok() && calls.failed++ == 0) calls.first_failure = status;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Calls& calls : clients) {
    EXPECT_EQ(calls.failed, 0) << "of " << calls.made << ": " << calls.first_failure;
  }
}

// What callers must take for "try again elsewhere". CANCELLED is gRPC's own doing: its server
// cancels calls that arrive between its GOAWAY and the client's notice of it.
TEST_F(ServerTest, CallsThatMeetAShutdownAreUnavailableOrCancelled) {
  for (int round = 0; round < 20; ++round) {
    TestModule module;
    const std::unique_ptr<Server> server = *Server::Start({}, module);
    std::vector<std::thread> threads;
    std::atomic<int> answered = 0;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto channel = *MakeChannel(server->address(), {.own_connection = true});
        const auto stub = ReceiveService::NewStub(channel);
        grpc::Status status;
        for (; status.ok(); ++answered) {
          grpc::ClientContext context;
          Response response;
          status = stub->ReceiveOrder(&context, {}, &response);
        }
        EXPECT_THAT(status.error_code(),
                    AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED))
            << status.error_message();
      });
    }
    while (answered < 500) std::this_thread::yield();
    server->Stop();
    for (std::thread& thread : threads) thread.join();
  }
}

// A client's gRPC sends no more than one ping a second, whatever it is told.
class PingTest : public ServerTest {
 protected:
  // A call that waits for its answer so long that the server, if it permits fewer pings than the
  // client sends, hangs up: at the fourth.
  absl::Status WaitingCall(const PingTimes& pings, std::chrono::seconds patience) {
    HoldCalls();
    Start({.pings = pings});
    channel_ = *MakeChannel(server_->address(), {.own_connection = true, .pings = pings});
    std::future<absl::Status> call = std::async(std::launch::async, [this] { return Call("7"); });
    WaitUntilHeld(1);
    call.wait_for(patience);
    Release();
    return call.get();
  }
};

TEST_F(PingTest, TheServerPermitsTheClientsPings) {
  // The real intervals, all thirty times as short.
  PingTimes pings;
  for (absl::Duration* interval :
       {&pings.client_interval, &pings.server_interval, &pings.permitted_interval}) {
    *interval /= 30;
  }
  EXPECT_THAT(WaitingCall(pings, std::chrono::seconds(6)), IsOk());
}

// Also shows that pings go on for as long as a call waits.
TEST_F(PingTest, AClientThatPingsMoreOftenIsSentAway) {
  EXPECT_THAT(WaitingCall({.client_interval = absl::Seconds(1)}, std::chrono::seconds(60)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Too many pings")));
}

}  // namespace
}  // namespace orderflow::rpc
