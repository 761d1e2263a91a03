#include "orchestrator/api/aws_operations.h"

#include <google/protobuf/descriptor.h>

#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/await.h"
#include "common/base/test_matchers.h"
#include "common/http/client.h"
#include "common/json/value.h"
#include "common/rpc/served_method.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/api/test_orchestrator.h"

namespace orderflow::api {
namespace {

OrchestratorOptions WithAws() {
  OrchestratorOptions options;
  options.aws.listen = "127.0.0.1:0";
  return options;
}

class AwsOperationsTest : public ::testing::Test {
 protected:
  http::Request RequestOf(const std::string& operation, const json::Value& input) {
    http::Request request;
    request.url = absl::StrCat("http://", orchestrator_.aws_address(), "/");
    request.headers = {"Content-Type: application/x-amz-json-1.0",
                       absl::StrCat("X-Amz-Target: AWSStepFunctions.", operation)};
    request.body = json::Serialize(input);
    return request;
  }
  json::Value Post(const std::string& operation, const json::Value& input) {
    auto response = Await<http::Response>([&](Callback<http::Response> done) {
      client_.Send(RequestOf(operation, input), std::move(done));
    });
    EXPECT_THAT(response, IsOk());
    return response.ok() ? json::Parse(response->body).value.value_or(json::Value()) : nullptr;
  }
  std::string ErrorOf(const std::string& operation, const json::Value& input) {
    const json::Value answer = Post(operation, input);
    const json::Value* type = answer.Find("__type");
    return type == nullptr ? "" : type->AsString();
  }
  std::string TextOf(const json::Value& answer, std::string_view member) {
    const json::Value* found = answer.Find(member);
    EXPECT_NE(found, nullptr) << member << " in " << json::Serialize(answer);
    return found == nullptr ? "" : found->AsString();
  }
  json::Value Definition(std::string_view result) {
    return absl::StrCat(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Result":")",
                        std::string(result), R"(","End":true}}})");
  }

  Script script_;
  TestOrchestrator orchestrator_{script_, WithAws()};
  http::Client client_{http::Client::Options()};
};

TEST_F(AwsOperationsTest, EveryMethodOfTheServiceIsAnOperation) {
  const auto& service =
      *workflow::v1::CreateStateMachineRequest::descriptor()->file()->FindServiceByName(
          "WorkflowService");
  for (int i = 0; i < service.method_count(); ++i) {
    EXPECT_NE(ErrorOf(service.method(i)->name(), json::Value::Object({})),
              "UnknownOperationException")
        << service.method(i)->name();
  }
  EXPECT_EQ(ErrorOf("Nonsense", json::Value::Object({})), "UnknownOperationException");
}

TEST_F(AwsOperationsTest, AWorkerThatHasGoneIsHandedNoTask) {
  const std::string activity =
      TextOf(Post("CreateActivity", json::Value::Object({{"name", "packing"}})), "activityArn");
  const json::Value ask = json::Value::Object({{"activityArn", activity}});
  const std::atomic<int64_t>& in_flight =
      rpc::MethodTaking(*workflow::v1::GetActivityTaskRequest::descriptor()).service->in_flight;
  ASSERT_EQ(in_flight.load(), 0);
  const http::Client::Ticket gone = client_.Send(
      RequestOf("GetActivityTask", ask), [](absl::StatusOr<http::Response>) { ADD_FAILURE(); });
  while (in_flight.load() == 0) std::this_thread::yield();
  client_.Cancel(gone);
  while (in_flight.load() != 0) std::this_thread::yield();

  const std::string machine =
      TextOf(Post("CreateStateMachine",
                  json::Value::Object(
                      {{"name", "pack"},
                       {"definition",
                        absl::StrCat(R"({"StartAt":"A","States":{"A":{"Type":"Task","Resource":")",
                                     activity, R"(","End":true}}})")}})),
             "stateMachineArn");
  const std::string execution =
      TextOf(Post("StartExecution",
                  json::Value::Object({{"stateMachineArn", machine}, {"input", R"({"box":1})"}})),
             "executionArn");
  const json::Value task = Post("GetActivityTask", ask);
  EXPECT_EQ(TextOf(task, "input"), R"({"box":1})");
  const std::string token = TextOf(task, "taskToken");
  Post("SendTaskSuccess", json::Value::Object({{"taskToken", token}, {"output", "\"packed\""}}));
  EXPECT_EQ(ErrorOf("SendTaskSuccess",
                    json::Value::Object({{"taskToken", token}, {"output", "\"again\""}})),
            "TaskTimedOut");
  json::Value ended;
  do {
    ended = Post("DescribeExecution", json::Value::Object({{"executionArn", execution}}));
  } while (TextOf(ended, "status") == "RUNNING");
  EXPECT_EQ(TextOf(ended, "output"), "\"packed\"");
}

