#include "orchestrator/tasks/integration_task_runner.h"

#include <utility>
#include <vector>

#include "common/base/test_matchers.h"
#include "orchestrator/tasks/test_call.h"

namespace orderflow::tasks {
namespace {

using json::Value;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kSend[] = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
constexpr char kRun[] = "arn:aws:states:::ecs:runTask.sync";
constexpr char kMethod[] = "grpc://queue:50060/shop.Queue/Send";

class IntegrationTaskRunnerTest : public ::testing::Test {
 protected:
  TaskCall CallTo(const std::string& resource) const {
    return TaskCall{.resource = resource,
                    .input = Value::Object({{"QueueUrl", "q"}}),
                    .idempotency_key = "key",
                    .task_token = "the token"};
  }

  const std::shared_ptr<FakeGrpc> grpc_ = std::make_shared<FakeGrpc>();
  const std::unique_ptr<TaskRunner> runner_ =
      MakeIntegrationTaskRunner({{kSend, kMethod}, {kRun, kMethod}}, grpc_);
};

TEST_F(IntegrationTaskRunnerTest, TheMethodGetsParametersAndToken) {
  Told told;
  const auto task = runner_->Run(CallTo(kSend), told.Done());
  EXPECT_EQ(told.WaitForOutput(), Value::Object({{"QueueUrl", "q"}}));
  EXPECT_EQ(grpc_->ran.resource, kMethod);
  EXPECT_EQ(grpc_->ran.member_names, MemberNames::kAws);
  EXPECT_EQ(grpc_->ran.task_token, "the token");
  EXPECT_EQ(grpc_->ran.deadline, std::nullopt);
}

TEST_F(IntegrationTaskRunnerTest, AJobIsSubmittedAndDoneWhenTheMethodAnswers) {
  Told told;
  std::vector<Value> submitted;
  TaskCall call = CallTo(kRun);
  call.submitted = [&](Value output) { submitted.push_back(std::move(output)); };
  const auto task = runner_->Run(std::move(call), told.Done());
  const Value output = told.WaitForOutput();
  EXPECT_EQ(submitted, std::vector<Value>{output});
  ASSERT_TRUE(grpc_->ran.deadline.has_value());
  EXPECT_GT(*grpc_->ran.deadline, absl::Now() + absl::Hours(24 * 365));
}

TEST_F(IntegrationTaskRunnerTest, AJobThatFailsWasNotSubmitted) {
  grpc_->outcome = asl::Failure{"ECS.ClusterNotFoundException", "no such cluster"};
  Told told;
  std::vector<Value> submitted;
  TaskCall call = CallTo(kRun);
  call.submitted = [&](Value output) { submitted.push_back(std::move(output)); };
  const auto task = runner_->Run(std::move(call), told.Done());
  EXPECT_EQ(told.WaitForFailure().error, "ECS.ClusterNotFoundException");
  EXPECT_THAT(submitted, SizeIs(0));
}

TEST_F(IntegrationTaskRunnerTest, WhatIsNotMappedIsNamedWithTheSetting) {
  constexpr char kUnmapped[] = "arn:aws:states:::events:putEvents";
  EXPECT_EQ(runner_->CheckResource(kSend), std::nullopt);
  EXPECT_THAT(runner_->CheckResource(kUnmapped).value_or(""),
              AllOf(HasSubstr(kUnmapped), HasSubstr("--integrations")));
  // The way of waiting is part of it.
  EXPECT_NE(runner_->CheckResource("arn:aws:states:::sqs:sendMessage"), std::nullopt);
  Told told;
  const auto task = runner_->Run(CallTo(kUnmapped), told.Done());
  const asl::Failure failure = told.WaitForFailure();
  EXPECT_EQ(failure.error, "States.Runtime");
  EXPECT_THAT(*failure.cause, HasSubstr("--integrations"));
}

TEST(IntegrationsTest, AreReadFromJson) {
  const auto read = ParseIntegrations(R"({
      "arn:aws:states:::sqs:sendMessage.waitForTaskToken": "grpc://queue:50060/shop.Queue/Send",
      "arn:aws:states:::aws-sdk:s3:getObject": "grpcs://files:50061/shop.Files/Get",
      "arn:aws:states:::glue:startJobRun.sync": "grpc://jobs:50062/shop.Jobs/Run"})");
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(*read, SizeIs(3));
  EXPECT_EQ(read->at(kSend), kMethod);
}

TEST(IntegrationsTest, MistakesAreNamedWithTheirMember) {
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {"[", "line 1, column"},
      {"[]", "expected an object"},
      {R"({"sns:publish": "grpc://a:1/b.C/D"})", "\"sns:publish\": no service integration"},
      {R"({"arn:aws:states:::dynamodb:query": "grpc://a:1/b.C/D"})", "no service integration"},
      {R"({"arn:aws:states:::sns": "grpc://a:1/b.C/D"})", "no service integration"},
      {R"({"arn:aws:states:::lambda:invoke": "grpc://a:1/b.C/D"})", "--lambda_functions"},
      {R"({"arn:aws:states:::http:invoke": "grpc://a:1/b.C/D"})", "--http_connections"},
      {R"({"arn:aws:states:::states:startExecution.sync": "grpc://a:1/b.C/D"})", "cannot be"},
      {R"({"arn:aws:states:::sns:publish.sync": "grpc://a:1/b.C/D"})", "where the service offers"},
      {R"({"arn:aws:states:::sns:publish.soon": "grpc://a:1/b.C/D"})", "no service integration"},
      {R"({"arn:aws:states:::sns:publish": 1})", "expected a text"},
      {R"({"arn:aws:states:::sns:publish": "http://a"})", "not a gRPC resource"},
      {R"({"arn:aws:states:::sns:publish": "grpc://a:1/b.C/D.waitForTaskToken"})", "alone"},
  };
  for (const auto& [text, expected] : mistakes) {
    EXPECT_THAT(ParseIntegrations(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(expected)))
        << text;
  }
}

}  // namespace
}  // namespace orderflow::tasks
