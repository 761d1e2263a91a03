#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/asl/test_execution.h"

namespace orderflow::asl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// "CODE location: message (hint)" for each finding.
std::vector<std::string> Findings(std::string_view definition, const ParseOptions& options = {}) {
  std::vector<std::string> findings;
  const ParsedDefinition parsed = ParseStateMachine(definition, options);
  for (const Diagnostic& diagnostic : parsed.diagnostics) {
    findings.push_back(diagnostic.code + " " + diagnostic.location + ": " + diagnostic.message +
                       (diagnostic.hint.empty() ? "" : " (" + diagnostic.hint + ")"));
  }
  EXPECT_EQ(parsed.machine == nullptr, !findings.empty());
  return findings;
}

// Of a machine that has this state "A" and a Succeed "Z" that something may lead to.
std::vector<std::string> FindingsOfState(const std::string& state) {
  return Findings(
      R"({"StartAt": "Start", "States": {"Start": {"Type": "Choice", "Default": "Z", "Choices": [
      {"Variable": "$.x", "IsPresent": true, "Next": "A"}]}, "A": )" +
      state + R"(, "Z": {"Type": "Succeed"}}})");
}

TEST(ParserTest, TextsThatLookLikeExpressionsAreWarnedOf) {
  const auto warnings = [](const std::string& state) {
    const ParsedDefinition parsed = ParseStateMachine(
        R"({"StartAt": "A", "States": {"A": )" + state + R"(, "Z": {"Type": "Fail"}}})", {});
    EXPECT_NE(parsed.machine, nullptr) << FormatDiagnostics(parsed.diagnostics);
    std::vector<std::string> found;
    for (const Diagnostic& each : parsed.diagnostics) {
      EXPECT_EQ(each.severity, Diagnostic::Severity::kWarning);
      found.push_back(each.code + " " + each.location);
    }
    return found;
  };
  EXPECT_THAT(
      warnings(R"j({"Type": "Pass", "Next": "Z", "Parameters": {
      "a": "$.x", "b": ["$.x"], "c": {"d": "States.UUID()"}, "e": "$5", "f.$": "$.x", "g": "States."}})j"),
      ElementsAre("NO_DOLLAR /States/A/Parameters/a", "NO_DOLLAR /States/A/Parameters/c/d"));
  EXPECT_THAT(warnings(R"({"Type": "Pass", "Next": "Z", "Result": {"a": ["$.x"]}})"),
              ElementsAre("PASS_RESULT_IS_STATIC /States/A/Result"));
  EXPECT_THAT(warnings(R"({"Type": "Choice", "Default": "Z", "Choices": [
      {"Variable": "$.a", "StringEquals": "$.b", "Next": "Z"},
      {"Variable": "$.a", "StringEqualsPath": "$.b", "Next": "Z"}]})"),
              ElementsAre("NO_PATH /States/A/Choices[0]/StringEquals"));
  EXPECT_THAT(warnings(R"({"Type": "Choice", "Default": "Z", "Choices": [
      {"Variable": "$.a", "IsPresent": true, "Next": "E"}]}, "E": {"Type": "Fail",
      "Error": "$.e", "Cause": "$5"})"),
              ElementsAre("NO_PATH /States/E/Error"));
}

TEST(ParserTest, AMachineKeepsWhatItsDefinitionSays) {
  const auto machine = ParseOrFail(
      R"({"Comment": "c", "Version": "1.0", "TimeoutSeconds": 60, "StartAt": "A", "States": {
      "A": {"Type": "Pass", "Comment": "first", "Next": "B"}, "B": {"Type": "Succeed"}}})");
  EXPECT_EQ(machine->comment(), "c");
  EXPECT_EQ(machine->timeout_seconds(), 60);
  EXPECT_EQ(machine->query_language(), "JSONPath");
  EXPECT_EQ(machine->start().name, "A");
  EXPECT_EQ(machine->start().next, machine->FindState("B"));
  EXPECT_EQ(machine->FindState("C"), nullptr);
  ASSERT_EQ(machine->states().size(), 2u);
  EXPECT_EQ(machine->states()[0]->comment, "first");
}

