#include "orchestrator/api/request_checks.h"

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "gtest/gtest.h"
#include "orchestrator/api/logging_configuration.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/substitutions.h"
#include "orchestrator/api/uuid.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string ReasonOf(const absl::Status& status) {
  const auto info = GetErrorInfo(status);
  return info ? info->reason : "";
}

TEST(CheckNameTest, WhatAwsAllowsIsAllowed) {
  for (const char* name :
       {"a", "A-b_c.9", "(x)", "a+b=c@d!", "'quoted'", "gr\u00fc\u00dfe", "\u6ce8\u6587"}) {
    EXPECT_THAT(CheckName(name), IsOk()) << name;
  }
  std::string longest;
  for (int i = 0; i < 80; ++i) longest += "\u00fc";
  EXPECT_THAT(CheckName(longest), IsOk()) << "characters are counted, not bytes";
  EXPECT_EQ(ReasonOf(CheckName(longest + "x")), "ValidationException");
}

TEST(CheckNameTest, WhatAwsForbidsIsInvalidName) {
  for (const char* name :
       {"a b",  "a\tb", "a<b", "a>b",  "a{b",   "a}b",   "a[b",     "a]b",    "a?b", "a*b",
        "a\"b", "a#b",  "a%b", "a\\b", "a^b",   "a|b",   "a~b",     "a`b",    "a$b", "a&b",
        "a,b",  "a;b",  "a:b", "a/b",  "a\x01", "a\x7f", "a\u0085", "a\ufffe"}) {
    EXPECT_EQ(ReasonOf(CheckName(name)), "InvalidName") << name;
  }
}

TEST(CheckArnTest, TheKindMustFit) {
  EXPECT_THAT(
      CheckArn("executionArn", "arn:aws:states:r:a:execution:m:n", engine::Arn::Kind::kExecution),
      IsOk());
  const auto wrong =
      CheckArn("executionArn", "arn:aws:states:r:a:stateMachine:m", engine::Arn::Kind::kExecution);
  EXPECT_EQ(ReasonOf(wrong.status()), "InvalidArn");
  EXPECT_EQ(ReasonOf(CheckArn("x", "", engine::Arn::Kind::kExecution).status()),
            "ValidationException");
}

TEST(CheckInputTest, AMistakeIsNamedWithItsPlaceAndForAwsWithoutIt) {
  const auto bad = CheckInput("{\n  \"a\": }", 100);
  EXPECT_EQ(ReasonOf(bad.status()), "InvalidExecutionInput");
  EXPECT_THAT(std::string(bad.status().message()), HasSubstr("line 2"));
  EXPECT_EQ(AwsMessage(bad.status()),
            "Invalid State Machine Execution Input: 'Unexpected character ('}' (code 125)): "
            "expected a value'");
}

TEST(CheckInputTest, ATextBeyondTheLimitIsRefused) {
  EXPECT_THAT(CheckInput("[1]", 3), IsOk());
  EXPECT_EQ(AwsMessage(CheckInput("[10]", 3).status()),
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member "
            "must have length less than or equal to 3");
}

TEST(CheckInputTest, ATextOfNothingIsNoInput) {
  for (const char* blank : {"", " \n"}) {
    const auto bad = CheckInput(blank, 100);
    EXPECT_EQ(ReasonOf(bad.status()), "InvalidExecutionInput");
    EXPECT_EQ(AwsMessage(bad.status()),
              "Invalid State Machine Execution Input: 'Invalid execution input.'");
  }
}

TEST(CheckEncryptionTest, AKeyOfTheCallersIsRefused) {
  workflow::v1::EncryptionConfiguration encryption;
  EXPECT_THAT(CheckEncryption(encryption), IsOk());
  encryption.set_type(workflow::v1::ENCRYPTION_TYPE_AWS_OWNED_KEY);
  EXPECT_THAT(CheckEncryption(encryption), IsOk());
  encryption.set_type(workflow::v1::ENCRYPTION_TYPE_CUSTOMER_MANAGED_KMS_KEY);
  EXPECT_EQ(ReasonOf(CheckEncryption(encryption)), "InvalidEncryptionConfiguration");
}

