#include "orchestrator/typecheck/type_check.h"

#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/typecheck/test_types.h"

namespace orderflow::typecheck {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A task and what comes after it.
std::string Machine(const std::string& task, const std::string& rest = "") {
  return R"({"StartAt": "Charge", "States": {"Charge": {"Type": "Task", )" + task + "}" +
         (rest.empty() ? "" : ", " + rest) + "}}";
}
std::string Charge(const std::string& fields) {
  return Machine(R"("Resource": "shop:charge", "End": true, )" + fields);
}

TEST(TypeCheckTest, ParametersThatTheRequestHasAreFine) {
  EXPECT_THAT(Find(Charge(R"("Parameters": {
    "order_id.$": "$.id", "amount": 5, "color": "RED", "at": "2024-05-01T12:00:00Z",
    "first": {"sku.$": "$.sku"}, "items": [{"sku": "a", "count": "7"}],
    "labels": {"any": 1, "thing.$": "$"}})")),
              IsEmpty());
  EXPECT_THAT(Find(Charge(R"("Parameters": {"orderId": "camel case is understood as well"})")),
              IsEmpty());
  EXPECT_THAT(Find(Charge(R"("Parameters": {"order_id": null, "items": null})")), IsEmpty());
}

TEST(TypeCheckTest, AParameterThatTheRequestHasNotIsNamedWithTheNearestOne) {
  EXPECT_THAT(Find(Charge(R"("Parameters": {"ordr_id.$": "$.id", "amount": 5})")),
              ElementsAre("/States/Charge/Parameters/ordr_id.$ UNKNOWN_PARAMETER: "
                          "shop.ChargeRequest has no field 'ordr_id', so the value is left out of "
                          "the request (did you mean 'order_id'?)"));
  EXPECT_THAT(Find(Charge(R"("Parameters": {"items": [{"sku": "a"}, {"size": 3}]})")),
              ElementsAre(AllOf(StartsWith("/States/Charge/Parameters/items[1]/size UNKNOWN"),
                                HasSubstr("there is 'sku', 'count'"))));
}

TEST(TypeCheckTest, LiteralsOfAWrongTypeAreFound) {
  const auto wrong = [](const std::string& member) {
    return Find(Charge(R"("Parameters": {)" + member + "}"));
  };
  EXPECT_THAT(wrong(R"("order_id": 5)"),
              ElementsAre("/States/Charge/Parameters/order_id WRONG_TYPE: Wrong value: expected a "
                          "string, found 5"));
  EXPECT_THAT(wrong(R"("amount": "five")"), ElementsAre(HasSubstr("found \"five\"")));
  EXPECT_THAT(wrong(R"("amount": 2147483648)"),
              ElementsAre(HasSubstr("expected an integer from -2147483648 to 2147483647")));
  EXPECT_THAT(wrong(R"("amount": 1.5)"), SizeIs(1));
  EXPECT_THAT(wrong(R"("color": "REED")"), ElementsAre(HasSubstr("did you mean 'RED'?")));
  EXPECT_THAT(wrong(R"("at": "tomorrow")"), ElementsAre(HasSubstr("RFC 3339")));
  EXPECT_THAT(wrong(R"("first": [])"), ElementsAre(HasSubstr("expected shop.Item")));
  EXPECT_THAT(wrong(R"("items": {})"), ElementsAre(HasSubstr("found an object")));
  EXPECT_THAT(wrong(R"("first": {"count": true})"),
              ElementsAre(StartsWith("/States/Charge/Parameters/first/count WRONG_TYPE")));
}

TEST(TypeCheckTest, WhatAnExpressionAnswersIsKnownSometimes) {
  const auto given = [](const std::string& name, const std::string& expression) {
    return Find(Charge(R"("Parameters": {")" + name + R"(.$": ")" + expression + R"("})"));
  };
  EXPECT_THAT(given("order_id", "States.Format('order {}', $.id)"), IsEmpty());
  EXPECT_THAT(given("amount", "States.Format('{}', $.amount)"), IsEmpty())
      << "an integer may be a text";
  EXPECT_THAT(given("order_id", "States.MathAdd($.a, 1)"),
              ElementsAre(HasSubstr("expected a string, found an integer")));
  EXPECT_THAT(given("first", "States.Array($.a)"), ElementsAre(HasSubstr("found an array")));
  EXPECT_THAT(given("items", "$.list[*]"), IsEmpty());
  EXPECT_THAT(given("amount", "$.list[*]"), ElementsAre(HasSubstr("found an array")));
  EXPECT_THAT(given("amount", "$$.Execution.Name"), IsEmpty());
}

TEST(TypeCheckTest, PathsIntoTheAnswerAreFollowed) {
  EXPECT_THAT(Find(Charge(R"("ResultSelector": {"s.$": "$.payment_status", "t.$": "$.items[0].sku",
                            "deep.$": "$.tree.left.right.left.value", "all.$": "$..sku"})")),
              IsEmpty());
  EXPECT_THAT(
      Find(Charge(R"("ResultSelector": {"s.$": "$.payment_statuss"})")),
      ElementsAre("/States/Charge/ResultSelector/s.$ IMPOSSIBLE_PATH: The path "
                  "'$.payment_statuss' can never lead anywhere: '$' is shop.Charged, which has no "
                  "member 'payment_statuss' (did you mean 'payment_status'?)"));
  EXPECT_THAT(Find(Charge(R"("ResultSelector": {"s.$": "$.items[*].skuu"})")),
              ElementsAre(HasSubstr("'$.items[*]' is shop.Item")));
  EXPECT_THAT(Find(Charge(R"("ResultSelector": {"s.$": "$.amount.minor"})")),
              ElementsAre(HasSubstr("'$.amount' is an integer and has no members")));
  EXPECT_THAT(Find(Charge(R"("ResultSelector": {"s.$": "$.payment_status[0]"})")),
              ElementsAre(HasSubstr("'$.payment_status' is no array")));
  EXPECT_THAT(Find(Charge(R"j("ResultSelector": {"s.$": "States.Format('{}', $.statuss)"
})j")),
              ElementsAre(HasSubstr("'$.statuss'")));
  EXPECT_THAT(Find(Charge(R"("OutputPath": "$.paymentstatus")")),
              ElementsAre(StartsWith("/States/Charge/OutputPath IMPOSSIBLE_PATH")));
  EXPECT_THAT(Find(Charge(R"("ResultSelector": {"s.$": "$.tree.left.lft"})")),
              ElementsAre(HasSubstr("'$.tree.left' is shop.Tree")));
}

TEST(TypeCheckTest, WhatAFilterAsksOfItsItemsIsLookedAt) {
  EXPECT_THAT(Find(Charge(R"("ResultSelector": {"a.$": "$.items[?(@.count > 5)].sku",
                            "b.$": "$.items[?(@.colour)]", "c.$": "$.items[?(@.sku == $.any)]"})")),
              IsEmpty());
  EXPECT_THAT(
      Find(Charge(R"("ResultSelector": {"a.$": "$.items[?(@.sku == 'a' && @.cont > 5)]"})")),
      ElementsAre(AllOf(HasSubstr("The path '@.cont' can never lead anywhere: '@' is "
                                  "shop.Item, which has no member 'cont'"),
                        HasSubstr("did you mean 'count'?"))));
}

TEST(TypeCheckTest, DataIsFollowedThroughTheStatesThatComeAfter) {
  const auto after = [](const std::string& next) {
    return Find(Machine(R"("Resource": "shop:charge", "ResultPath": "$.payment", "Next": "After")",
                        R"("After": )" + next + R"(, "End": {"Type": "Succeed"})"));
  };
  EXPECT_THAT(
      after(R"({"Type": "Choice", "Default": "End", "Choices": [
        {"Variable": "$.payment.payment_status", "StringEquals": "charged", "Next": "End"},
        {"And": [{"Variable": "$.other", "IsPresent": true},
                 {"Variable": "$.payment.payment_statuss", "IsNull": true}], "Next": "End"}]})"),
      ElementsAre(StartsWith(
          "/States/After/Choices[1]/And[1]/Variable IMPOSSIBLE_PATH: The path "
          "'$.payment.payment_statuss' can never lead anywhere: '$.payment' is shop.Charged")));
  EXPECT_THAT(after(R"({"Type": "Pass", "InputPath": "$.payment.x", "Next": "End"})"), SizeIs(1));
  EXPECT_THAT(after(R"({"Type": "Pass", "InputPath": "$.elsewhere.x", "Next": "End"})"), IsEmpty())
      << "an execution's input may have it";
  EXPECT_THAT(after(R"({"Type": "Wait", "SecondsPath": "$.payment.seconds", "Next": "End"})"),
              ElementsAre(StartsWith("/States/After/SecondsPath")));
  EXPECT_THAT(Find(Machine(R"("Resource": "shop:charge", "Next": "After")",
                           R"j("After": {"Type": "Fail", "ErrorPath": "$.color",
                               "CausePath": "States.JsonToString($.reason)"})j")),
              ElementsAre(StartsWith("/States/After/CausePath IMPOSSIBLE_PATH")));
}