TEST_F(AwsOperationsTest, AnAliasLeadsToBothOfItsVersions) {
  const json::Value created =
      Post("CreateStateMachine", json::Value::Object({{"name", "routed"},
                                                      {"definition", Definition("one")},
                                                      {"publish", true},
                                                      {"type", "EXPRESS"}}));
  const std::string arn = TextOf(created, "stateMachineArn");
  const std::string first = TextOf(created, "stateMachineVersionArn");
  EXPECT_EQ(first, arn + ":1");
  const std::string second = TextOf(
      Post("UpdateStateMachine",
           json::Value::Object(
               {{"stateMachineArn", arn}, {"definition", Definition("two")}, {"publish", true}})),
      "stateMachineVersionArn");
  const std::string alias = TextOf(
      Post("CreateStateMachineAlias",
           json::Value::Object(
               {{"name", "PROD"},
                {"routingConfiguration",
                 json::Value::List(
                     {json::Value::Object({{"stateMachineVersionArn", first}, {"weight", 50}}),
                      json::Value::Object(
                          {{"stateMachineVersionArn", second}, {"weight", 50}})})}})),
      "stateMachineAliasArn");
  EXPECT_EQ(alias, arn + ":PROD");
  // A hundred draws that all fall on one side happen once in 10^29 runs.
  std::set<std::string> outputs;
  for (int i = 0; i < 100; ++i) {
    outputs.insert(TextOf(
        Post("StartSyncExecution", json::Value::Object({{"stateMachineArn", alias}})), "output"));
  }
  EXPECT_THAT(outputs, ::testing::ElementsAre(R"("one")", R"("two")"));
  EXPECT_EQ(TextOf(Post("StartSyncExecution", json::Value::Object({{"stateMachineArn", first}})),
                   "output"),
            R"("one")");
  EXPECT_EQ(ErrorOf("StartExecution", json::Value::Object({{"stateMachineArn", arn + ":7"}})),
            "StateMachineDoesNotExist");
  EXPECT_EQ(ErrorOf("StartExecution", json::Value::Object({{"stateMachineArn", arn + ":NONE"}})),
            "StateMachineDoesNotExist");
  EXPECT_EQ(ErrorOf("DeleteStateMachineVersion",
                    json::Value::Object({{"stateMachineVersionArn", first}})),
            "ConflictException");
}

TEST_F(AwsOperationsTest, RoutesThatMakeNoSenseAreRefused) {
  const json::Value created =
      Post("CreateStateMachine",
           json::Value::Object(
               {{"name", "routes"}, {"definition", Definition("one")}, {"publish", true}}));
  const std::string arn = TextOf(created, "stateMachineArn");
  const auto route = [&](const std::string& qualifier, int weight) {
    return json::Value::Object({{"stateMachineVersionArn", arn + qualifier}, {"weight", weight}});
  };
  const std::pair<json::Value, const char*> cases[] = {
      {json::Value::List({}), "ValidationException"},
      {json::Value::List({route(":1", 99)}), "ValidationException"},
      {json::Value::List({route(":1", 50), route(":1", 50)}), "ValidationException"},
      {json::Value::List({route("", 100)}), "ValidationException"},
      {json::Value::List({route(":1", -1), route(":2", 101)}), "ValidationException"},
      {json::Value::List({route(":2", 100)}), "ResourceNotFound"}};
  for (const auto& [routes, error] : cases) {
    EXPECT_EQ(ErrorOf("CreateStateMachineAlias",
                      json::Value::Object({{"name", "PROD"}, {"routingConfiguration", routes}})),
              error)
        << json::Serialize(routes);
  }
  for (const char* name : {"", "7", "a b", "ä"}) {
    EXPECT_EQ(ErrorOf("CreateStateMachineAlias",
                      json::Value::Object(
                          {{"name", name},
                           {"routingConfiguration", json::Value::List({route(":1", 100)})}})),
              "ValidationException")
        << name;
  }
}

TEST_F(AwsOperationsTest, ADefinitionIsValidatedWithoutBeingKept) {
  const json::Value good = Post("ValidateStateMachineDefinition",
                                json::Value::Object({{"definition", Definition("x")}}));
  EXPECT_EQ(json::Serialize(good), R"({"result":"OK","diagnostics":[],"truncated":false})");
  const json::Value bad = Post("ValidateStateMachineDefinition",
                               json::Value::Object({{"definition", "{}"}, {"maxResults", 1}}));
  EXPECT_EQ(TextOf(bad, "result"), "FAIL");
  ASSERT_EQ(bad.Find("diagnostics")->size(), 1u);
  const json::Value& diagnostic = *bad.Find("diagnostics")->At(0);
  EXPECT_EQ(TextOf(diagnostic, "severity"), "ERROR");
  EXPECT_EQ(TextOf(diagnostic, "code"), "SCHEMA_VALIDATION_FAILED");
  EXPECT_EQ(TextOf(diagnostic, "location"), "/");
  EXPECT_EQ(ErrorOf("ValidateStateMachineDefinition",
                    json::Value::Object({{"definition", "{}"}, {"maxResults", 101}})),
            "ValidationException");
}

}  // namespace
}  // namespace orderflow::api