TEST(ParserTest, WhatIsNoJsonObjectIsRefusedAsSuch) {
  EXPECT_THAT(Findings(""),
              ElementsAre("SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object"));
  EXPECT_THAT(Findings("[]"),
              ElementsAre("SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object"));
  EXPECT_THAT(
      Findings("{\n \"a\": nope}"),
      ElementsAre(HasSubstr("; line: 2, column: 11]: Unrecognized token 'nope': was expecting")));
  EXPECT_THAT(Findings("{\"a\": 1,}"),
              ElementsAre(HasSubstr("INVALID_JSON_DESCRIPTION [Source: (String)\"{\"a\": 1,}\"; "
                                    "line: 1, column: 10]: Unexpected character ('}'")));
  EXPECT_THAT(
      Findings("{}"),
      ElementsAre("SCHEMA_VALIDATION_FAILED /: These fields are required: [States, StartAt]"));
  EXPECT_THAT(Findings(std::string(2 << 20, ' ')),
              ElementsAre(HasSubstr("at most 1048576 are allowed")));
}

TEST(ParserTest, RegularExpressionsAreBounded) {
  const auto with = [](const std::string& filter) {
    return R"({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true, "InputPath": "$[?()" +
           filter + R"()]"}}})";
  };
  std::string many = "@ =~ /a/";
  for (int i = 0; i < 1000; ++i) many += " || @ =~ /a/";
  EXPECT_THAT(Findings(with(many)), ElementsAre(HasSubstr("has 1001 regular expressions")));
  EXPECT_THAT(Findings(with("@ =~ /(a{1000}){1000}/")),
              ElementsAre(HasSubstr("/InputPath: Value must be a valid JSONPath.")));
  EXPECT_THAT(Findings(with("@ =~ /a{1,100}/")), ElementsAre());
}

TEST(ParserTest, TwoStatesOfOneNameAreOneMistake) {
  EXPECT_THAT(
      Findings(
          R"({"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "\u0041": {"Type": "Succeed"}}})"),
      ElementsAre("INVALID_JSON_DESCRIPTION /States/A: Duplicate field 'A'"));
  EXPECT_THAT(
      FindingsOfState(R"({"Type": "Pass", "Result": [{"k": "}"}, {"k": 1, "k": 2}], "End": true})"),
      ElementsAre("INVALID_JSON_DESCRIPTION /States/A/Result[1]/k: Duplicate field 'k'"));
}

TEST(ParserTest, EveryDanglingTransitionIsFound) {
  EXPECT_THAT(
      Findings(R"({"StartAt": "Nowhere", "States": {"A": {"Type": "Succeed"}}})"),
      ElementsAre(HasSubstr("MISSING_TRANSITION_TARGET /StartAt: Missing 'Next' target: Nowhere"),
                  HasSubstr("MISSING_TRANSITION_TARGET /States/A: State \"A\" is not reachable.")));
  const auto findings = Findings(R"({"StartAt": "A", "States": {
      "A": {"Type": "Task", "Resource": "r", "Next": "B1", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
      "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "B2"}], "Default": "B3"}}})");
  EXPECT_THAT(
      findings,
      ElementsAre(
          HasSubstr("MISSING_TRANSITION_TARGET /States/A/Next: Missing 'Next' target: B1"),
          HasSubstr(
              "MISSING_TRANSITION_TARGET /States/C/Choices[0]/Next: Missing 'Next' target: B2"),
          HasSubstr("MISSING_TRANSITION_TARGET /States/C/Default: Missing 'Next' target: B3"),
          HasSubstr("MISSING_END_STATE : Workflow has no terminal state")));
}

TEST(ParserTest, StatesThatNothingLeadsToAreFound) {
  EXPECT_THAT(
      Findings(
          R"({"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B/1": {"Type": "Pass", "Next": "C"},
                           "C": {"Type": "Pass", "Next": "B/1"}}})"),
      ElementsAre(
          HasSubstr("MISSING_TRANSITION_TARGET /States/B/1: State \"B/1\" is not reachable."),
          HasSubstr("MISSING_TRANSITION_TARGET /States/C: State \"C\" is not reachable.")));
}