TEST(TypeCheckTest, FieldsThatNeedANumberATextOrAnArrayAreGivenOne) {
  const auto after = [](const std::string& state) {
    return Find(Machine(R"("Resource": "shop:charge", "Next": "After")", R"("After": )" + state));
  };
  EXPECT_THAT(after(R"({"Type": "Wait", "SecondsPath": "$.amount", "End": true})"), IsEmpty());
  EXPECT_THAT(after(R"({"Type": "Wait", "SecondsPath": "$.payment_status", "End": true})"),
              ElementsAre("/States/After/SecondsPath WRONG_TYPE: SecondsPath needs an integer, but "
                          "leads to a string"));
  EXPECT_THAT(after(R"({"Type": "Wait", "TimestampPath": "$.amount", "End": true})"), SizeIs(1));
  EXPECT_THAT(after(R"({"Type": "Fail", "CausePath": "$.tree"})"),
              ElementsAre(HasSubstr("CausePath needs a string, but leads to shop.Tree")));
  const std::string processor =
      R"(, "ItemProcessor": {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}, "End": true})";
  EXPECT_THAT(after(R"({"Type": "Map", "ItemsPath": "$.items")" + processor), IsEmpty());
  EXPECT_THAT(after(R"({"Type": "Map", "ItemsPath": "$.tree")" + processor),
              ElementsAre("/States/After/ItemsPath WRONG_TYPE: A Map needs an array of items, but "
                          "is given shop.Tree"));
  EXPECT_THAT(after(R"({"Type": "Map")" + processor), ElementsAre(HasSubstr("shop.Charged")));
}

