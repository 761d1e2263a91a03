// Workflow variables: Assign, `$name`, scopes and limits.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using json::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(VariablesTest, AStatesExpressionsSeeTheValuesFromBeforeItsOwnAssign) {
  TestExecution run(MachineOf(R"(
      "A": {"Type": "Pass", "Assign": {"n": 1, "s": "$.no.path"}, "Next": "B"},
      "B": {"Type": "Pass", "Parameters": {"n.$": "$n"}, "Assign": {"n": 2, "old.$": "$n"},
            "Next": "C"},
      "C": {"Type": "Pass", "Parameters": {"before.$": "$", "n.$": "$n", "old.$": "$old",
                                           "s.$": "$s"}, "End": true})"));
  run.Begin();
  EXPECT_EQ(run.Only<Complete>().output,
            Json(R"({"before": {"n": 1}, "n": 2, "old": 1, "s": "$.no.path"})"));
}

TEST(VariablesTest, TheExitEventShowsWhatWasAssignedAsTexts) {
  TestExecution run(MachineOf(
      R"("A": {"Type": "Pass", "Assign": {"list": [1, "a"], "text": "t"}, "End": true})"));
  run.Begin();
  EXPECT_EQ(*run.events[2].details.Find("assignedVariables"),
            Json(R"({"list": "[1,\"a\"]", "text": "\"t\""})"));
  EXPECT_EQ(*run.events[2].details.Find("assignedVariablesDetails"),
            Json(R"({"truncated": false})"));
}

TEST(VariablesTest, ATaskAssignsFromItsRawResult) {
  TestExecution run(MachineOf(R"(
      "A": {"Type": "Task", "Resource": "r", "ResultSelector": {"x.$": "$.b"}, "ResultPath": null,
            "Assign": {"a.$": "$.a"}, "Next": "B"},
      "B": {"Type": "Pass", "Parameters": {"a.$": "$a", "in.$": "$"}, "End": true})"));
  run.Begin(R"({"i": 0})");
  run.Answer(R"({"a": 1, "b": 2})");
  EXPECT_EQ(run.Only<Complete>().output, Json(R"({"a": 1, "in": {"i": 0}})"));
}

TEST(VariablesTest, ARuleAssignsInsteadOfItsChoice) {
  const auto machine = MachineOf(R"(
      "A": {"Type": "Choice", "Assign": {"way": "default"}, "Default": "B", "Choices": [
            {"Variable": "$.n", "NumericEquals": 1, "Assign": {"way": "rule", "n.$": "$.n"},
             "Next": "B"}]},
      "B": {"Type": "Pass", "InputPath": "$way", "End": true})");
  TestExecution rule(machine);
  rule.Begin(R"({"n": 1})");
  EXPECT_EQ(rule.Only<Complete>().output, Value("rule"));
  TestExecution other(machine);
  other.Begin(R"({"n": 2})");
  EXPECT_EQ(other.Only<Complete>().output, Value("default"));
}

TEST(VariablesTest, ACatchAssignsFromTheErrorAndTheStateDoesNot) {
  TestExecution run(MachineOf(R"(
      "A": {"Type": "Task", "Resource": "r", "Assign": {"ok": true}, "End": true,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"error.$": "$.Error"},
                       "Next": "B"}]},
      "B": {"Type": "Choice", "Choices": [{"Variable": "$ok", "IsPresent": true, "Next": "D"}],
            "Default": "C"},
      "C": {"Type": "Pass", "InputPath": "$error", "End": true},
      "D": {"Type": "Fail"})"));
  run.Begin();
  run.Refuse("Bad");
  EXPECT_EQ(run.Only<Complete>().output, Value("Bad"));
}

