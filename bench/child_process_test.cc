#include "bench/child_process.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "bench/process_usage.h"
#include "common/base/test_matchers.h"
#include "gtest/gtest.h"

namespace orderflow::bench {
namespace {

std::string LogPath() {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  return ::testing::TempDir() + "/child_process_test_" + test->name() + ".log";
}

TEST(ChildProcessTest, AProgramThatIsNotThereIsAnError) {
  EXPECT_THAT(ChildProcess::Start({"/nonexistent/program"}, LogPath()),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ChildProcessTest, StopEndsAProcessThatWouldRunOn) {
  absl::StatusOr<ChildProcess> child = ChildProcess::Start({"/bin/sleep", "1000"}, LogPath());
  ASSERT_THAT(child, IsOk());
  const pid_t pid = child->pid();
  EXPECT_TRUE(child->IsRunning());
  EXPECT_THAT(ReadProcessUsage(pid), IsOk());
  child->Stop();
  EXPECT_FALSE(child->IsRunning());
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(ChildProcessTest, StopKillsAProcessThatIgnoresBeingAsked) {
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(
      {"/bin/sh", "-c", "trap '' TERM; while :; do sleep 1000; done"}, LogPath());
  ASSERT_THAT(child, IsOk());
  child->Stop(absl::ZeroDuration());
  EXPECT_FALSE(child->IsRunning());
}

TEST(ChildProcessTest, OutputGoesToTheLogFile) {
  const std::string log = LogPath();
  unlink(log.c_str());
  absl::StatusOr<ChildProcess> child =
      ChildProcess::Start({"/bin/sh", "-c", "echo out; echo err >&2; kill -STOP $$"}, log);
  ASSERT_THAT(child, IsOk());
  std::string text;
  while (text != "out\nerr\n" && child->IsRunning()) {
    std::ifstream file(log);
    text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  EXPECT_EQ(text, "out\nerr\n");
  kill(child->pid(), SIGCONT);
}

TEST(ProcessUsageTest, ThisProcessUsesMemoryAndAStrangerIsNotFound) {
  EXPECT_GT(SumUsage({getpid()}).resident_bytes, 0);
  EXPECT_THAT(ReadProcessUsage(1 << 30), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace orderflow::bench