TEST(TypeCheckTest, AskingWhetherSomethingIsThereIsNoMistake) {
  EXPECT_THAT(Find(Machine(R"("Resource": "shop:charge", "Next": "Ask")",
                           R"("Ask": {"Type": "Choice", "Default": "End", "Choices": [
        {"Variable": "$.refund", "IsPresent": false, "Next": "End"},
        {"And": [{"Variable": "$.refund", "IsPresent": true},
                 {"Variable": "$.refund", "StringEquals": "x"}], "Next": "End"},
        {"Variable": "$.refund.amount", "NumericEquals": 1, "Next": "End"}]},
      "End": {"Type": "Succeed"})")),
              IsEmpty());
}

TEST(TypeCheckTest, AComparisonThatCanNeverHoldIsFound) {
  const auto compare = [](const std::string& comparison) {
    return Find(Machine(R"("Resource": "shop:charge", "Next": "Compare")",
                        R"("Compare": {"Type": "Choice", "Default": "End", "Choices": [{)" +
                            comparison + R"(, "Next": "End"}]}, "End": {"Type": "Succeed"})"));
  };
  EXPECT_THAT(compare(R"("Variable": "$.amount", "NumericGreaterThan": 5)"), IsEmpty());
  EXPECT_THAT(compare(R"("Variable": "$.amount", "StringEquals": "5")"),
              ElementsAre("/States/Compare/Choices[0]/StringEquals WRONG_TYPE: StringEquals can "
                          "never hold: the variable is an integer, not a string"));
  EXPECT_THAT(compare(R"("Variable": "$.color", "StringEquals": "GREEN")"), IsEmpty());
  EXPECT_THAT(compare(R"("Variable": "$.color", "StringEquals": "GREN")"),
              ElementsAre(HasSubstr("did you mean 'GREEN'?")));
  EXPECT_THAT(compare(R"("Variable": "$.payment_status", "BooleanEquals": true)"), SizeIs(1));
}

TEST(TypeCheckTest, WhatComesOnTwoWaysMayBeEither) {
  const std::string catching = R"("Resource": "shop:charge", "ResultPath": "$.payment",
      "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.payment", "Next": "After"}],
      "Next": "After")";
  const auto after = [&](const std::string& path) {
    return Find(Machine(catching, R"("After": {"Type": "Pass", "Parameters": {"a.$": ")" + path +
                                      R"("}, "End": true})"));
  };
  EXPECT_THAT(after("$.payment.payment_status"), IsEmpty());
  EXPECT_THAT(after("$.payment.Error"), IsEmpty());
  EXPECT_THAT(after("$.payment.error"), ElementsAre(HasSubstr("did you mean 'Error'?")));
}