TEST(ParserTest, AMachineWithoutAnEndIsRefused) {
  EXPECT_THAT(
      Findings(
          R"({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}})"),
      ElementsAre(HasSubstr("MISSING_END_STATE : Workflow has no terminal state")));
  EXPECT_THAT(
      Findings(
          R"({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}, "B": {"Type": "Succeed"}}})"),
      Contains(HasSubstr("State \"B\" is not reachable.")))
      << "one that nothing leads to is one";
}

TEST(ParserTest, AGraphWithinNeedsNoEnd) {
  const ParsedDefinition parsed = ParseStateMachine(R"({"StartAt": "M", "States": {
      "M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}}}})",
                                                    {});
  EXPECT_NE(parsed.machine, nullptr) << FormatDiagnostics(parsed.diagnostics);
}

TEST(ParserTest, ALoopThatNothingLeavesIsWarnedOf) {
  const ParsedDefinition parsed = ParseStateMachine(R"({"StartAt": "A", "States": {
      "A": {"Type": "Choice", "Default": "B",
            "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "Z"}]},
      "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Pass", "Next": "B"},
      "Z": {"Type": "Succeed"}}})",
                                                    {});
  EXPECT_NE(parsed.machine, nullptr);
  ASSERT_EQ(parsed.diagnostics.size(), 1u);
  EXPECT_EQ(parsed.diagnostics[0].severity, Diagnostic::Severity::kWarning);
  EXPECT_EQ(parsed.diagnostics[0].location, "/States/B");
}

TEST(ParserTest, WrongNumbersOfArgumentsAreWarnedOf) {
  const ParsedDefinition parsed = ParseStateMachine(R"asl({"StartAt": "A", "States": {
      "A": {"Type": "Pass", "End": true, "Parameters": {
          "a.$": "States.Format('{} {}', States.UUID(), States.ArrayLength())",
          "b.$": "States.MathRandom(1, 2, 3)"}}}})asl",
                                                    {});
  EXPECT_NE(parsed.machine, nullptr);
  ASSERT_EQ(parsed.diagnostics.size(), 1u);
  EXPECT_EQ(parsed.diagnostics[0].severity, Diagnostic::Severity::kWarning);
  EXPECT_EQ(parsed.diagnostics[0].code, "WRONG_ARGUMENTS");
  EXPECT_EQ(parsed.diagnostics[0].location, "/States/A/Parameters/a.$");
  EXPECT_THAT(parsed.diagnostics[0].message, HasSubstr("States.ArrayLength"));
}

TEST(ParserTest, NamesOfStatesAreUniqueAcrossGraphs) {
  EXPECT_THAT(
      Findings(R"({"StartAt": "A", "States": {"A": {"Type": "Parallel", "End": true,
                  "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]}}})"),
      ElementsAre(HasSubstr("DUPLICATE_STATE_NAME /States/A/Branches[0]/States/A: Duplicate "
                            "State name: A")));
}

TEST(ParserTest, ExpressMachinesCannotWaitForOthers) {
  const auto finding = [](const std::string& resource) {
    return FormatDiagnostics(
        ParseStateMachine(R"({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": ")" +
                              resource + R"(", "End": true}}})",
                          ParseOptions{.express = true})
            .diagnostics);
  };
  EXPECT_THAT(finding("arn:aws:states:::sqs:sendMessage.waitForTaskToken"),
              HasSubstr("does not support '.waitForTaskToken' service integration"));
  EXPECT_THAT(finding("arn:aws:states:::states:startExecution.sync:2"),
              HasSubstr("does not support '.sync' service integration at /States/A/Resource"));
  EXPECT_THAT(finding("arn:aws:states:eu-west-1:1:activity:a"),
              HasSubstr("does not support Activity ARN at"));
  EXPECT_THAT(finding("arn:aws:states:::states:startExecution"),
              HasSubstr("Parameters field is required"));
}

