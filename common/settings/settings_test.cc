#include "common/settings/settings.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/flags/reflection.h"
#include "absl/time/time.h"
#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

ABSL_FLAG(std::string, color, "red", "The colour of the thing.");
ABSL_FLAG(int, weight, 7, "Its weight in kilograms.");
ABSL_FLAG(bool, shiny, false, "Whether it shines.");
ABSL_FLAG(absl::Duration, patience, absl::Seconds(3), "How long it waits.");
ORDERFLOW_SECRET_FLAG(vault, "sqlite:thing.db", "Where it lives.");

namespace orderflow::settings {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() : directory_(::testing::TempDir() + "/settings_test" + std::to_string(getpid())) {
    std::filesystem::create_directories(directory_);
  }
  ~SettingsTest() override { std::filesystem::remove_all(directory_); }

  absl::StatusOr<Parsed> Run(std::vector<std::string> arguments,
                             std::map<std::string, std::string> environment = {}) {
    return Apply(
        {.arguments = std::move(arguments), .environment = [environment](const std::string& name) {
           auto it = environment.find(name);
           return it == environment.end() ? std::nullopt : std::optional<std::string>(it->second);
         }});
  }

  std::string File(const std::string& name, const std::string& text) {
    const std::string path = directory_ / name;
    std::ofstream(path) << text;
    return path;
  }

 private:
  absl::FlagSaver saver_;
  const std::filesystem::path directory_;
};

TEST_F(SettingsTest, CommandLineGoesBeforeEnvironmentBeforeFlagFileBeforeDefault) {
  const std::string file = File("flags", "# comment\n\ncolor = blue\n--weight=8\npatience=4s\n");
  const std::map<std::string, std::string> environment = {{"ORDERFLOW_COLOR", "green"},
                                                          {"ORDERFLOW_WEIGHT", "9"}};
  ASSERT_THAT(Run({"--flagfile=" + file, "--color=white"}, environment), IsOk());
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "white");              // command line
  EXPECT_EQ(absl::GetFlag(FLAGS_weight), 9);                   // environment
  EXPECT_EQ(absl::GetFlag(FLAGS_patience), absl::Seconds(4));  // flag file
  EXPECT_EQ(absl::GetFlag(FLAGS_shiny), false);                // default
}

TEST_F(SettingsTest, EnvironmentMayNameTheFlagFile) {
  ASSERT_THAT(Run({}, {{"ORDERFLOW_FLAGFILE", File("flags", "weight=11")}}), IsOk());
  EXPECT_EQ(absl::GetFlag(FLAGS_weight), 11);
}

TEST_F(SettingsTest, AllSpellingsOfAFlagWork) {
  absl::StatusOr<Parsed> parsed =
      Run({"--color", "blue", "up", "--shiny", "--weight=3", "--", "--rest"});
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "blue");
  EXPECT_EQ(absl::GetFlag(FLAGS_weight), 3);
  EXPECT_TRUE(absl::GetFlag(FLAGS_shiny));
  EXPECT_THAT(parsed->positional, ElementsAre("up", "--rest"));
  ASSERT_THAT(Run({"--noshiny"}), IsOk());
  EXPECT_FALSE(absl::GetFlag(FLAGS_shiny));
}

TEST_F(SettingsTest, UnknownFlagIsOneLineWithASuggestion) {
  EXPECT_THAT(Run({"--colour=blue"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "unknown flag --colour; did you mean --color? (--help lists all)"));
  EXPECT_THAT(Run({"--zzzzzzzzzzzz"}),
              StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr("did you mean"))));
  EXPECT_THAT(Run({"-x"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("two dashes")));
  EXPECT_THAT(Run({"--a\nb"}), StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr("\n"))));
}