TEST(TypeCheckTest, ALoopIsFollowedUntilNothingNewComes) {
  EXPECT_THAT(Find(R"j({"StartAt": "Init", "States": {
    "Init": {"Type": "Pass", "Result": {"tries": 0}, "Next": "Charge"},
    "Charge": {"Type": "Task", "Resource": "shop:charge", "ResultPath": "$.payment", "Next": "Done"},
    "Done": {"Type": "Choice", "Default": "Again", "Choices": [
      {"Variable": "$.payment.payment_status", "StringEquals": "charged", "Next": "End"}]},
    "Again": {"Type": "Pass", "Parameters": {"tries.$": "States.MathAdd($.tries, 1)", "last.$": "$.payment"},
              "Next": "Charge"
}
, "End" : {
  "Type" : "Pass", "Parameters" : {"a.$" : "$.last.amount", "b.$" : "$.lst"}, "End" : true
}
}
})j"),
              ElementsAre(AllOf(StartsWith("/States/End/Parameters/b.$"),
                                HasSubstr("did you mean 'last'?"))));
}

TEST(TypeCheckTest, EndlessGrowthEnds) {
  EXPECT_THAT(Find(R"({"StartAt": "A", "States": {
    "A": {"Type": "Pass", "Parameters": {"again.$": "$", "x": 1}, "Next": "B"},
    "B": {"Type": "Choice", "Default": "A", "Choices": [
      {"Variable": "$.again.again.again.again.x", "IsPresent": true, "Next": "C"}]},
    "C": {"Type": "Succeed"}}})"),
              IsEmpty());
}

TEST(TypeCheckTest, BranchesAndItemsAreFollowed) {
  EXPECT_THAT(Find(R"({"StartAt": "Both", "States": {
    "Both": {"Type": "Parallel", "Next": "All", "Branches": [
      {"StartAt": "Charge", "States": {"Charge": {"Type": "Task", "Resource": "shop:charge", "End": true}}},
      {"StartAt": "Find", "States": {"Find": {"Type": "Task", "Resource": "shop:find", "End": true}}}]},
    "All": {"Type": "Pass", "Parameters": {"a.$": "$[0].payment_status", "b.$": "$[1].stock", "c.$": "$[1].stok",
            "d.$": "$.stock"}, "End": true}}})"),
              ElementsAre(AllOf(StartsWith("/States/All/Parameters/c.$"), HasSubstr("'stock'")),
                          AllOf(StartsWith("/States/All/Parameters/d.$"), HasSubstr("array"))));
  EXPECT_THAT(
      Find(Machine(R"("Resource": "shop:charge", "Next": "Each")",
                   R"("Each": {"Type": "Map", "ItemsPath": "$.items", "End": true,
      "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass",
        "Parameters": {"a.$": "$.sku", "b.$": "$.skuu"}, "End": true}}}})")),
      ElementsAre(StartsWith("/States/Each/ItemProcessor/States/One/Parameters/b.$ IMPOSSIBLE")));
  EXPECT_THAT(Find(Machine(R"("Resource": "shop:charge", "Next": "Each")",
                           R"("Each": {"Type": "Map", "ItemsPath": "$.items",
      "ItemSelector": {"item.$": "$$.Map.Item.Value", "status.$": "$.payment_status", "no.$": "$.no"},
      "Next": "After",
      "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Task", "Resource": "shop:find",
        "Parameters": {"amount.$": "$.statos"}, "End": true}}}},
      "After": {"Type": "Pass", "InputPath": "$[0].stocks", "End": true})")),
              ElementsAre(StartsWith("/States/Each/ItemSelector/no.$"),
                          StartsWith("/States/Each/ItemProcessor/States/One/Parameters/amount.$"),
                          StartsWith("/States/After/InputPath")));
}