TEST(ParserTest, IntegrationsThatTheServiceDoesNotHaveAreRefused) {
  const auto finding = [](const std::string& resource) {
    return FormatDiagnostics(
        ParseStateMachine(R"({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": ")" +
                              resource + R"(", "End": true}}})",
                          {})
            .diagnostics);
  };
  for (const char* known :
       {"arn:aws:states:::dynamodb:putItem", "arn:aws:states:::ecs:runTask.sync",
        "arn:aws:states:::aws-sdk:s3:getObject", "grpc://h:1/s.S/M",
        "arn:aws:states:::lambda:invoke.waitForTaskToken"}) {
    EXPECT_THAT(finding(known), Not(HasSubstr("is not recognized"))) << known;
  }
  EXPECT_THAT(
      finding("arn:aws:states:::dynamodb:query"),
      HasSubstr("The resource provided arn:aws:states:::dynamodb:query is not recognized."));
  for (const char* unknown :
       {"arn:aws:states:::teapot:brew", "arn:aws:states:::lambda:invoke.sync",
        "arn:aws:states:::ecs:runTask.sync:2", "arn:aws:states:::glue:startJobRun.waitForTaskToken",
        "arn:aws:states:::aws-sdk:s3:getObject.sync", "arn:aws:states:::sns:publish.later"}) {
    EXPECT_THAT(finding(unknown), HasSubstr("is not recognized")) << unknown;
  }
}

TEST(ParserTest, WhatATaskGivesToItsResourceIsCheckedWhereItIsWritten) {
  std::vector<std::string> seen;
  ParseOptions options;
  options.check_resource = [](std::string_view resource) -> std::optional<std::string> {
    if (resource == "bad") return "no such resource";
    return std::nullopt;
  };
  options.check_arguments = [&](std::string_view resource,
                                const json::Value& arguments) -> std::optional<std::string> {
    seen.push_back(std::string(resource) + " " + json::Serialize(arguments));
    if (arguments.IsNull()) return std::nullopt;
    return "not these";
  };
  EXPECT_THAT(
      Findings(R"({"StartAt": "A", "States": {
      "A": {"Type": "Task", "Resource": "a", "Parameters": {"x.$": "$.y"}, "Next": "B"},
      "B": {"Type": "Task", "Resource": "b", "Next": "C"},
      "C": {"Type": "Task", "Resource": "bad", "Parameters": {}, "End": true}}})",
               options),
      ElementsAre(
          HasSubstr("/States/A/Parameters: not these"),
          HasSubstr("/States/C/Resource: Value is not a valid resource ARN (no such resource)")));
  EXPECT_THAT(seen, ElementsAre(R"(a {"x.$":"$.y"})", "b null"));
}

