#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/session.h"
#include "common/version/version.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Ran {
  ExitCode status;
  std::string out;
  std::string err;
};

Ran RunProgram(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"orderflow"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  const int status =
      RunCli(static_cast<int>(argv.size()), argv.data(), out, err, /*out_is_terminal=*/false);
  return {static_cast<ExitCode>(status), out.str(), err.str()};
}

TEST(CommandLineTest, AMistakeIsOneLineThatSaysWhereHelpIs) {
  const Ran ran = RunProgram({"order", "place", "--quantty", "1"});
  EXPECT_EQ(ran.status, ExitCode::kUsage);
  EXPECT_EQ(
      ran.err,
      "orderflow: unknown flag --quantty for `orderflow order place`; did you mean --quantity? "
      "(see: orderflow help order place)\n");
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST(CommandLineTest, AnUnknownCommandGetsASuggestion) {
  EXPECT_THAT(RunProgram({"ordr"}).err, HasSubstr("did you mean order?"));
  EXPECT_THAT(RunProgram({"order", "plase"}).err, HasSubstr("did you mean place?"));
  EXPECT_THAT(RunProgram({"help", "stokc"}).err, HasSubstr("did you mean stock?"));
}

TEST(CommandLineTest, AGroupAloneNeedsACommand) {
  const Ran ran = RunProgram({"order"});
  EXPECT_EQ(ran.status, ExitCode::kUsage);
  EXPECT_THAT(ran.err, HasSubstr("`orderflow order` needs a command"));
  EXPECT_THAT(RunProgram({}).err, HasSubstr("`orderflow` needs a command"));
}

TEST(CommandLineTest, VersionIsTheSameInEachWay) {
  for (const std::vector<std::string>& way :
       {std::vector<std::string>{"--version"}, {"version"}, {"up", "--version"}}) {
    const Ran ran = RunProgram(way);
    EXPECT_EQ(ran.status, ExitCode::kOk);
    EXPECT_EQ(ran.out, version::Line("orderflow") + "\n");
  }
  EXPECT_THAT(RunProgram({"version", "--json"}).out,
              HasSubstr("\"revision\":\"" + std::string(version::Revision()) + "\""));
}

TEST(CommandLineTest, HelpIsTheSameBothWays) {
  const Ran by_command = RunProgram({"help", "order", "place"});
  EXPECT_EQ(by_command.status, ExitCode::kOk);
  EXPECT_THAT(by_command.out, HasSubstr("orderflow order place --id 12345"));
  EXPECT_EQ(RunProgram({"order", "place", "--help"}).out, by_command.out);
  EXPECT_THAT(RunProgram({"--help"}).out, HasSubstr("Exit status"));
}

TEST(CommandLineTest, UpListsTheSettingsOfAServer) {
  const Ran ran = RunProgram({"up", "--help"});
  EXPECT_EQ(ran.status, ExitCode::kOk);
  for (const char* setting :
       {"--data", "--payment_listen", "--tls_certificate", "ORDERFLOW_DATA", "127.0.0.1:50050"}) {
    EXPECT_THAT(ran.out, HasSubstr(setting));
  }
  EXPECT_EQ(RunProgram({"help", "up"}).out, ran.out);
}

TEST(CommandLineTest, UpRefusesWhatItDoesNotKnow) {
  EXPECT_EQ(RunProgram({"up", "--dta=x"}).status, ExitCode::kUsage);
  EXPECT_EQ(RunProgram({"up", "now"}).status, ExitCode::kUsage);
}

TEST(CommandLineTest, AServerThatIsNotThereIsNamedWithWhatToDo) {
  const Ran ran = RunProgram({"--address", "localhost:1", "order", "get", "12345"});
  EXPECT_EQ(ran.status, ExitCode::kUnavailable);
  EXPECT_THAT(ran.err, HasSubstr("cannot reach the orchestrator at localhost:1: is it running? "
                                 "Start it with: orderflow up"));
  EXPECT_THAT(ran.err, EndsWith("\n"));
}

TEST(CommandLineTest, GlobalFlagsMayStandBehindTheCommand) {
  EXPECT_EQ(RunProgram({"order", "get", "12345", "--address", "localhost:1", "--json"}).status,
            ExitCode::kUnavailable);
}

TEST(CommandLineTest, ATlsFileThatIsMissingIsNamed) {
  const Ran ran = RunProgram({"--tls-ca", "/nonexistent/ca.pem", "order", "get", "12345"});
  EXPECT_EQ(ran.status, ExitCode::kConflict);
  EXPECT_THAT(ran.err, HasSubstr("/nonexistent/ca.pem"));
}

TEST(CommandLineTest, AnOrderThatIsNoJsonIsRefusedBeforeAnythingIsSent) {
  const Ran ran = RunProgram({"--address", "localhost:1", "order", "place", R"({"order_id":)"});
  EXPECT_EQ(ran.status, ExitCode::kUsage);
  EXPECT_THAT(RunProgram({"order", "place", R"({"colour":"red"})"}).err, HasSubstr("colour"));
}

class ValidateTest : public ::testing::Test {
 protected:
  std::string Definition(const std::string& text) {
    const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string path = ::testing::TempDir() + "/validate_test_" + test->name() + ".asl.json";
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(ValidateTest, AGoodDefinitionIsValid) {
  const std::string path =
      Definition(R"({"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}})");
  const Ran ran = RunProgram({"workflow", "validate", path});
  EXPECT_EQ(ran.status, ExitCode::kOk);
  EXPECT_EQ(ran.out, path + ": valid\n");
}

TEST_F(ValidateTest, EachMistakeIsShownWithFileAndPlace) {
  const std::string path =
      Definition(R"({"StartAt":"X","States":{"A":{"Type":"Pass","Next":"B"}}})");
  const Ran ran = RunProgram({"workflow", "validate", path});
  EXPECT_EQ(ran.status, ExitCode::kNotConfirmed);
  EXPECT_THAT(ran.out, HasSubstr(path + ": /StartAt: error: "));
  EXPECT_THAT(ran.out, HasSubstr(path + ": /States/A/Next: error: "));
}

TEST_F(ValidateTest, ASubstitutionWithoutValueIsAMistakeOnceValuesAreGiven) {
  const std::string path = Definition(
      R"({"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${Charge}","End":true}}})");
  EXPECT_EQ(RunProgram({"workflow", "validate", path}).status, ExitCode::kOk);
  EXPECT_EQ(RunProgram(
                {"workflow", "validate", path, "--substitution", "Charge=grpc://localhost:1/a.B/C"})
                .status,
            ExitCode::kOk);
  EXPECT_EQ(RunProgram({"workflow", "validate", path, "--substitution", "Other=x"}).status,
            ExitCode::kNotConfirmed);
}

TEST_F(ValidateTest, AFileThatCannotBeReadIsAUsageError) {
  EXPECT_EQ(RunProgram({"workflow", "validate", "/nonexistent.asl.json"}).status, ExitCode::kUsage);
}

}  // namespace
}  // namespace orderflow::cli
