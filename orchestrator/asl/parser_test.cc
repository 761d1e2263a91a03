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
              ElementsAre("NO_PATH /States/A/Choices/0/StringEquals"));
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
              ElementsAre(HasSubstr("/InputPath: Value is not a valid JSONPath")));
  EXPECT_THAT(Findings(with("@ =~ /a{1,100}/")), ElementsAre());
}

TEST(ParserTest, TwoStatesOfOneNameAreOneMistake) {
  EXPECT_THAT(
      Findings(
          R"({"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "\u0041": {"Type": "Succeed"}}})"),
      ElementsAre("INVALID_JSON_DESCRIPTION /States/A: Duplicate field 'A'"));
  EXPECT_THAT(
      FindingsOfState(R"({"Type": "Pass", "Result": [{"k": "}"}, {"k": 1, "k": 2}], "End": true})"),
      ElementsAre("INVALID_JSON_DESCRIPTION /States/A/Result/1/k: Duplicate field 'k'"));
}

TEST(ParserTest, EveryDanglingTransitionIsFound) {
  EXPECT_THAT(Findings(R"({"StartAt": "Nowhere", "States": {"A": {"Type": "Succeed"}}})"),
              ElementsAre(HasSubstr(
                  "MISSING_TRANSITION_TARGET /StartAt: Missing 'StartAt' target: Nowhere")));
  const auto findings = Findings(R"({"StartAt": "A", "States": {
      "A": {"Type": "Task", "Resource": "r", "Next": "B1", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
      "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "B2"}], "Default": "B3"}}})");
  EXPECT_THAT(
      findings,
      ElementsAre(
          HasSubstr("MISSING_TRANSITION_TARGET /States/A/Next: Missing 'Next' target: B1"),
          HasSubstr(
              "MISSING_TRANSITION_TARGET /States/C/Choices/0/Next: Missing 'Next' target: B2"),
          HasSubstr("MISSING_TRANSITION_TARGET /States/C/Default: Missing 'Default' target: B3"),
          HasSubstr("No state ends")));
}

TEST(ParserTest, StatesThatNothingLeadsToAreFound) {
  EXPECT_THAT(
      Findings(
          R"({"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B/1": {"Type": "Pass", "Next": "C"},
                           "C": {"Type": "Pass", "Next": "B/1"}}})"),
      ElementsAre(
          HasSubstr("MISSING_TRANSITION_TARGET /States/B~11: State \"B/1\" is not reachable."),
          HasSubstr("MISSING_TRANSITION_TARGET /States/C: State \"C\" is not reachable.")));
}

TEST(ParserTest, AMachineWithoutAnEndIsRefused) {
  EXPECT_THAT(
      Findings(
          R"({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}})"),
      ElementsAre(HasSubstr("MISSING_END_STATE /States: No state ends")));
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
  EXPECT_THAT(Findings(R"({"StartAt": "A", "States": {"A": {"Type": "Parallel", "End": true,
                  "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]}}})"),
              ElementsAre(HasSubstr("DUPLICATE_STATE_NAME /States/A/Branches/0/States/A: Duplicate "
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
  EXPECT_EQ(finding("arn:aws:states:::states:startExecution"), "");
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
    EXPECT_EQ(finding(known), "") << known;
  }
  EXPECT_THAT(
      finding("arn:aws:states:::dynamodb:query"),
      HasSubstr("The resource provided arn:aws:states:::dynamodb:query is not recognized."));
  EXPECT_THAT(finding("arn:aws:states:::teapot:brew"), HasSubstr("is not recognized"));
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
  EXPECT_THAT(Findings(R"({"StartAt": "A", "States": {
      "A": {"Type": "Task", "Resource": "a", "Parameters": {"x.$": "$.y"}, "Next": "B"},
      "B": {"Type": "Task", "Resource": "b", "Next": "C"},
      "C": {"Type": "Task", "Resource": "bad", "Parameters": {}, "End": true}}})",
                       options),
              ElementsAre(HasSubstr("/States/A/Parameters: not these"),
                          HasSubstr("/States/C/Resource: no such resource")));
  EXPECT_THAT(seen, ElementsAre(R"(a {"x.$":"$.y"})", "b null"));
}