TEST(ParserTest, EachMistakeInAStateNamesItsPlaceAndWhatWasExpected) {
  const std::string long_name(81, 'n');
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {R"(5)", "/States/A: Expected value of type [OBJECT]"},
      {R"({})", "/States/A: These fields are required: [Type]"},
      {R"({"Type": "Job"})",
       "/States/A/Type: The field 'Type' should have one of these values: [Task, Wait, Pass, "
       "Succeed, Fail, Choice, Parallel, Map] (but was 'Job')"},
      {R"({"Type": "Map", "Next": "Z"})",
       "/States/A: This object should have only one of the following fields: [ItemProcessor, "
       "Iterator]"},
      {R"({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {}}})",
       "/States/A/ItemProcessor/States: Value cannot be empty"},
      {R"({"Type": "Parallel", "End": true})", "/States/A: These fields are required: [Branches]"},
      {R"({"Type": "Parallel", "End": true, "Branches": [{"StartAt": "I", "States": {
           "I": {"Type": "Pass", "Result": 1}}}]})",
       "/States/A/Branches[0]/States/I: This object should have only one of the following fields: "
       "[Next, End]"},
      {R"({"Type": "Parallel", "End": true, "Branches": ["I"]})",
       "/States/A/Branches[0]: Expected value of type [OBJECT]"},
      {R"({"Type": "Pass", "QueryLanguage": "JSONata", "Output": 1, "End": true})",
       "/States/A/QueryLanguage: Query language 'JSONata' is not supported yet by this engine"},
      {R"({"Type": "Pass"})",
       "/States/A: This object should have only one of the following fields: [Next, End]"},
      {R"({"Type": "Pass", "Next": ""})", "/States/A/Next: Value cannot be empty"},
      {R"({"Type": "Pass", "Next": "Z", "End": true})",
       "/States/A: There should only be one of the following fields: [Next, End]"},
      {R"({"Type": "Pass", "End": "yes"})",
       "/States/A/End: Expected value of type [BOOLEAN] (but was \"yes\")"},
      {R"({"Type": "Pass", "Colour": 1, "End": true})",
       "/States/A: Field 'Colour' is not supported (expected one of: "},
      {R"({"Type": "Pass", "InputPath": "x", "End": true})",
       "/States/A/InputPath: Value must be a valid JSONPath."},
      {R"({"Type": "Pass", "InputPath": 5, "End": true})",
       "/States/A/InputPath: Value must be a valid JSONPath."},
      {R"({"Type": "Pass", "ResultPath": "$.a[*]", "End": true})",
       "/States/A/ResultPath: Value is not a Reference Path"},
      {R"({"Type": "Pass", "ResultPath": "$$.a", "End": true})",
       "/States/A/ResultPath: Value is not a Reference Path"},
      {R"({"Type": "Pass", "ResultSelector": {}, "End": true})",
       "/States/A: Field 'ResultSelector' is not supported"},
      {R"({"Type": "Pass", "Parameters": {"in": {"a.$": "b"}}, "End": true})",
       "/States/A/Parameters/in: The value for the field 'a.$' must be a valid JSONPath or a valid "
       "intrinsic function "
       "call"},
      {R"({"Type": "Pass", "Parameters": {"a.$": 1}, "End": true})",
       "/States/A/Parameters: The value for the field 'a.$'"},
      {R"({"Type": "Pass", "Parameters": {"a.$": "$.x", "a": 1}, "End": true})",
       "/States/A/Parameters: The fields 'a' and "
       "'a.$' cannot both be given"},
      {R"({"Type": "Succeed", "End": true})", "/States/A: Field 'End' is not supported"},
      {R"({"Type": "Fail", "Next": "Z"})", "/States/A: Field 'Next' is not supported"},
      {R"({"Type": "Fail", "Error": "e", "ErrorPath": "$.e"})",
       "/States/A: There should only be one of the following fields: [Error, ErrorPath]"},
      {R"asl({"Type": "Fail", "CausePath": "States.Nope()"})asl",
       "/States/A/CausePath: Value must be a valid JSONPath. (there is no function"},
      {R"({"Type": "Task", "End": true})", "/States/A: These fields are required: [Resource]"},
      {R"({"Type": "Task", "Resource": 1, "End": true})",
       "/States/A/Resource: Expected value of type [STRING] (but was 1)"},
      {R"({"Type": "Task", "Resource": "r", "TimeoutSeconds": 0, "End": true})",
       "/States/A/TimeoutSeconds: Minimum value is 1 (but was 0)"},
      {R"({"Type": "Task", "Resource": "r", "TimeoutSeconds": 5, "HeartbeatSeconds": 5, "End": true})",
       "/States/A/HeartbeatSeconds: HeartbeatSeconds (5) must be smaller than TimeoutSeconds (5)"},
      {R"asl({"Type": "Task", "Resource": "r", "TimeoutSecondsPath": "States.UUID()", "End": true})asl",
       "/States/A/TimeoutSecondsPath: Value must be a valid JSONPath."},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["States.ALL", "A"]}], "End": true})",
       "/States/A/Retry[0]/ErrorEquals: States.ALL must appear alone and at end of list"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}], "End": true})",
       "/States/A/Retry[0]/ErrorEquals: States.ALL must appear alone and at end of list"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": []}], "End": true})",
       "/States/A/Retry[0]/ErrorEquals: Value cannot be empty"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": [1]}], "End": true})",
       "/States/A/Retry[0]/ErrorEquals[0]: Expected value of type [STRING]"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{}], "End": true})",
       "/States/A/Retry[0]: These fields are required: [ErrorEquals]"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}], "End": true})",
       "/States/A/Retry[0]/BackoffRate: Minimum value is 1 (but was 0.5)"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["A"], "MaxAttempts": -1}], "End": true})",
       "/States/A/Retry[0]/MaxAttempts: Minimum value is 0 (but was -1)"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}], "End": true})",
       "/States/A/Retry[0]/JitterStrategy: Value should be one of the following: [NONE, FULL] (but "
       "was "
       "'SOME')"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 9, "MaxDelaySeconds": 9}], "End": true})",
       "/States/A/Retry[0]/MaxDelaySeconds: MaxDelaySeconds (9) must be greater than "
       "IntervalSeconds (9)"},
      {R"({"Type": "Task", "Resource": "r", "Catch": [{"ErrorEquals": ["A"]}], "End": true})",
       "/States/A/Catch[0]: These fields are required: [Next]"},
      {R"({"Type": "Task", "Resource": "r", "Catch": {"ErrorEquals": ["A"]}, "End": true})",
       "/States/A/Catch: Expected value of type [ARRAY]"},
      {R"({"Type": "Wait", "End": true})",
       "/States/A: This object should have only one of the following fields: [SecondsPath, "
       "Seconds, "
       "TimestampPath, Timestamp]"},
      {R"({"Type": "Wait", "Seconds": 1, "TimestampPath": "$.t", "End": true})",
       "/States/A: There should only be one of the following fields: [SecondsPath, Seconds, "
       "TimestampPath, Timestamp]"},
      {R"({"Type": "Wait", "Timestamp": "tomorrow", "End": true})",
       "/States/A/Timestamp: String does not match RFC3339 timestamp"},
      {R"({"Type": "Choice"})", "/States/A: These fields are required: [Choices]"},
      {R"({"Type": "Choice", "Choices": []})", "/States/A/Choices: Value cannot be empty"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "Next": "Z"}]})",
       "/States/A/Choices[0]: This object should have only one of the following fields: "
       "[StringEquals, "
       "StringEqualsPath, "},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "IsString": true, "Next": "Z"}]})",
       "/States/A/Choices[0]: There should only be one of the following fields: [StringEquals, "},
      {R"({"Type": "Choice", "Choices": [{"StringEquals": "a", "Next": "Z"}]})",
       "/States/A/Choices[0]: The object must have only one of the following fields, [And, Or, "
       "Not, "
       "Variable, Condition]"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "StringEquals": 1, "Next": "Z"}]})",
       "/States/A/Choices[0]/StringEquals: Expected value of type String"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "TimestampEquals": "x", "Next": "Z"}]})",
       "/States/A/Choices[0]/TimestampEquals: String does not match RFC3339 timestamp"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "StringMatchesPath": "$.y", "Next": "Z"}]})",
       "/States/A/Choices[0]: Field 'StringMatchesPath' is not supported"},
      {R"({"Type": "Choice", "Choices": [{"And": [{"Variable": "$.x", "IsNull": true, "Next": "Z"}], "Next": "Z"}]})",
       "/States/A/Choices[0]/And[0]: Field 'Next' is not supported"},
      {R"({"Type": "Choice", "Choices": [{"Not": [], "Next": "Z"}]})",
       "/States/A/Choices[0]/Not: Expected value of type [OBJECT]"},
  };
  for (const auto& [state, expected] : mistakes) {
    EXPECT_THAT(FindingsOfState(state), Contains(HasSubstr("SCHEMA_VALIDATION_FAILED " + expected)))
        << state;
  }
}