TEST(VariablesTest, InnerBranchesSeeOuterVariablesAndKeepTheirOwnToThemselves) {
  TestExecution run(MachineOf(R"(
      "A": {"Type": "Pass", "Assign": {"outer": "o"}, "Next": "M"},
      "M": {"Type": "Map", "Next": "Z", "ItemProcessor": {"StartAt": "I", "States": {
            "I": {"Type": "Choice", "Default": "J", "Choices": [
                  {"Variable": "$inner", "IsPresent": true, "Next": "K"}]},
            "J": {"Type": "Pass", "Assign": {"inner.$": "$"}, "Next": "K"},
            "K": {"Type": "Pass", "Parameters": {"inner.$": "$inner", "outer.$": "$outer"},
                  "End": true}}}},
      "Z": {"Type": "Choice", "Choices": [{"Variable": "$inner", "IsPresent": false, "Next": "Y"}]},
      "Y": {"Type": "Succeed"})"),
                    Limits{.max_inline_concurrency = 1});
  run.Begin("[1, 2]");
  EXPECT_EQ(run.Only<Complete>().output,
            Json(R"([{"inner": 1, "outer": "o"}, {"inner": 2, "outer": "o"}])"));
}

TEST(VariablesTest, AVariableThatWasNeverAssignedIsARuntimeError) {
  TestExecution run(
      MachineOf(R"("A": {"Type": "Pass", "Parameters": {"x.$": "$none"}, "End": true})"));
  run.Begin();
  EXPECT_EQ(run.Only<Complete>().error, "States.Runtime");
}

TEST(VariablesTest, OneAssignAndAllTogetherAreLimited) {
  const auto machine = MachineOf(R"(
      "A": {"Type": "Pass", "Assign": {"a.$": "$"}, "Next": "B"},
      "B": {"Type": "Pass", "Assign": {"b.$": "$"}, "End": true})");
  const std::string input = "\"" + std::string(100, 'x') + "\"";
  TestExecution one(machine, Limits{.max_payload_bytes = 105});
  one.Begin(input);
  EXPECT_EQ(one.Only<Complete>().error, "States.DataLimitExceeded");
  TestExecution all(machine, Limits{.max_variable_bytes = 150});
  all.Begin(input);
  EXPECT_EQ(all.Only<Complete>().error, "States.DataLimitExceeded");
  EXPECT_THAT(*all.Only<Complete>().cause, HasSubstr("maximum number of bytes (150)"));
  TestExecution both(machine, Limits{.max_variable_bytes = 250});
  both.Begin(input);
  EXPECT_EQ(both.Only<Complete>().status, Status::kSucceeded);
}

TEST(VariablesTest, NamesAreCheckedAndMayNotHideOuterOnes) {
  const auto finding = [](const std::string& states) {
    return FormatDiagnostics(
        ParseStateMachine(R"({"StartAt": "A", "States": {)" + states + "}}", {}).diagnostics);
  };
  EXPECT_THAT(finding(R"("A": {"Type": "Pass", "Assign": {"1st": 1}, "End": true})"),
              HasSubstr("The name '1st' is not valid for a variable at /States/A/Assign"));
  EXPECT_THAT(finding(R"("A": {"Type": "Pass", "Assign": {"states": 1}, "End": true})"),
              HasSubstr("The name 'states' is not valid"));
  EXPECT_THAT(finding(R"("A": {"Type": "Parallel", "Assign": {"x": 1}, "End": true, "Branches": [
                  {"StartAt": "B", "States": {
                   "B": {"Type": "Pass", "Assign": {"x": 2}, "End": true}}}]})"),
              HasSubstr("The variable 'x' is assigned in an outer scope as well at "
                        "/States/A/Branches[0]/States/B"));
}

TEST(VariablesTest, TheStatesTellWhichVariablesTheirExpressionsName) {
  const auto machine = MachineOf(R"j(
      "A": {"Type": "Map", "ItemsPath": "$list", "ItemSelector": {"x.$": "States.Format('{}', $b)"},
            "MaxConcurrencyPath": "$a.n", "End": true, "ItemProcessor": {
  "StartAt" : "I", "States" : {
    "I" : { "Type" : "Pass", "InputPath" : "$inner", "End" : true }
  }
}
})j");
  const auto references = machine->FindVariableReferences();
  ASSERT_EQ(references.size(), 2u);
  EXPECT_EQ(references[0].state, "A");
  EXPECT_THAT(references[0].variables, ElementsAre("a", "b", "list"));
  EXPECT_EQ(references[1].state, "I");
  EXPECT_THAT(references[1].variables, ElementsAre("inner"));
}

}  // namespace
}  // namespace orderflow::asl