TEST(ParserTest, EachMistakeInAStateNamesItsPlaceAndWhatWasExpected) {
  const std::string long_name(81, 'n');
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {R"(5)", "/States/A: A state must be an object"},
      {R"({})", "/States/A: These fields are required: [Type]"},
      {R"({"Type": "Job"})",
       "/States/A/Type: The field 'Type' should have one of these values: [Task, Wait, Pass, "
       "Succeed, Fail, Choice, Parallel, Map] (but was 'Job')"},
      {R"({"Type": "Map", "Next": "Z"})", "/States/A: These fields are required: [ItemProcessor]"},
      {R"({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {}}})",
       "/States/A/ItemProcessor/States: Value cannot be empty"},
      {R"({"Type": "Parallel", "End": true})", "/States/A: These fields are required: [Branches]"},
      {R"({"Type": "Parallel", "End": true, "Branches": [{"StartAt": "I", "States": {
           "I": {"Type": "Pass", "Result": 1}}}]})",
       "/States/A/Branches/0/States/I: Either 'Next' or 'End' is required"},
      {R"({"Type": "Parallel", "End": true, "Branches": ["I"]})",
       "/States/A/Branches/0: Expected an object with StartAt and States"},
      {R"({"Type": "Pass", "QueryLanguage": "JSONata", "Output": 1, "End": true})",
       "/States/A/QueryLanguage: Query language 'JSONata' is not supported yet by this engine"},
      {R"({"Type": "Pass"})", "/States/A: Either 'Next' or 'End' is required"},
      {R"({"Type": "Pass", "Next": ""})", "/States/A/Next: The field 'Next' must not be empty"},
      {R"({"Type": "Pass", "Next": "Z", "End": true})",
       "/States/A: 'Next' and 'End' cannot both be given"},
      {R"({"Type": "Pass", "End": "yes"})",
       "/States/A/End: The field 'End' must be true or false but was \"yes\""},
      {R"({"Type": "Pass", "Colour": 1, "End": true})",
       "/States/A/Colour: Field 'Colour' is not supported (expected one "
       "of: "},
      {R"({"Type": "Pass", "InputPath": "x", "End": true})",
       "/States/A/InputPath: Value is not a valid JSONPath"},
      {R"({"Type": "Pass", "InputPath": 5, "End": true})",
       "/States/A/InputPath: Value is not a valid JSONPath"},
      {R"({"Type": "Pass", "ResultPath": "$.a[*]", "End": true})",
       "/States/A/ResultPath: Value is not a Reference Path"},
      {R"({"Type": "Pass", "ResultPath": "$$.a", "End": true})",
       "/States/A/ResultPath: Value is not a Reference Path"},
      {R"({"Type": "Pass", "ResultSelector": {}, "End": true})",
       "/States/A/ResultSelector: Field 'ResultSelector' is "
       "not supported"},
      {R"({"Type": "Pass", "Parameters": {"in": {"a.$": "b"}}, "End": true})",
       "/States/A/Parameters/in: The value for the field 'a.$' must be a valid JSONPath or a valid "
       "intrinsic function "
       "call"},
      {R"({"Type": "Pass", "Parameters": {"a.$": 1}, "End": true})",
       "/States/A/Parameters: The value for the field 'a.$'"},
      {R"({"Type": "Pass", "Parameters": {"a.$": "$.x", "a": 1}, "End": true})",
       "/States/A/Parameters: The fields 'a' and "
       "'a.$' cannot both be given"},
      {R"({"Type": "Succeed", "End": true})", "/States/A/End: Field 'End' is not supported"},
      {R"({"Type": "Fail", "Next": "Z"})", "/States/A/Next: Field 'Next' is not supported"},
      {R"({"Type": "Fail", "Error": "e", "ErrorPath": "$.e"})",
       "/States/A: The fields 'Error' and 'ErrorPath' cannot both "
       "be given"},
      {R"asl({"Type": "Fail", "CausePath": "States.Nope()"})asl",
       "/States/A/CausePath: Value is not a valid JSONPath or "
       "intrinsic function call (there is no function"},
      {R"({"Type": "Task", "End": true})", "/States/A: These fields are required: [Resource]"},
      {R"({"Type": "Task", "Resource": 1, "End": true})",
       "/States/A/Resource: The field 'Resource' must be a string but "
       "was 1"},
      {R"({"Type": "Task", "Resource": "r", "TimeoutSeconds": 0, "End": true})",
       "/States/A/TimeoutSeconds: The field 'TimeoutSeconds' must be an integer from 1 to 99999999 "
       "but was 0"},
      {R"({"Type": "Task", "Resource": "r", "TimeoutSeconds": 5, "HeartbeatSeconds": 5, "End": true})",
       "/States/A/HeartbeatSeconds: HeartbeatSeconds (5) must be smaller than TimeoutSeconds (5)"},
      {R"asl({"Type": "Task", "Resource": "r", "TimeoutSecondsPath": "States.UUID()", "End": true})asl",
       "/States/A/TimeoutSecondsPath: Value is not a Reference Path"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["States.ALL", "A"]}], "End": true})",
       "/States/A/Retry/0/ErrorEquals: States.ALL must appear alone"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}], "End": true})",
       "/States/A/Retry/0/ErrorEquals: States.ALL must appear in the last element only"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": []}], "End": true})",
       "/States/A/Retry/0/ErrorEquals: Value cannot be empty"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": [1]}], "End": true})",
       "/States/A/Retry/0/ErrorEquals/0: An error name must be a string"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{}], "End": true})",
       "/States/A/Retry/0: These fields are required: [ErrorEquals]"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}], "End": true})",
       "/States/A/Retry/0/BackoffRate: The field 'BackoffRate' must be a number from 1.0 to 1000.0 "
       "but was 0.5"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["A"], "MaxAttempts": -1}], "End": true})",
       "/States/A/Retry/0/MaxAttempts: The field 'MaxAttempts' must be an integer from 0"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}], "End": true})",
       "/States/A/Retry/0/JitterStrategy: The field 'JitterStrategy' should have one of these "
       "values: [FULL, NONE]"},
      {R"({"Type": "Task", "Resource": "r", "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 9, "MaxDelaySeconds": 9}], "End": true})",
       "/States/A/Retry/0/MaxDelaySeconds: MaxDelaySeconds (9) must be greater than "
       "IntervalSeconds (9)"},
      {R"({"Type": "Task", "Resource": "r", "Catch": [{"ErrorEquals": ["A"]}], "End": true})",
       "/States/A/Catch/0: These fields are required: [Next]"},
      {R"({"Type": "Task", "Resource": "r", "Catch": {"ErrorEquals": ["A"]}, "End": true})",
       "/States/A/Catch: The field 'Catch' must be a list"},
      {R"({"Type": "Wait", "End": true})",
       "/States/A: Exactly one of these fields is required: [Seconds, SecondsPath, Timestamp, "
       "TimestampPath]"},
      {R"({"Type": "Wait", "Seconds": 1, "TimestampPath": "$.t", "End": true})",
       "/States/A: Exactly one of these fields"},
      {R"({"Type": "Wait", "Timestamp": "tomorrow", "End": true})",
       "/States/A/Timestamp: String does not match RFC3339 timestamp"},
      {R"({"Type": "Choice"})", "/States/A: These fields are required: [Choices]"},
      {R"({"Type": "Choice", "Choices": []})", "/States/A/Choices: Value cannot be empty"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "Next": "Z"}]})",
       "/States/A/Choices/0: A Choice rule must have exactly one comparison operator, but has 0"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "IsString": true, "Next": "Z"}]})",
       "/States/A/Choices/0: A Choice rule must have exactly one comparison operator, but has 2"},
      {R"({"Type": "Choice", "Choices": [{"StringEquals": "a", "Next": "Z"}]})",
       "/States/A/Choices/0: These fields are required: [Variable]"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "StringEquals": 1, "Next": "Z"}]})",
       "/States/A/Choices/0/StringEquals: Expected value of type String"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "TimestampEquals": "x", "Next": "Z"}]})",
       "/States/A/Choices/0/TimestampEquals: String does not match RFC3339 timestamp"},
      {R"({"Type": "Choice", "Choices": [{"Variable": "$.x", "StringMatchesPath": "$.y", "Next": "Z"}]})",
       "/States/A/Choices/0/StringMatchesPath: Field 'StringMatchesPath' is not supported"},
      {R"({"Type": "Choice", "Choices": [{"And": [{"Variable": "$.x", "IsNull": true, "Next": "Z"}], "Next": "Z"}]})",
       "/States/A/Choices/0/And/0/Next: 'Next' is allowed in a top-level Choice rule only"},
      {R"({"Type": "Choice", "Choices": [{"Not": [], "Next": "Z"}]})",
       "/States/A/Choices/0/Not: The field 'Not' must be an object"},
  };
  for (const auto& [state, expected] : mistakes) {
    EXPECT_THAT(FindingsOfState(state), Contains(HasSubstr("SCHEMA_VALIDATION_FAILED " + expected)))
        << state;
  }
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
              Contains(HasSubstr("1 to 80 characters but has 81")));
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
