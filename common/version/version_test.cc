#include "common/version/version.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::version {
namespace {

using ::testing::MatchesRegex;

TEST(VersionTest, NumberIsTheOneOfTheProject) { EXPECT_EQ(Number(), ORDERFLOW_PROJECT_VERSION); }

TEST(VersionTest, NothingIsEmpty) {
  EXPECT_THAT(std::string(Revision()), MatchesRegex("[0-9A-Za-z._+-]+"));
  EXPECT_THAT(std::string(Compiler()), MatchesRegex("(GNU|Clang) [0-9.]+"));
  EXPECT_NE(BuildType(), "");
}

TEST(VersionTest, TheLineNamesTheProgramAndAllOfIt) {
  const std::string line = Line("orderflow-receive");
  EXPECT_EQ(line, "orderflow-receive " + std::string(Number()) + " (revision " +
                      std::string(Revision()) + ", " + std::string(Compiler()) + ", " +
                      std::string(BuildType()) + ")");
}

}  // namespace
}  // namespace orderflow::version