TEST(ParserTest, FieldsOfTheOtherLanguageAreToldAsSuch) {
  const std::string of_jsonata =
      ": The QueryLanguage is set to 'JSONPath', but field '%' is only supported for the 'JSONata' "
      "QueryLanguage";
  const auto told = [](const std::string& place, std::string text, const std::string& field) {
    text.replace(text.find('%'), 1, field);
    return "SCHEMA_VALIDATION_FAILED " + place + text;
  };
  EXPECT_THAT(FindingsOfState(R"({"Type": "Task", "Resource": "r", "Arguments": {}, "Output": 1,
                                  "Catch": [{"ErrorEquals": ["A"], "Next": "Z", "Output": 1}], "End": true})"),
              ElementsAre(told("/States/A", of_jsonata, "Output"),
                          told("/States/A", of_jsonata, "Arguments"),
                          told("/States/A/Catch[0]", of_jsonata, "Output")));
  EXPECT_THAT(FindingsOfState(
                  R"({"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "Z"}]})"),
              ElementsAre(told("/States/A/Choices[0]", of_jsonata, "Condition")));
  EXPECT_THAT(FindingsOfState(R"({"Type": "Pass", "Arguments": {}, "End": true})"),
              ElementsAre(HasSubstr("/States/A: Field 'Arguments' is not supported")))
      << "no Pass has them";
  const std::string of_jsonpath =
      ": The QueryLanguage is set to 'JSONata', but field '%' is only supported for the 'JSONPath' "
      "QueryLanguage";
  EXPECT_THAT(FindingsOfState(
                  R"({"Type": "Pass", "QueryLanguage": "JSONata", "InputPath": "$", "End": true})"),
              ElementsAre(told("/States/A", of_jsonpath, "InputPath")));
  EXPECT_THAT(
      FindingsOfState(
          R"({"Type": "Pass", "QueryLanguage": "jsonpath", "InputPath": "$", "End": true})"),
      ElementsAre(told("/States/A", of_jsonpath, "InputPath"),
                  "SCHEMA_VALIDATION_FAILED /States/A/QueryLanguage: Value should be one of the "
                  "following: [JSONPath, JSONata] (but was 'jsonpath')"))
      << "whatever is not JSONPath to the letter is JSONata";
}

