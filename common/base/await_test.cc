#include "common/base/await.h"

#include <thread>

#include "common/base/test_matchers.h"
#include "gtest/gtest.h"

namespace orderflow {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(AwaitUntilTest, AResultInTimeIsGiven) {
  std::thread other;
  EXPECT_THAT(AwaitUntil<int>(steady_clock::now() + std::chrono::hours(1),
                              [&other](Callback<int> done) {
                                other = std::thread(
                                    [done = std::move(done)]() mutable { std::move(done)(7); });
                              }),
              IsOkAndHolds(7));
  other.join();
}

TEST(AwaitUntilTest, AResultThatComesLaterIsNobodys) {
  Callback<int> late;
  EXPECT_THAT(AwaitUntil<int>(steady_clock::now() + milliseconds(1),
                              [&late](Callback<int> done) { late = std::move(done); }),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  std::move(late)(7);
}

}  // namespace
}  // namespace orderflow