TEST(CheckTraceHeaderTest, OnlyShortAscii) {
  EXPECT_THAT(CheckTraceHeader(""), IsOk());
  EXPECT_THAT(CheckTraceHeader("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), IsOk());
  EXPECT_EQ(ReasonOf(CheckTraceHeader("\u00fc")), "ValidationException");
  EXPECT_EQ(ReasonOf(CheckTraceHeader(std::string(257, 'a'))), "ValidationException");
}

TEST(StatesErrorTest, WhatMayBeRepeatedIsServiceUnavailable) {
  EXPECT_EQ(ReasonOf(ToStatesError(absl::UnavailableError("x"))), "ServiceUnavailable");
  EXPECT_EQ(ReasonOf(ToStatesError(absl::ResourceExhaustedError("x"))), "ExecutionLimitExceeded");
  EXPECT_EQ(ReasonOf(ToStatesError(InvalidToken())), "InvalidToken");
  EXPECT_THAT(ToStatesError(absl::InternalError("x")), StatusIs(absl::StatusCode::kInternal));
}

TEST(LoggingConfigurationTest, TheDefaultIsKeptAsNothing) {
  workflow::v1::LoggingConfiguration configuration;
  EXPECT_THAT(EncodeLogging(configuration), IsOkAndHolds(""));
  configuration.set_level(workflow::v1::LOG_LEVEL_OFF);
  configuration.set_include_execution_data(false);
  EXPECT_THAT(EncodeLogging(configuration), IsOkAndHolds(""));
  DecodeLogging("", configuration);
  EXPECT_EQ(configuration.level(), workflow::v1::LOG_LEVEL_OFF);
  EXPECT_TRUE(configuration.has_include_execution_data());
}

TEST(LoggingConfigurationTest, WhatIsLoggedNeedsExactlyOneDestination) {
  workflow::v1::LoggingConfiguration configuration;
  EXPECT_THAT(CheckLogging(configuration), IsOk());
  configuration.set_level(workflow::v1::LOG_LEVEL_FATAL);
  EXPECT_EQ(ReasonOf(CheckLogging(configuration)), "InvalidLoggingConfiguration");
  const auto add = [&] {
    configuration.add_destinations()->mutable_cloud_watch_logs_log_group()->set_log_group_arn("a");
  };
  add();
  EXPECT_THAT(CheckLogging(configuration), IsOk());
  add();
  EXPECT_EQ(ReasonOf(CheckLogging(configuration)), "InvalidLoggingConfiguration");
  configuration.set_level(workflow::v1::LOG_LEVEL_OFF);
  EXPECT_EQ(ReasonOf(CheckLogging(configuration)), "InvalidLoggingConfiguration");
  configuration.clear_destinations();
  EXPECT_THAT(CheckLogging(configuration), IsOk());
}

TEST(LoggingConfigurationTest, ComesBackAsItWasGiven) {
  workflow::v1::LoggingConfiguration configuration;
  configuration.set_level(workflow::v1::LOG_LEVEL_ALL);
  configuration.set_include_execution_data(true);
  configuration.add_destinations()->mutable_cloud_watch_logs_log_group()->set_log_group_arn(
      "arn:x");
  const auto text = EncodeLogging(configuration);
  ASSERT_THAT(text, IsOk());
  EXPECT_THAT(*text, HasSubstr(R"("level":"ALL")")) << "as AWS writes it";
  workflow::v1::LoggingConfiguration decoded;
  DecodeLogging(*text, decoded);
  EXPECT_EQ(decoded.SerializeAsString(), configuration.SerializeAsString());
  engine::Machine machine;
  ApplyLogging(*text, machine);
  EXPECT_EQ(machine.log_level, engine::LogLevel::kAll);
  EXPECT_TRUE(machine.log_execution_data);
}

TEST(SubstitutionsTest, AFileIsAnObjectOfTexts) {
  EXPECT_THAT(ParseSubstitutions(R"({"A": "x", "B": "y"})"),
              IsOkAndHolds(Substitutions{{"A", "x"}, {"B", "y"}}));
  EXPECT_THAT(ParseSubstitutions("[]"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseSubstitutions(R"({"A": 1})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"A\"")));
  EXPECT_THAT(ParseSubstitutions("{\n\"A\""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2")));
}

TEST(UuidTest, IsOfVersionFourAndNewEachTime) {
  const std::string uuid = NewUuid();
  EXPECT_THAT(uuid,
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(NewUuid(), uuid);
}

}  // namespace
}  // namespace orderflow::api