TEST_F(SettingsTest, WrongValuesNameTheirSource) {
  EXPECT_THAT(Run({"--weight=heavy"}), StatusIs(absl::StatusCode::kInvalidArgument,
                                                "--weight: \"heavy\" is not a whole number"));
  EXPECT_THAT(Run({}, {{"ORDERFLOW_PATIENCE", "3"}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("ORDERFLOW_PATIENCE: \"3\" is not a duration")));
  const std::string file = File("flags", "color=blue\nweight=heavy\n");
  EXPECT_THAT(Run({"--flagfile=" + file}), StatusIs(absl::StatusCode::kInvalidArgument,
                                                    HasSubstr("flags:2: weight: \"heavy\"")));
  EXPECT_THAT(Run({"--color"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "--color needs a value"));
}

TEST_F(SettingsTest, BadFlagFilesAreRefused) {
  EXPECT_THAT(Run({"--flagfile=/nowhere/flags"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cannot read")));
  EXPECT_THAT(Run({"--flagfile=" + File("a", "colour=blue")}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("a:1: unknown flag \"colour\"; did you mean --color?")));
  EXPECT_THAT(Run({"--flagfile=" + File("b", "just words")}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("b:1: expected name=value")));
}

TEST_F(SettingsTest, SecretsMayComeFromAFile) {
  const std::string file = File("secret", "postgresql://u:hunter2@h/db\n");
  ASSERT_THAT(Run({"--vault_file=" + file}), IsOk());
  EXPECT_EQ(absl::GetFlag(FLAGS_vault), "postgresql://u:hunter2@h/db");
  ASSERT_THAT(Run({}, {{"ORDERFLOW_VAULT_FILE", File("other", "sqlite:other.db")}}), IsOk());
  EXPECT_EQ(absl::GetFlag(FLAGS_vault), "sqlite:other.db");
  ASSERT_THAT(Run({"--vault=sqlite:x.db"}, {{"ORDERFLOW_VAULT_FILE", file}}), IsOk());
  EXPECT_EQ(absl::GetFlag(FLAGS_vault), "sqlite:x.db");
}

TEST_F(SettingsTest, ASecretGivenTwiceInOneSourceIsRefused) {
  EXPECT_THAT(
      Run({"--vault=x", "--vault_file=" + File("secret", "y")}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("either vault or vault_file")));
}

TEST_F(SettingsTest, ASecretsFileThatIsMissingEmptyOrADirectoryIsNamed) {
  for (const std::string& path :
       {std::string("/nowhere/vault"), File("empty", " \n"), ::testing::TempDir()}) {
    EXPECT_THAT(Run({}, {{"ORDERFLOW_VAULT_FILE", path}}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(StartsWith("ORDERFLOW_VAULT_FILE: "), HasSubstr(path))));
  }
}

TEST_F(SettingsTest, OnlySecretsHaveAFileFlag) {
  EXPECT_THAT(Run({"--color_file=/etc/passwd"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown flag")));
}

TEST_F(SettingsTest, HelpListsOurFlagsAndNoSecrets) {
  ASSERT_THAT(Run({"--vault=postgresql://u:hunter2@h/db"}), IsOk());
  const std::string help = DescribeFlags();
  EXPECT_THAT(help, AllOf(HasSubstr("--color\n"), HasSubstr("The colour of the thing."),
                          HasSubstr("Default: \"red\""), HasSubstr("Environment: ORDERFLOW_COLOR"),
                          HasSubstr("Default: 3s"), HasSubstr("--vault_file=PATH"),
                          HasSubstr("--flagfile")));
  EXPECT_THAT(help, Not(HasSubstr("hunter2")));
}

TEST_F(SettingsTest, HelpAndVersionSetNothing) {
  absl::StatusOr<Parsed> parsed = Run({"--color=blue", "--help"});
  ASSERT_THAT(parsed, IsOk());
  EXPECT_TRUE(parsed->help);
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "red");
  EXPECT_TRUE(Run({"--version"})->version);
}

}  // namespace
}  // namespace orderflow::settings