TEST(TypeCheckTest, AMapWhoseIterationsNeverEndMayHaveNoItems) {
  EXPECT_THAT(
      Find(Machine(R"("Resource": "shop:charge", "Next": "Each")",
                   R"("Each": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.done",
      "ItemProcessor": {"StartAt": "No", "States": {"No": {"Type": "Fail"}}}, "Next": "After"},
      "After": {"Type": "Pass", "Parameters": {"a.$": "$.done", "b.$": "$.dome"}, "End": true})")),
      ElementsAre(StartsWith("/States/After/Parameters/b.$ IMPOSSIBLE_PATH")));
}

TEST(TypeCheckTest, VariablesAreFollowed) {
  EXPECT_THAT(
      Find(Machine(
          R"("Resource": "shop:charge", "Assign": {"charged.$": "$", "n": 1}, "Next": "Use")",
          R"("Use": {"Type": "Pass", "Parameters": {"a.$": "$charged.payment_status",
            "b.$": "$charged.statuss", "c.$": "$chargd.amount", "d.$": "$n"}, "End": true})")),
      ElementsAre(AllOf(StartsWith("/States/Use/Parameters/b.$"), HasSubstr("'$charged' is shop.")),
                  AllOf(StartsWith("/States/Use/Parameters/c.$"),
                        HasSubstr("no state before has assigned a variable 'chargd'"),
                        HasSubstr("did you mean 'charged'?"))));
}

TEST(TypeCheckTest, AMethodThatIsNotThereIsFoundAndAServerThatSaysNothingIsTold) {
  EXPECT_THAT(
      Find(Machine(R"("Resource": "shop:gone", "End": true)")),
      ElementsAre("/States/Charge/Resource TASK_CANNOT_BE_CALLED: shop has no method gone"));
  EXPECT_THAT(Find(Machine(R"("Resource": "shop:asleep", "Next": "B")",
                           R"("B": {"Type": "Task", "Resource": "shop:asleep", "End": true})")),
              ElementsAre("/States/Charge/Resource TASK_TYPES_UNKNOWN: cannot ask the shop (what "
                          "the task is given and answers is not checked)"))
      << "once for all";
}

TEST(TypeCheckTest, AnInputThatCannotBeTheRequestIsFound) {
  EXPECT_THAT(
      Find(Machine(R"("Resource": "shop:charge", "Next": "Find")",
                   R"("Find": {"Type": "Task", "Resource": "shop:find", "End": true})")),
      ElementsAre("/States/Find/Resource WRONG_TYPE: The state's input does not fit "
                  "shop.FindRequest: member 'amount': expected a string, found an integer"));
}

TEST(TypeCheckTest, WhatSomebodyElseAnswersIsNotKnown) {
  EXPECT_THAT(Find(R"({"StartAt": "A", "States": {"A": {"Type": "Task", "Next": "B",
      "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
      "Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}}},
      "B": {"Type": "Pass", "InputPath": "$.anything", "End": true}}})"),
              IsEmpty());
}

// A chain of states that each add to the data, and one to which all lead.
TEST(TypeCheckTest, ALargeDefinitionIsCheckedCompletely) {
  constexpr int kStates = 3000;
  std::string definition = R"({"StartAt": "Init", "States": {
      "Init": {"Type": "Pass", "Result": {}, "Next": "S0"}, )";
  for (int i = 0; i < kStates; ++i) {
    const std::string n = std::to_string(i);
    definition += "\"S" + n +
                  R"(": {"Type": "Task", "Resource": "shop:charge", "ResultPath": "$.r)" +
                  std::to_string(i % 40) + R"(.x", "Catch": [{"ErrorEquals": ["States.ALL"],
                  "ResultPath": "$.error", "Next": "End"}], "Next": )" +
                  (i + 1 < kStates ? "\"S" + std::to_string(i + 1) + "\"" : "\"End\"") + "}, ";
  }
  definition +=
      R"("End": {"Type": "Pass", "Parameters": {"a.$": "$.r7.x.no", "b.$": "$.error.no"}, "End": true}}})";
  EXPECT_THAT(Find(definition), SizeIs(2));
}

TEST(TypeCheckTest, TheOrderWorkflowNamesEachOfItsResourcesOnce) {
  std::ifstream file(std::string(ORDERFLOW_SOURCE_DIR) + "/workflows/order-processing.asl.json");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const asl::ParsedDefinition parsed = asl::ParseStateMachine(text, {});
  ASSERT_NE(parsed.machine, nullptr);
  EXPECT_THAT(ResourcesOf(*parsed.machine), SizeIs(5));
}

}  // namespace
}  // namespace orderflow::typecheck
