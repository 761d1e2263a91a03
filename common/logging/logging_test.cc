#include "common/logging/logging.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <sstream>
#include <thread>

#include "common/base/test_matchers.h"
#include "common/json/value.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::logging {
namespace {

using ::testing::HasSubstr;

std::string Line(std::string_view message, Fields fields) {
  std::string line;
  AppendLine(1'700'000'000'123'456, Level::kInfo, "receive", message, fields, line);
  return line;
}

TEST(LogLineTest, IsAJsonObjectWithTimeLevelServiceAndMessage) {
  EXPECT_EQ(
      Line("order received", {{"order_id", "7"}, {"quantity", 2}, {"share", 0.5}, {"new", true}}),
      R"({"time":"2023-11-14T22:13:20.123456Z","level":"INFO","service":"receive","message":"order received",)"
      R"("order_id":"7","quantity":2,"share":0.5,"new":true})");
}

TEST(LogLineTest, NothingInAValueCanBreakOutOfTheLine) {
  const std::string evil("a\"b\\c\nd\x01\x7f", 9);
  const std::string line = Line(evil, {{evil, evil}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  json::ParseResult parsed = json::Parse(line);
  ASSERT_TRUE(parsed.value.has_value()) << line;
  EXPECT_EQ(parsed.value->Find("message")->AsString(), evil);
  EXPECT_EQ(parsed.value->Find(evil)->AsString(), evil);
}

TEST(LogLineTest, NumbersThatJsonCannotHoldAreNull) {
  EXPECT_THAT(Line("m", {{"x", std::numeric_limits<double>::infinity()}}),
              HasSubstr("\"x\":null}"));
  EXPECT_THAT(Line("m", {{"x", Json{"{\"a\":1}"}}}), HasSubstr("\"x\":{\"a\":1}}"));
}

TEST(LoggerTest, WritesLinesOfItsLevelAndAboveToStandardOutput) {
  ::testing::internal::CaptureStdout();
  Configure({.service = "test", .level = Level::kWarning});
  Info("quiet");
  Warning("loud", {{"n", 1}});
  SetLevel(Level::kDebug);
  Debug("now heard");
  Shutdown();
  std::istringstream lines(::testing::internal::GetCapturedStdout());
  std::string first, second, third;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_THAT(first, HasSubstr(R"("level":"WARNING","service":"test","message":"loud","n":1})"));
  EXPECT_THAT(second, HasSubstr(R"("level":"DEBUG","service":"test","message":"now heard"})"));
  EXPECT_FALSE(std::getline(lines, third));
}

TEST(LoggerTest, WithoutAQueueALineIsOutWhenTheCallReturns) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  std::fflush(stdout);
  const int saved = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  Configure({.service = "test", .level = Level::kInfo, .queue_lines = 0});
  Info("at once");
  std::array<char, 4096> buffer;
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  const ssize_t size = read(ends[0], buffer.data(), buffer.size());
  EXPECT_EQ(DroppedLines(), 0);
  Shutdown();
  dup2(saved, STDOUT_FILENO);
  for (const int each : {saved, ends[0], ends[1]}) close(each);
  ASSERT_GT(size, 0);
  EXPECT_THAT(std::string(buffer.data(), static_cast<size_t>(size)),
              HasSubstr(R"("message":"at once"})"));
}

TEST(LoggerTest, NeverHoldsItsCallersUpWhenNobodyReads) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  std::fflush(stdout);
  const int saved = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  Configure({.service = "test", .level = Level::kInfo, .queue_lines = 8});
  // Far more than the pipe and the queue hold: this returns only because lines are dropped.
  for (int i = 0; i < 5'000; ++i) Info("nobody reads this", {{"i", i}});
  EXPECT_GT(DroppedLines(), 0);
  std::thread reader([&] {
    std::array<char, 4096> buffer;
    while (read(ends[0], buffer.data(), buffer.size()) > 0) {
    }
  });
  Shutdown();
  dup2(saved, STDOUT_FILENO);
  close(saved);
  close(ends[1]);
  reader.join();
  close(ends[0]);
}

TEST(LevelTest, HasNames) {
  EXPECT_THAT(ParseLevel("error"), IsOkAndHolds(Level::kError));
  EXPECT_THAT(ParseLevel("off"), IsOkAndHolds(Level::kOff));
  EXPECT_THAT(ParseLevel("ERROR"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("debug, info, warning")));
}

TEST(MaskEmailTest, KeepsTheFirstLetterAndTheDomain) {
  EXPECT_EQ(MaskEmail("user@example.com"), "u***@example.com");
  EXPECT_EQ(MaskEmail("@example.com"), "***");
  EXPECT_EQ(MaskEmail("no address"), "***");
}

TEST(RedactUrlTest, HidesPasswordAndQuery) {
  EXPECT_EQ(RedactUrl("postgresql://user:secret@host:5432/db?password=x"),
            "postgresql://user:***@host:5432/db?***");
  EXPECT_EQ(RedactUrl("postgresql://user:se@c/r?et@host/db"), "postgresql://user:***@host/db");
  EXPECT_EQ(RedactUrl("postgresql://user@host/db"), "postgresql://user@host/db");
  EXPECT_EQ(RedactUrl("sqlite:data/receive.db"), "sqlite:data/receive.db");
  EXPECT_EQ(RedactUrl("host=h password=secret"), "***");
}

}  // namespace
}  // namespace orderflow::logging
