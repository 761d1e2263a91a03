#include "bench/report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::bench {
namespace {

using ::testing::HasSubstr;

Measurement Measured(int64_t orders, absl::Duration wall, absl::Duration server_cpu) {
  Measurement measured;
  measured.load.succeeded = orders;
  measured.load.wall = wall;
  measured.load.latencies.assign(static_cast<size_t>(orders), absl::Milliseconds(4));
  measured.server_cpu = server_cpu;
  return measured;
}

BenchmarkReport AReport() {
  Level level;
  level.in_flight = 64;
  level.floor = Measured(1000, absl::Seconds(1), absl::Milliseconds(500));
  level.orchestrated = Measured(600, absl::Seconds(1), absl::Milliseconds(600));
  BenchmarkReport report;
  report.levels.push_back(level);
  report.resident_bytes = {{"orchestrator", 48 << 20}};
  return report;
}

TEST(BenchmarkReportTest, RatioIsTheShareOfTheFloorThatIsLeft) {
  EXPECT_DOUBLE_EQ(AReport().levels[0].Ratio(), 0.6);
  EXPECT_DOUBLE_EQ(Level().Ratio(), 0);
}

TEST(BenchmarkReportTest, CpuIsSharedOutOverTheOrders) {
  EXPECT_EQ(AReport().levels[0].floor.ServerCpuPerOrder(), absl::Microseconds(500));
  EXPECT_EQ(AReport().levels[0].orchestrated.ServerCpuPerOrder(), absl::Milliseconds(1));
  EXPECT_EQ(Measurement().ServerCpuPerOrder(), absl::ZeroDuration());
}

TEST(BenchmarkReportTest, FailedOrdersAreNoticedAndShown) {
  BenchmarkReport report = AReport();
  EXPECT_FALSE(report.HasFailures());
  report.levels[0].orchestrated.load.failed = 1;
  report.levels[0].orchestrated.load.first_failure = absl::UnavailableError("PlaceOrder: gone");
  EXPECT_TRUE(report.HasFailures());
  EXPECT_THAT(ReportText(report), HasSubstr("PlaceOrder: gone"));
}

TEST(BenchmarkReportTest, TextAndJsonTellTheSame) {
  const BenchmarkReport report = AReport();
  EXPECT_THAT(ReportText(report), HasSubstr("orchestrated/floor = 0.60"));
  EXPECT_THAT(ReportText(report), HasSubstr("48.0 MiB"));
  const json::Value as_json = ReportJson(report);
  const json::Value* level = as_json.Find("levels")->At(0);
  EXPECT_DOUBLE_EQ(level->Find("ratio")->AsDouble(), 0.6);
  EXPECT_EQ(level->Find("floor")->Find("p99_us")->AsInt(), 4000);
  EXPECT_EQ(as_json.Find("resident_bytes")->Find("orchestrator")->AsInt(), 48 << 20);
}

TEST(WaitingReportTest, GrowthIsSharedOutOverTheExecutions) {
  const WaitingReport report = {
      .executions = 1000, .bytes_before = 10'000'000, .bytes_after = 12'000'000};
  EXPECT_DOUBLE_EQ(report.BytesPerExecution(), 2000);
}

}  // namespace
}  // namespace orderflow::bench