TEST(ParserTest, AStateCannotGoBackToJsonPath) {
  EXPECT_THAT(Findings(R"({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
      "A": {"Type": "Map", "Next": "B", "ItemProcessor": {"StartAt": "I", "States": {
            "I": {"Type": "Wait", "SecondsPath": "$.s", "End": true}}}},
      "B": {"Type": "Pass", "QueryLanguage": "JSONPath", "InputPath": "$.a", "End": true}}})"),
              ElementsAre("SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/States/I: The "
                          "QueryLanguage is set to 'JSONata', but field 'SecondsPath' is only "
                          "supported for the 'JSONPath' QueryLanguage",
                          "SCHEMA_VALIDATION_FAILED /States/B: 'QueryLanguage' can not be "
                          "'JSONPath' if set to 'JSONata' for whole state machine"));
}

TEST(ParserTest, IntegrationsSayWhatTheyCannotDoWithout) {
  const auto of = [](const std::string& fields) {
    return FindingsOfState(R"({"Type": "Task", "End": true, "Resource": "arn:aws:states:::)" +
                           fields + "}");
  };
  EXPECT_THAT(of(R"(lambda:invoke")"),
              ElementsAre("SCHEMA_VALIDATION_FAILED /States/A: Parameters field is required for "
                          "resource ARN: arn:aws:states:::lambda:invoke"));
  EXPECT_THAT(of(R"(sqs:sendMessage.waitForTaskToken", "Parameters": {"MessageBody.$": "$"})"),
              ElementsAre("SCHEMA_VALIDATION_FAILED /States/A/Parameters: The field 'QueueUrl' is "
                          "required but was missing"));
  EXPECT_THAT(
      of(R"(lambda:invoke", "Parameters": {"FunctionName": 1, "Payload": 1, "Color": 1, "Size.$": "$"})"),
      ElementsAre("SCHEMA_VALIDATION_FAILED /States/A/Parameters: The value for the field "
                  "'FunctionName' must be a STRING",
                  "SCHEMA_VALIDATION_FAILED /States/A/Parameters: The field \"Color\" is not "
                  "supported by Step Functions"));
  EXPECT_THAT(of(R"(states:startExecution", "Parameters": {"StateMachineArn.$": "$.arn"})"),
              ElementsAre());
}

