#include "orchestrator/tasks/grpc_task_runner.h"

#include <google/protobuf/descriptor.pb.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "common/base/await.h"
#include "common/base/test_matchers.h"
#include "common/net/test_port.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "orchestrator/tasks/test_call.h"
#include "orchestrator/tasks/test_server.h"

namespace orderflow::tasks {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<TaskRunner> MakeRunner(const GrpcTaskRunnerOptions& options = {},
                                       const Clock& clock = SystemClock()) {
  absl::StatusOr<std::unique_ptr<TaskRunner>> runner = CreateGrpcTaskRunner(options, clock);
  EXPECT_THAT(runner, IsOk());
  return *std::move(runner);
}

using Types = std::optional<typecheck::TaskTypes>;

absl::StatusOr<Types> TypesOf(TaskRunner& runner, const std::string& resource) {
  return Await<Types>([&](Callback<Types> done) { runner.FindTypes(resource, std::move(done)); });
}

json::Value CauseOf(const asl::Failure& failure) {
  json::ParseResult parsed = json::Parse(failure.cause.value_or(""));
  EXPECT_TRUE(parsed.value.has_value())
      << failure.error.value_or("(no error)") << " " << failure.cause.value_or("(no cause)");
  return parsed.value.value_or(json::Value::Object({{"message", ""}, {"code", ""}}));
}
std::string MessageOf(const asl::Failure& failure) {
  return CauseOf(failure).Find("message")->AsString();
}

FakeInventory::Handler Answering(FakeInventory::Response answer) {
  return [answer](auto& context, const auto&, FakeInventory::Response& response) {
    response = answer;
    return Finish(context);
  };
}
FakeInventory::Handler Failing(grpc::Status status) {
  return [status](auto& context, const auto&, auto&) { return Finish(context, status); };
}

class GrpcTaskRunnerTest : public ::testing::Test {
 protected:
  FakeReflection reflection_;
};

TEST_F(GrpcTaskRunnerTest, TypesComeByReflectionAndValuesPassUnchanged) {
  std::multimap<std::string, std::string> metadata;
  FakeInventory::Request seen;
  FakeInventory inventory([&](auto& context, const auto& request, auto& response) {
    for (const auto& [key, value] : context.client_metadata()) {
      metadata.emplace(std::string(key.data(), key.size()),
                       std::string(value.data(), value.size()));
    }
    seen = request;
    response.set_inventory_status("available");
    response.set_total_minor(9007199254740993);
    return Finish(context);
  });
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  TaskCall call = CallTo(server.address());
  call.input = call.input.With("customer_email", "user@example.com");  // not known to the service
  Told told;
  const auto running = runner->Run(std::move(call), told.Done());

  EXPECT_EQ(
      Serialize(told.WaitForOutput()),
      R"({"inventory_status":"available","reservation_id":"","available_quantity":0,"unit_price_minor":0,)"
      R"("total_minor":9007199254740993,"currency":""})");
  EXPECT_EQ(seen.order_id(), "12345");
  EXPECT_EQ(seen.product_id(), "sku-001");
  EXPECT_EQ(seen.quantity(), 2);
  const auto header = [&](const char* name) {
    return metadata.count(name) == 1 ? metadata.find(name)->second : "(missing or twice)";
  };
  EXPECT_EQ(header("idempotency-key"), "key-1");
  EXPECT_EQ(header("orderflow-execution"), "arn:aws:states:local:0:execution:orders:12345");
  EXPECT_EQ(header("orderflow-attempt"), "3");
  EXPECT_EQ(header("traceparent"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

TEST_F(GrpcTaskRunnerTest, WhoeverAnswersByATokenIsToldIt) {
  std::string token;
  FakeInventory inventory([&](auto& context, const auto&, auto&) {
    const auto found = context.client_metadata().find("orderflow-task-token");
    if (found != context.client_metadata().end())
      token = std::string(found->second.data(), found->second.size());
    return Finish(context);
  });
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  TaskCall call = CallTo(server.address(), std::string(kCheck) + ".waitForTaskToken");
  call.task_token = "the-token";
  EXPECT_EQ(runner->CheckResource(call.resource), std::nullopt);
  Told told;
  const auto running = runner->Run(std::move(call), told.Done());
  told.WaitForOutput();
  EXPECT_EQ(token, "the-token");
  Told plain;
  const auto other = runner->Run(CallTo(server.address()), plain.Done());
  token.clear();
  plain.WaitForOutput();
  EXPECT_EQ(token, "");
}

TEST_F(GrpcTaskRunnerTest, MembersMayBeNamedAsAwsNamesThem) {
  FakeInventory::Request seen;
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_reason("DynamoDB.ConditionalCheckFailedException");
  details.add_details()->PackFrom(info);
  const grpc::Status refused(grpc::StatusCode::ABORTED, "The conditional request failed",
                             details.SerializeAsString());
  FakeInventory inventory([&](auto& context, const auto& request, auto& response) {
    seen = request;
    response.set_inventory_status("available");
    return Finish(context, request.quantity() == 0 ? refused : grpc::Status::OK);
  });
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  TaskCall call = CallTo(server.address());
  call.member_names = MemberNames::kAws;
  call.input = json::Value::Object({{"OrderId", "12345"}, {"productID", "p"}, {"Quantity", 2}});
  Told told;
  const auto running = runner->Run(call, told.Done());
  EXPECT_EQ(*told.WaitForOutput().Find("InventoryStatus"), json::Value("available"));
  EXPECT_EQ(seen.order_id(), "12345");
  EXPECT_EQ(seen.product_id(), "p");
  EXPECT_EQ(seen.quantity(), 2);
  call.input = json::Value::Object({});
  Told failed;
  const auto second = runner->Run(call, failed.Done());
  EXPECT_EQ(failed.WaitForFailure(), (asl::Failure{"DynamoDB.ConditionalCheckFailedException",
                                                   "The conditional request failed"}));
}

TEST_F(GrpcTaskRunnerTest, CallsThatComeTogetherShareOneLookup) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  constexpr int kCalls = 200;
  std::vector<Told> told(kCalls);
  std::vector<std::unique_ptr<RunningTask>> running;
  for (Told& each : told) running.push_back(runner->Run(CallTo(server.address()), each.Done()));
  for (Told& each : told) each.WaitForOutput();
  EXPECT_EQ(reflection_.streams, 1);
  EXPECT_EQ(inventory.calls, kCalls);
}

TEST_F(GrpcTaskRunnerTest, ADescriptorSetMakesReflectionUnnecessary) {
  google::protobuf::FileDescriptorSet files;
  FakeInventory::Request::descriptor()->file()->CopyTo(files.add_file());
  const std::string file = ::testing::TempDir() + "/inventory" + std::to_string(getpid());
  std::ofstream(file, std::ios::binary) << files.SerializeAsString();
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, nullptr);
  const auto runner = MakeRunner({.descriptor_set_file = file});
  Told told, unknown;
  const auto running = runner->Run(CallTo(server.address()), told.Done());
  told.WaitForOutput();
  const auto other = runner->Run(
      CallTo(server.address(), "/orderflow.inventory.v1.InventoryService/Nope"), unknown.Done());
  EXPECT_THAT(MessageOf(unknown.WaitForFailure()), HasSubstr("has no method Nope"));

  const auto types = TypesOf(*runner, "grpc://elsewhere:1" + std::string(kCheck));
  ASSERT_TRUE(types.ok()) << "no server is needed to know them: " << types.status();
  EXPECT_EQ((*types)->request->name, "orderflow.inventory.v1.CheckInventoryRequest");
  std::filesystem::remove(file);
}

TEST_F(GrpcTaskRunnerTest, ABadDescriptorSetIsRefusedAtOnce) {
  const std::string file = ::testing::TempDir() + "/broken" + std::to_string(getpid());
  std::ofstream(file, std::ios::binary) << "this is text";
  EXPECT_THAT(CreateGrpcTaskRunner({.descriptor_set_file = file}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no descriptor set")));
  EXPECT_THAT(CreateGrpcTaskRunner({.descriptor_set_file = "/nonexistent/x.desc"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("cannot read the descriptor set /nonexistent")));
  EXPECT_THAT(CreateGrpcTaskRunner({.tls = {.ca_file = "/nonexistent/ca.pem"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/nonexistent/ca.pem")));
  std::filesystem::remove(file);
}

TEST_F(GrpcTaskRunnerTest, TypesAreAskedForWithoutACall) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  const auto types = TypesOf(*runner, CallTo(server.address()).resource);
  ASSERT_TRUE(types.ok()) << types.status();
  EXPECT_EQ((*types)->response->name, "orderflow.inventory.v1.CheckInventoryResponse");
  EXPECT_THAT(TypesOf(*runner, "grpc://" + server.address() +
                                   "/orderflow.inventory.v1.InventoryService/CheckInventry"),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("has no method CheckInventry; did you mean CheckInventory?")));
  EXPECT_EQ(inventory.calls, 0);
  EXPECT_THAT(TypesOf(*runner, "grpc://127.0.0.1:1" + std::string(kCheck)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot ask 127.0.0.1:1")));
}

TEST_F(GrpcTaskRunnerTest, WhatIsNotThereFailsWithoutHope) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  struct Case {
    std::string path, message;
  };
  const std::vector<Case> cases = {
      {"/orderflow.inventory.v1.InventoryService/Nope",
       "service orderflow.inventory.v1.InventoryService at " + server.address() +
           " has no method Nope"},
      {"/orderflow.NoService/Check",
       "the server at " + server.address() + " has no service orderflow.NoService"},
      {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
       "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo at " + server.address() +
           " streams; a task calls unary methods only"},
  };
  for (const Case& each : cases) {
    Told told;
    const auto running = runner->Run(CallTo(server.address(), each.path), told.Done());
    const asl::Failure failure = told.WaitForFailure();
    EXPECT_EQ(failure.error, "Grpc.UNIMPLEMENTED");
    EXPECT_EQ(MessageOf(failure), each.message);
  }
}

TEST_F(GrpcTaskRunnerTest, AServerWithoutReflectionIsNamed) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, nullptr);
  const auto runner = MakeRunner();
  Told told;
  const auto running = runner->Run(CallTo(server.address()), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "Grpc.UNIMPLEMENTED");
  EXPECT_THAT(MessageOf(failure), HasSubstr(server.address() + " has no reflection"));
}

TEST_F(GrpcTaskRunnerTest, AMethodThatComesWithANewerServerIsFound) {
  FakeInventory inventory(Answering({}));
  reflection_.Alter(
      [](auto& file) { file.mutable_service(0)->mutable_method(0)->set_name("OldName"); });
  TestServer server(inventory, &reflection_);
  FakeClock clock;
  const auto runner = MakeRunner({.unknown_method_ttl = absl::Seconds(5)}, clock);
  auto run = [&] {
    Told told;
    const auto running = runner->Run(CallTo(server.address()), told.Done());
    return std::holds_alternative<json::Value>(told.Wait());
  };
  EXPECT_FALSE(run());
  reflection_.Alter(nullptr);
  EXPECT_FALSE(run()) << "not asked again so soon";
  EXPECT_EQ(reflection_.streams, 1);
  clock.Advance(absl::Seconds(5));
  EXPECT_TRUE(run());
  EXPECT_EQ(reflection_.streams, 2);
}

TEST_F(GrpcTaskRunnerTest, OldTypesServeWhileNewOnesAreFetched) {
  FakeInventory::Response answer;
  answer.set_inventory_status("available");
  FakeInventory inventory(Answering(answer));
  reflection_.Alter([](auto& file) {
    for (auto& message : *file.mutable_message_type()) {
      if (message.name() == "CheckInventoryResponse")
        message.mutable_field(0)->set_name("old_status");
    }
  });
  TestServer server(inventory, &reflection_);
  FakeClock clock;
  const auto runner = MakeRunner({.types_ttl = absl::Minutes(5)}, clock);
  auto run = [&] {
    Told told;
    const auto running = runner->Run(CallTo(server.address()), told.Done());
    return told.WaitForOutput().AsMembers().front().key;
  };
  EXPECT_EQ(run(), "old_status");
  reflection_.Alter(nullptr);
  clock.Advance(absl::Minutes(5));
  std::string member = run();
  EXPECT_EQ(member, "old_status") << "no call waits for newer types";
  // The new types come in the background.
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  while (member == "old_status" && absl::Now() < give_up) member = run();
  EXPECT_EQ(member, "inventory_status");
  EXPECT_EQ(reflection_.streams, 2);
}

TEST_F(GrpcTaskRunnerTest, ADeadlineThatPassesIsATimeoutWithoutCause) {
  Signal ended;
  FakeInventory inventory([&](auto&, const auto&, auto&) { return new UntilCancelled(ended); });
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  Told told;
  TaskCall call = CallTo(server.address());
  call.deadline = absl::Now() + absl::Milliseconds(300);
  const auto running = runner->Run(std::move(call), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure, (asl::Failure{"States.Timeout", std::nullopt}));
  if (inventory.calls == 1) ended.Wait();
}

TEST_F(GrpcTaskRunnerTest, TheDefaultDeadlineIsATimeoutToo) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner({.default_deadline = absl::ZeroDuration()});
  TaskCall call = CallTo(server.address());
  call.deadline.reset();
  Told told;
  const auto running = runner->Run(std::move(call), told.Done());
  EXPECT_EQ(told.WaitForFailure().error, "States.Timeout");
}

TEST_F(GrpcTaskRunnerTest, ADeadlineOfTheServersOwnIsNoTimeout) {
  FakeInventory inventory(Failing({grpc::StatusCode::DEADLINE_EXCEEDED, "my database is slow"}));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  Told told;
  const auto running = runner->Run(CallTo(server.address()), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "Grpc.DEADLINE_EXCEEDED");
  EXPECT_EQ(MessageOf(failure), "my database is slow");
}

TEST_F(GrpcTaskRunnerTest, TheServersReasonIsTheErrorName) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_reason("PRODUCT_NOT_FOUND");
  info.set_domain("inventory.orderflow");
  (*info.mutable_metadata())["product_id"] = "sku-001";
  details.add_details()->PackFrom(info);
  FakeInventory inventory(Failing(
      {grpc::StatusCode::NOT_FOUND, "no product \"sku-001\"", details.SerializeAsString()}));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  Told told;
  const auto running = runner->Run(CallTo(server.address()), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "PRODUCT_NOT_FOUND");
  EXPECT_EQ(failure.cause,
            R"({"code":"NOT_FOUND","message":"no product \"sku-001\"","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"PRODUCT_NOT_FOUND",)"
            R"("domain":"inventory.orderflow","metadata":{"product_id":"sku-001"}}]})");
}

TEST_F(GrpcTaskRunnerTest, AnInputThatDoesNotFitIsNotSent) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  TaskCall call = CallTo(server.address());
  call.input = json::Value::Object({{"order_id", 5}, {"quantity", int64_t{1} << 31}});
  Told told;
  const auto running = runner->Run(std::move(call), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "Grpc.INVALID_ARGUMENT");
  const json::Value cause = CauseOf(failure);
  EXPECT_EQ(cause.Find("code")->AsString(), "INVALID_ARGUMENT");
  EXPECT_THAT(
      cause.Find("message")->AsString(),
      HasSubstr("orderflow.inventory.v1.CheckInventoryRequest: order_id: expected a string"));
  EXPECT_EQ(cause.Find("details")->At(0)->Find("field_violations")->size(), 2u);
  EXPECT_EQ(inventory.calls, 0);
}

TEST_F(GrpcTaskRunnerTest, AServerThatIsDownIsNamedAndFoundWhenItIsUp) {
  FakeInventory inventory(Answering({}));
  const net::TestPort port;
  const std::string address = port.address();
  std::unique_ptr<TestServer> server;
  const auto runner = MakeRunner();
  auto run = [&] {
    Told told;
    const auto running = runner->Run(CallTo(address), told.Done());
    return told.Wait();
  };
  auto expect_down = [&](const TaskOutcome& outcome) {
    const auto& failure = std::get<asl::Failure>(outcome);
    EXPECT_EQ(failure.error, "Grpc.UNAVAILABLE");
    EXPECT_THAT(MessageOf(failure), HasSubstr(address));
    EXPECT_THAT(MessageOf(failure), HasSubstr("orderflow.inventory.v1.InventoryService"));
  };
  auto await_up = [&] {
    const absl::Time give_up = absl::Now() + absl::Seconds(60);
    while (!std::holds_alternative<json::Value>(run())) ASSERT_LT(absl::Now(), give_up);
  };
  expect_down(run());  // when the types are asked for
  server = std::make_unique<TestServer>(inventory, &reflection_, port.number());
  await_up();
  server.reset();
  expect_down(run());  // when the call is made
  server = std::make_unique<TestServer>(inventory, &reflection_, port.number());
  await_up();
}

TEST_F(GrpcTaskRunnerTest, ACancelledCallEndsAtTheServerAndIsNotTold) {
  Signal arrived, ended;
  FakeInventory inventory([&](auto&, const auto&, auto&) {
    arrived.Notify();
    return new UntilCancelled(ended);
  });
  TestServer server(inventory, &reflection_);
  Told told;
  {
    const auto runner = MakeRunner();
    auto running = runner->Run(CallTo(server.address()), told.Done());
    arrived.Wait();
    running->Cancel();
    ended.Wait();
    running->Cancel();  // once more does no harm
  }                     // The runner waits for what is under way.
  EXPECT_FALSE(told.told());
}

TEST_F(GrpcTaskRunnerTest, DroppingTheHandleCancelsAtAnyStage) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  std::atomic<int> told = 0;
  constexpr int kCalls = 300;
  {
    const auto runner = MakeRunner();
    for (int i = 0; i < kCalls; ++i) {
      // The first ones still wait for the types.
      auto running = runner->Run(CallTo(server.address()), [&told](TaskOutcome) { ++told; });
      if (i % 3 == 0) std::this_thread::yield();
    }
    Told last;
    const auto running = runner->Run(CallTo(server.address()), last.Done());
    last.WaitForOutput();
  }
  EXPECT_LE(told, kCalls);
}

TEST_F(GrpcTaskRunnerTest, TheRunnerEndsWhileALookupIsUnderWay) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  for (int i = 0; i < 20; ++i) {
    const auto runner = MakeRunner();
    const auto running = runner->Run(CallTo(server.address()), [](TaskOutcome) {});
  }
}

TEST_F(GrpcTaskRunnerTest, ManyThreadsGetEachAnswerOnce) {
  FakeInventory inventory([](auto& context, const auto& request, auto& response) {
    response.set_reservation_id(request.order_id());
    return Finish(context);
  });
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner({.connections_per_target = 3});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<Told> told(100);
      std::vector<std::unique_ptr<RunningTask>> running;
      auto id = [&](size_t i) { return std::to_string(t) + "-" + std::to_string(i); };
      for (size_t i = 0; i < told.size(); ++i) {
        TaskCall call = CallTo(server.address());
        call.input = call.input.With("order_id", id(i));
        running.push_back(runner->Run(std::move(call), told[i].Done()));
      }
      for (size_t i = 0; i < told.size(); ++i) {
        EXPECT_EQ(told[i].WaitForOutput().Find("reservation_id")->AsString(), id(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(GrpcTaskRunnerTest, AResponseBeyondTheLimitIsAFailure) {
  FakeInventory::Response large;
  large.set_reservation_id(std::string(20'000, 'x'));
  FakeInventory inventory(Answering(large));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner({.max_message_bytes = 15'000});
  Told told;
  const auto running = runner->Run(CallTo(server.address()), told.Done());
  EXPECT_EQ(told.WaitForFailure().error, "Grpc.RESOURCE_EXHAUSTED");
}

TEST_F(GrpcTaskRunnerTest, AResponseThatIsNotOfItsTypeIsAFailure) {
  FakeInventory::Response answer;
  answer.set_inventory_status("a");  // as a nested message: a 64-bit field without its eight bytes
  FakeInventory inventory(Answering(answer));
  reflection_.Alter([](auto& file) {
    file.mutable_service(0)->mutable_method(0)->set_output_type(
        ".orderflow.inventory.v1.ListStockResponse");
  });
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  Told told;
  const auto running = runner->Run(CallTo(server.address()), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "Grpc.INTERNAL");
  EXPECT_THAT(MessageOf(failure),
              HasSubstr("answered what is no orderflow.inventory.v1.ListStockResponse"));
}

TEST_F(GrpcTaskRunnerTest, TypesThatCannotBeBuiltAreAFailure) {
  FakeInventory inventory(Answering({}));
  reflection_.Alter([](auto& file) {
    file.mutable_message_type(0)->mutable_field(0)->set_type_name(".no.Such");
  });
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  Told told;
  const auto running = runner->Run(CallTo(server.address()), told.Done());
  EXPECT_THAT(MessageOf(told.WaitForFailure()), HasSubstr("cannot be used"));
}

TEST_F(GrpcTaskRunnerTest, MetadataTakesAnyText) {
  std::string seen;
  FakeInventory inventory([&seen](auto& context, const auto&, auto&) {
    auto found = context.client_metadata().find("orderflow-execution");
    seen = std::string(found->second.data(), found->second.size());
    return Finish(context);
  });
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner();
  TaskCall call = CallTo(server.address());
  call.execution_arn = "arn:\n\x01é";
  Told told;
  const auto running = runner->Run(std::move(call), told.Done());
  told.WaitForOutput();
  EXPECT_EQ(seen, "arn:%0a%01%c3%a9");
}

TEST_F(GrpcTaskRunnerTest, ANameMayStandForAnotherAddress) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  GrpcTaskRunnerOptions options;
  options.targets["inventory:50052"] = server.address();
  const auto runner = MakeRunner(options);
  Told told;
  const auto running = runner->Run(CallTo("inventory:50052"), told.Done());
  told.WaitForOutput();
  EXPECT_EQ(inventory.calls, 1);
}

TEST_F(GrpcTaskRunnerTest, HostsAreLimited) {
  FakeInventory inventory(Answering({}));
  TestServer server(inventory, &reflection_);
  const auto runner = MakeRunner({.max_targets = 1});
  Told told, refused;
  const auto first = runner->Run(CallTo(server.address()), told.Done());
  told.WaitForOutput();
  const auto second = runner->Run(CallTo("127.0.0.1:1"), refused.Done());
  EXPECT_EQ(refused.WaitForFailure().error, "Grpc.RESOURCE_EXHAUSTED");
}

TEST_F(GrpcTaskRunnerTest, ResourcesAreCheckedWithoutANetwork) {
  const auto runner = MakeRunner();
  EXPECT_EQ(runner->CheckResource("grpc://nowhere:1/a.B/C"), std::nullopt);
  EXPECT_THAT(runner->CheckResource("grpc://nowhere/a.B/C").value_or(""),
              HasSubstr("the port is missing"));
  Told told;
  const auto running = runner->Run(CallTo("nowhere", "/a.B/C"), told.Done());
  EXPECT_EQ(told.WaitForFailure().error, "Grpc.INVALID_ARGUMENT");
}

}  // namespace
}  // namespace orderflow::tasks
