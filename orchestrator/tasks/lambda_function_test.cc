#include "orchestrator/tasks/lambda_function.h"

#include <string>
#include <utility>

#include "common/base/test_matchers.h"

namespace orderflow::tasks {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(LambdaFunctionTest, AnArnNamesRegionAccountNameAndQualifier) {
  EXPECT_THAT(ParseLambdaArn("arn:aws:lambda:eu-central-1:123456789012:function:charge-payment"),
              IsOkAndHolds(LambdaFunction{"eu-central-1", "123456789012", "charge-payment", ""}));
  EXPECT_THAT(ParseLambdaArn("arn:aws:lambda:us-east-1:123456789012:function:a_B9:live"),
              IsOkAndHolds(LambdaFunction{"us-east-1", "123456789012", "a_B9", "live"}));
  EXPECT_THAT(ParseLambdaArn("arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"),
              IsOkAndHolds(LambdaFunction{"us-east-1", "123456789012", "f", "$LATEST"}));
}

TEST(LambdaFunctionTest, AMistakeInAnArnIsNamed) {
  const std::pair<std::string, std::string> cases[] = {
      {"arn:aws:lambda:", "the region or the account is missing"},
      {"arn:aws:lambda:Mars!:123456789012:function:f", "\"Mars!\" is not a region"},
      {"arn:aws:lambda:us-east-1:1234:function:f", "\"1234\" is not an account of 12 digits"},
      {"arn:aws:lambda:us-east-1:123456789012:layer:f", "\"function\" is missing"},
      {"arn:aws:lambda:us-east-1:123456789012:function", "the function's name is missing"},
      {"arn:aws:lambda:us-east-1:123456789012:function:", "\"\" is not a function's name"},
      {"arn:aws:lambda:us-east-1:123456789012:function:a/b", "\"a/b\" is not a function's name"},
      {"arn:aws:lambda:us-east-1:123456789012:function:f:", "\"\" is neither a version"},
      {"arn:aws:lambda:us-east-1:123456789012:function:f:1:2", "what is behind \"1\"?"},
      {"f", "not the ARN of a function"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(ParseLambdaArn(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(message), HasSubstr("; expected arn:aws:lambda:REGION"))))
        << text;
  }
}

TEST(LambdaFunctionTest, AFunctionNameMayBeShort) {
  EXPECT_THAT(ParseFunctionName("f"), IsOkAndHolds(LambdaFunction{"", "", "f", ""}));
  EXPECT_THAT(ParseFunctionName("f:7"), IsOkAndHolds(LambdaFunction{"", "", "f", "7"}));
  EXPECT_THAT(ParseFunctionName("123456789012:function:f:7"),
              IsOkAndHolds(LambdaFunction{"", "123456789012", "f", "7"}));
  EXPECT_THAT(ParseFunctionName("arn:aws:lambda:us-east-1:123456789012:function:f"),
              IsOkAndHolds(LambdaFunction{"us-east-1", "123456789012", "f", ""}));
  for (const char* wrong : {"", "a b", "f:g:h", "12:function:f", "../x", "f?Qualifier=1"}) {
    EXPECT_THAT(ParseFunctionName(wrong), StatusIs(absl::StatusCode::kInvalidArgument)) << wrong;
  }
}

TEST(LambdaFunctionTest, IsShownAsFarAsItIsKnown) {
  for (const char* text : {"f", "f:7", "123456789012:function:f:7",
                           "arn:aws:lambda:us-east-1:123456789012:function:f"}) {
    EXPECT_EQ(ParseFunctionName(text)->ToString(), text);
  }
}

}  // namespace
}  // namespace orderflow::tasks
