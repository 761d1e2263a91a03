#include "orchestrator/asl/retry.h"

#include "gtest/gtest.h"

namespace orderflow::asl {
namespace {

TEST(RetryTest, ThePauseGrowsUntilItsLimit) {
  const Retrier retrier{.errors = {},
                        .interval_seconds = 2,
                        .backoff_rate = 1.5,
                        .max_attempts = 9,
                        .max_delay_seconds = 6,
                        .full_jitter = false};
  Random random(1);
  EXPECT_EQ(retrier.Delay(1, random), absl::Seconds(2));
  EXPECT_EQ(retrier.Delay(2, random), absl::Seconds(3));
  EXPECT_EQ(retrier.Delay(3, random), absl::Milliseconds(4500));
  EXPECT_EQ(retrier.Delay(4, random), absl::Seconds(6));
}

TEST(RetryTest, ThePauseIsNeverLongerThanAYear) {
  const Retrier retrier{.errors = {},
                        .interval_seconds = 99'999'999,
                        .backoff_rate = 1000,
                        .max_attempts = 99'999'999,
                        .max_delay_seconds = {},
                        .full_jitter = false};
  Random random(1);
  EXPECT_EQ(retrier.Delay(99'999'999, random), absl::Seconds(31'622'400));
}

TEST(RetryTest, NamesMatchThemselvesAndTheReservedOnesMatchMore) {
  EXPECT_TRUE(ErrorMatcher({"A", "B"}).Matches({"B", "why"}));
  EXPECT_FALSE(ErrorMatcher({"A", "B"}).Matches({"C", "why"}));
  EXPECT_TRUE(ErrorMatcher({"States.ALL"}).Matches({"States.Timeout", "why"}));
  EXPECT_TRUE(ErrorMatcher({"States.TaskFailed"}).Matches({"Grpc.UNAVAILABLE", "why"}));
  EXPECT_FALSE(ErrorMatcher({"States.TaskFailed"}).Matches({"States.Timeout", "why"}));
  const Failure missed{"States.Timeout", std::nullopt, /*missed_heartbeat=*/true};
  EXPECT_TRUE(ErrorMatcher({"States.HeartbeatTimeout"}).Matches(missed));
  EXPECT_TRUE(ErrorMatcher({"States.Timeout"}).Matches(missed));
  EXPECT_FALSE(ErrorMatcher({"States.HeartbeatTimeout"}).Matches({"States.Timeout", "why"}));
}

}  // namespace
}  // namespace orderflow::asl
