#include "cli/data_directory.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "common/base/test_matchers.h"
#include "gtest/gtest.h"

namespace orderflow::cli {
namespace {

using ::testing::HasSubstr;

class DataDirectoryTest : public ::testing::Test {
 protected:
  DataDirectoryTest() {
    const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = ::testing::TempDir() + "/data_directory_test" + std::to_string(getpid()) + test->name();
    std::filesystem::remove_all(path_);
  }
  ~DataDirectoryTest() override { std::filesystem::remove_all(path_); }

  std::string path_;
};

TEST_F(DataDirectoryTest, IsCreatedWithItsParentsAndOnlyForItsOwner) {
  const absl::StatusOr<DataDirectory> directory = DataDirectory::Open(path_ + "/a/b");
  ASSERT_THAT(directory, IsOk());
  EXPECT_EQ(std::filesystem::status(path_ + "/a/b").permissions(),
            std::filesystem::perms::owner_all);
}

TEST_F(DataDirectoryTest, BelongsToOneAtATime) {
  std::optional<absl::StatusOr<DataDirectory>> first = DataDirectory::Open(path_);
  ASSERT_THAT(*first, IsOk());
  EXPECT_THAT(DataDirectory::Open(path_),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("in use")));
  first.reset();
  EXPECT_THAT(DataDirectory::Open(path_), IsOk());
}

TEST_F(DataDirectoryTest, APathThatCannotBeADirectoryIsAnError) {
  EXPECT_THAT(DataDirectory::Open("/dev/null/data"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/dev/null")));
}

TEST_F(DataDirectoryTest, AWrittenFileReplacesTheOldOne) {
  const absl::StatusOr<DataDirectory> directory = DataDirectory::Open(path_);
  ASSERT_THAT(directory, IsOk());
  EXPECT_FALSE(directory->Has("endpoints.env"));
  ASSERT_THAT(directory->Write("endpoints.env", "A=1\nB=2\n"), IsOk());
  ASSERT_THAT(directory->Write("endpoints.env", "C=3\n"), IsOk());
  std::ifstream file(directory->File("endpoints.env"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()),
            "C=3\n");
  directory->Remove("endpoints.env");
  EXPECT_FALSE(directory->Has("endpoints.env"));
}

}  // namespace
}  // namespace orderflow::cli
