#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/session.h"
#include "common/rpc/health.h"
#include "common/version/version.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

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

TEST(CommandLineTest, HealthOfAServerThatIsNotThereIsOneLine) {
  const Ran ran = RunProgram({"health", "localhost:1"});
  EXPECT_EQ(ran.status, ExitCode::kUnavailable);
  EXPECT_THAT(ran.err, StartsWith("orderflow: cannot reach the server at localhost:1 ["));
  EXPECT_THAT(ran.err, EndsWith("]\n"));
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST(CommandLineTest, HealthNeedsAnAddress) {
  EXPECT_EQ(RunProgram({"health"}).status, ExitCode::kUsage);
}

// A server that has nothing but its health.
class HealthTest : public ::testing::Test {
 protected:
  HealthTest() {
    health_->SetServices({"shop.Till"});
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&health_->service());
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }

  rpc::HealthService& health() { return *health_; }
  const std::string& address() const { return address_; }

 private:
  const std::unique_ptr<rpc::HealthService> health_ = rpc::HealthService::Create();
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

TEST_F(HealthTest, AServerThatServesIsHealthy) {
  health().SetServing(true);
  const Ran ran = RunProgram({"health", address()});
  EXPECT_EQ(ran.status, ExitCode::kOk);
  EXPECT_EQ(ran.out, "the server at " + address() + " is SERVING\n");
  EXPECT_THAT(RunProgram({"health", address(), "--json"}).out, HasSubstr(R"("status": "SERVING")"));
}

TEST_F(HealthTest, AServerThatDoesNotServeIsUnavailable) {
  health().SetServing(false);
  const Ran ran = RunProgram({"health", address()});
  EXPECT_EQ(ran.status, ExitCode::kUnavailable);
  EXPECT_EQ(ran.err, "orderflow: the server at " + address() + " is NOT_SERVING\n");
}

TEST_F(HealthTest, AServiceCanBeAskedFor) {
  health().SetServing(true);
  const Ran ran = RunProgram({"health", address(), "--service", "shop.Till"});
  EXPECT_EQ(ran.status, ExitCode::kOk);
  EXPECT_EQ(ran.out, "shop.Till of the server at " + address() + " is SERVING\n");
  EXPECT_EQ(RunProgram({"health", address(), "--service", "shop.Roof"}).status,
            ExitCode::kNotFound);
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
  ValidateTest() : directory_(::testing::TempDir() + "/validate_test" + std::to_string(getpid())) {
    std::filesystem::create_directory(directory_);
  }
  ~ValidateTest() override { std::filesystem::remove_all(directory_); }

  std::string Definition(const std::string& text) {
    const std::string path = directory_ + "/test.asl.json";
    std::ofstream(path) << text;
    return path;
  }

  const std::string directory_;
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
  EXPECT_THAT(ran.out, HasSubstr(path + ":1:2: error MISSING_TRANSITION_TARGET: Missing 'Next'"));
  EXPECT_THAT(ran.out, HasSubstr(path + ":1:45: error MISSING_TRANSITION_TARGET: Missing 'Next'"));
}

TEST_F(ValidateTest, WhatIsNoJsonIsShownWhereItStops) {
  const std::string path = Definition("{\n  \"StartAt\": nowhere\n}");
  const Ran ran = RunProgram({"workflow", "validate", path});
  EXPECT_EQ(ran.status, ExitCode::kNotConfirmed);
  EXPECT_THAT(ran.out,
              HasSubstr(path + ":2:14: error INVALID_JSON_DESCRIPTION: Unrecognized token"));
}

TEST_F(ValidateTest, AMemberThatIsThereTwiceIsShownAtTheSecond) {
  const std::string path = Definition(
      "{\"StartAt\":\"A\",\n\"States\":{\n\"A\":{\"Type\":\"Fail\"},\n "
      "\"A\":{\"Type\":\"Fail\"}}}");
  EXPECT_THAT(RunProgram({"workflow", "validate", path}).out,
              HasSubstr(path + ":4:2: error INVALID_JSON_DESCRIPTION: Duplicate field 'A'"));
}

// The order services are known without a server: nothing listens on port 1.
constexpr char kOrderTasks[] = R"({"StartAt": "Charge", "States": {
  "Charge": {
    "Type": "Task", "Resource": "grpc://127.0.0.1:1/orderflow.payment.v1.PaymentService/ChargePayment",
    "Parameters": {"ordr_id.$": "$.order_id", "amount_minor": "much"},
    "ResultPath": "$.payment", "Next": "Paid"},
  "Paid": {"Type": "Choice", "Default": "No", "Choices": [
    {"Variable": "$.payment.payment_statuss", "StringEquals": "charged", "Next": "Yes"}]},
  "Yes": {"Type": "Succeed"}, "No": {"Type": "Fail"}}})";

TEST_F(ValidateTest, WhatDoesNotFitTheTypesOfItsTasksIsAWarningWithItsPlace) {
  const std::string path = Definition(kOrderTasks);
  const Ran ran = RunProgram({"workflow", "validate", path});
  EXPECT_EQ(ran.status, ExitCode::kOk) << "a newer service may have all this";
  EXPECT_THAT(ran.out, HasSubstr(path + ":4:20: warning UNKNOWN_PARAMETER: "));
  EXPECT_THAT(ran.out, HasSubstr("(did you mean 'order_id'?)"));
  EXPECT_THAT(ran.out, HasSubstr(path + ":4:47: warning WRONG_TYPE: "));
  EXPECT_THAT(ran.out, HasSubstr(path + ":7:6: warning IMPOSSIBLE_PATH: "));
  EXPECT_EQ(RunProgram({"workflow", "validate", "--strict", path}).status, ExitCode::kNotConfirmed);

  const Ran json = RunProgram({"--json", "workflow", "validate", path});
  EXPECT_EQ(json.status, ExitCode::kOk);
  EXPECT_THAT(json.out, HasSubstr("\"line\": 7"));
  EXPECT_THAT(json.out, HasSubstr("\"column\": 6"));
}

TEST_F(ValidateTest, AServerThatCannotBeAskedIsAWarning) {
  const std::string path = Definition(
      R"({"StartAt":"A","States":{"A":{"Type":"Task","Resource":"grpc://127.0.0.1:1/a.B/C","End":true}}})");
  const Ran ran = RunProgram({"workflow", "validate", path});
  EXPECT_EQ(ran.status, ExitCode::kOk);
  EXPECT_THAT(ran.out, HasSubstr(":1:45: warning TASK_TYPES_UNKNOWN: cannot ask 127.0.0.1:1"));
}

TEST_F(ValidateTest, SubstitutionsMayComeFromAFile) {
  const std::string path = Definition(
      R"({"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${Charge}","End":true}}})");
  const std::string names = path + ".names";
  std::ofstream(names) << R"({"Charge": "grpc://localhost:1/a.B/C"})";
  EXPECT_EQ(RunProgram({"workflow", "validate", path, "--substitutions", names}).status,
            ExitCode::kOk);
  std::ofstream(names) << R"({"Other": "grpc://localhost:1/a.B/C"})";
  EXPECT_EQ(RunProgram({"workflow", "validate", path, "--substitutions", names}).status,
            ExitCode::kNotConfirmed);
  std::ofstream(names) << "[]";
  EXPECT_EQ(RunProgram({"workflow", "validate", path, "--substitutions", names}).status,
            ExitCode::kUsage);
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
