#include "orchestrator/engine/arn.h"

#include "gtest/gtest.h"

namespace orderflow::engine {
namespace {

constexpr char kMachine[] = "arn:aws:states:eu-central-1:123456789012:stateMachine:orders";

TEST(ArnTest, NamesFollowTheFormOfAws) {
  EXPECT_EQ(StateMachineArn("eu-central-1", "123456789012", "orders"), kMachine);
  EXPECT_EQ(ExecutionArn(kMachine, "7"),
            "arn:aws:states:eu-central-1:123456789012:execution:orders:7");
  EXPECT_EQ(ExpressExecutionArn(kMachine, "7", "u"),
            "arn:aws:states:eu-central-1:123456789012:express:orders:7:u");
}

TEST(ArnTest, AnExecutionsArnNamesItsStateMachine) {
  EXPECT_EQ(StateMachineArnOf(ExecutionArn(kMachine, "7")), kMachine);
  EXPECT_EQ(StateMachineArnOf(ExpressExecutionArn(kMachine, "7", "u")), kMachine);
}

TEST(ArnTest, PartsAreFound) {
  const auto arn = ParseArn("arn:aws:states:r:a:express:m:n:u");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->kind, Arn::Kind::kExpress);
  EXPECT_EQ(arn->region, "r");
  EXPECT_EQ(arn->account, "a");
  EXPECT_EQ(arn->machine, "m");
  EXPECT_EQ(arn->name, "n");
  EXPECT_EQ(arn->id, "u");
}

TEST(ArnTest, WhatIsNoneOfOursIsRefused) {
  for (const char* text :
       {"", "arn", "arn:aws:states:", "arn:aws:lambda:r:a:function:f",
        "arn:aws:states:r:a:stateMachine:", "arn:aws:states:r:a:stateMachine:m:1",
        "arn:aws:states:r:a:stateMachine:m:", "arn:aws:states::a:stateMachine:m",
        "arn:aws:states:r::stateMachine:m", "arn:aws:states:r:a:execution:m",
        "arn:aws:states:r:a:execution:m:", "arn:aws:states:r:a:execution:m:n:x",
        "arn:aws:states:r:a:execution:m:n:", "arn:aws:states:r:a:express:m:n",
        "arn:aws:states:r:a:activity:m:n"}) {
    EXPECT_FALSE(ParseArn(text)) << text;
  }
}

}  // namespace
}  // namespace orderflow::engine