TEST(ParserTest, AllMistakesAreReportedAtOnce) {
  EXPECT_THAT(
      FindingsOfState(
          R"({"Type": "Task", "TimeoutSeconds": "5", "OutputPath": "x", "Retry": 1, "Colour": 2, "End": true})"),
      ::testing::SizeIs(5));
}

TEST(ParserTest, AFloodOfMistakesIsCut) {
  std::string states;
  for (int i = 0; i < 500; ++i) states += "\"S" + std::to_string(i) + "\": {\"Type\": \"Nope\"}, ";
  EXPECT_EQ(
      Findings(R"({"StartAt": "A", "States": {)" + states + R"("A": {"Type": "Succeed"}}})").size(),
      100u);
}

TEST(ParserTest, NamesHaveAtMostEightyCharacters) {
  const auto machine_with = [](const std::string& name) {
    return R"({"StartAt": ")" + name + R"(", "States": {")" + name + R"(": {"Type": "Succeed"}}})";
  };
  std::string umlauts;
  for (int i = 0; i < 80; ++i) umlauts += "ä";
  EXPECT_TRUE(Findings(machine_with(umlauts)).empty());
  EXPECT_THAT(Findings(machine_with(umlauts + "x")),
              Contains(HasSubstr("' exceeds the 80-character limit allowed by the service")));
}

TEST(ParserTest, AWholeMachineInAnotherQueryLanguageIsOneMistake) {
  EXPECT_THAT(
      Findings(
          R"({"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": {"Type": "Pass", "Output": 1, "End": true}}})"),
      ElementsAre(HasSubstr(
          "/QueryLanguage: Query language 'JSONata' is not supported yet by this engine")));
}

TEST(ParserTest, SubstitutionsReachEveryString) {
  ParseOptions options;
  options.substitute = [](std::string_view name) -> std::optional<std::string> {
    if (name == "Who") return "world";
    return std::nullopt;
  };
  const std::string definition = R"({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true,
      "Result": {"${Who}": ["hello ${Who}, ${Who}!", "${not a name}", "${", "$${Who}"]}}}})";
  TestExecution run(ParseOrFail(definition, options));
  run.Begin();
  EXPECT_EQ(json::Serialize(run.Only<Complete>().output),
            R"({"${Who}":["hello world, world!","${not a name}","${","$world"]})");
  TestExecution plain(ParseOrFail(definition));
  plain.Begin();
  EXPECT_EQ(plain.Only<Complete>().output.Find("${Who}")->AsArray()[0].AsString(),
            "hello ${Who}, ${Who}!");
}

TEST(ParserTest, ErrorsReadAsOneLine) {
  EXPECT_EQ(FormatDiagnostics({{Diagnostic::Severity::kError, "C1", "/a", "first", ""},
                               {Diagnostic::Severity::kWarning, "W", "/w", "not told", ""},
                               {Diagnostic::Severity::kError, "C2", "", "second", "because"}}),
            "C1: first at /a, C2: second (because)");
}

}  // namespace
}  // namespace orderflow::asl
