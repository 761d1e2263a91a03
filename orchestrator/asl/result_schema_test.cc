#include "orchestrator/asl/result_schema.h"

#include <string>

#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

std::string Problem(std::string_view schema, std::string_view result) {
  return CheckAgainstSchema(schema, Json(result), /*with_required=*/true).value_or("");
}

std::string ProblemOf(std::string_view resource, std::string_view result, bool required = true) {
  return CheckServiceResult(ParseResource(resource), Json(result), required).value_or("");
}

TEST(ResultSchemaTest, EachKindTakesItsOwnValuesOnly) {
  constexpr char kSchema[] = "{S:s,N:n,B:b,L:[s],M:<n>,O:{A:s},E:e(X|Y),Any:*}";
  EXPECT_EQ(Problem(kSchema, R"({"S": "", "N": 1.5, "B": false, "L": ["a"], "M": {"k": 1},
                                 "O": {"A": "b"}, "E": "Y", "Any": [1], "More": 7})"),
            "");
  EXPECT_EQ(Problem(kSchema, R"({"S": 1})"), "Field 'S' must be a string");
  EXPECT_EQ(Problem(kSchema, R"({"N": "1"})"), "Field 'N' must be a number");
  EXPECT_EQ(Problem(kSchema, R"({"B": 0})"), "Field 'B' must be a boolean");
  EXPECT_EQ(Problem(kSchema, R"({"L": {}})"), "Field 'L' must be an array");
  EXPECT_EQ(Problem(kSchema, R"({"L": ["a", 1]})"), "Field 'L' must be a string");
  EXPECT_EQ(Problem(kSchema, R"({"M": []})"), "Field 'M' must be an object");
  EXPECT_EQ(Problem(kSchema, R"({"M": {"k": "1"}})"), "Field 'k' must be a number");
  EXPECT_EQ(Problem(kSchema, R"({"O": {"A": true}})"), "Field 'A' must be a string");
  EXPECT_EQ(Problem(kSchema, R"({"E": "Z"})"), "Field 'E' is not an expected value");
  EXPECT_EQ(Problem(kSchema, "[]"), "The result must be an object");
}

TEST(ResultSchemaTest, LengthsAndRangesHaveBothBounds) {
  constexpr char kSchema[] = "{S:s(2,3),N:n(128,256)}";
  EXPECT_EQ(Problem(kSchema, R"({"S": "äöü", "N": 128})"), "");
  EXPECT_EQ(Problem(kSchema, R"({"S": "ä"})"), "Field 'S' is smaller than the minimum length");
  EXPECT_EQ(Problem(kSchema, R"({"S": "abcd"})"), "Field 'S' is larger than the maximum length");
  EXPECT_EQ(Problem(kSchema, R"({"N": 127.5})"), "Field 'N' is less than the minimum value");
  EXPECT_EQ(Problem(kSchema, R"({"N": 257})"), "Field 'N' is greater than the maximum value");
}

TEST(ResultSchemaTest, TheFirstProblemIsTold) {
  constexpr char kSchema[] = "{A!:s,B!:{C!:s},D:s}";
  EXPECT_EQ(Problem(kSchema, R"({"D": 1})"), "Required field 'A' is missing");
  EXPECT_EQ(Problem(kSchema, R"({"A": "", "B": {}, "D": 1})"), "Required field 'C' is missing");
  EXPECT_EQ(CheckAgainstSchema(kSchema, Json(R"({"B": {}, "D": 1})"), /*with_required=*/false),
            "Field 'D' must be a string");
}

TEST(ResultSchemaTest, ServicesAreKnownByEitherIntegration) {
  EXPECT_EQ(ProblemOf("arn:aws:states:::aws-sdk:dynamodb:getItem",
                      R"({"Item": {"id": {"M": {"x": {"L": [{"S": 1}]}}}}})"),
            "Field 'S' must be a string");
  EXPECT_EQ(ProblemOf("arn:aws:states:::lambda:invoke", R"({"Payload": {"any": 1}})"), "");
  EXPECT_EQ(ProblemOf("arn:aws:states:::aws-sdk:lambda:invoke", R"({"Payload": {"any": 1}})"),
            "Field 'Payload' must be a string");
  EXPECT_EQ(ProblemOf("arn:aws:states:::states:startExecution.sync:2", R"({"ExecutionArn": "a"})"),
            "Required field 'StateMachineArn' is missing");
  EXPECT_EQ(ProblemOf("arn:aws:states:::states:startExecution", "{}", /*required=*/false), "");
}

// Whoever has the token answers what they like; of other services nothing is known.
TEST(ResultSchemaTest, OtherResultsAreNotChecked) {
  EXPECT_EQ(ProblemOf("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "[1]"), "");
  EXPECT_EQ(ProblemOf("arn:aws:lambda:us-east-1:123456789012:function:f", "1"), "");
  EXPECT_EQ(ProblemOf("arn:aws:states:::aws-sdk:ec2:runInstances", "1"), "");
  EXPECT_EQ(ProblemOf("grpc://inventory:50052/inventory.v1.Inventory/Check", "1"), "");
}

}  // namespace
}  // namespace orderflow::asl
