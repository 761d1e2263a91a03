#include "orchestrator/asl/task_token.h"

#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

TEST(TaskTokenTest, ATokenTellsItsExecutionAndAttempt) {
  const ExecutionContext context = *TestExecution::Context();
  const std::optional<TokenContent> content = ReadTaskToken(TaskToken(context, 7));
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->execution_arn, context.execution_arn);
  EXPECT_EQ(content->attempt, 7);
  EXPECT_EQ(ReadTaskToken("no token"), std::nullopt);
  EXPECT_EQ(ReadTaskToken(""), std::nullopt);
}

TEST(TaskTokenTest, NobodyMakesOneWithoutTheKey) {
  ExecutionContext context = *TestExecution::Context();
  const std::string without = TaskToken(context, 7);
  context.token_key = "secret";
  EXPECT_NE(TaskToken(context, 7), without);
  EXPECT_EQ(TaskToken(context, 7), TaskToken(context, 7));
  EXPECT_NE(TaskToken(context, 7), TaskToken(context, 8));
}

}  // namespace
}  // namespace orderflow::asl
