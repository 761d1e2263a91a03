#include "services/payment/delay_line.h"

#include <latch>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::payment {
namespace {

TEST(DelayLineTest, TheSoonerTaskRunsFirst) {
  std::vector<int> order;
  std::latch ran(1);
  {
    DelayLine delays;
    delays.RunAfter(absl::Hours(1000), [&] { order.push_back(2); });
    delays.RunAfter(absl::Milliseconds(1), [&] {
      order.push_back(1);
      ran.count_down();
    });
    ran.wait();
  }
  EXPECT_THAT(order, ::testing::ElementsAre(1, 2));
}

TEST(DelayLineTest, TheDestructorRunsWhatStillWaits) {
  bool ran = false;
  {
    DelayLine delays;
    delays.RunAfter(absl::Hours(1000), [&] { ran = true; });
  }
  EXPECT_TRUE(ran);
}

TEST(DelayLineTest, ATaskMayAddAnother) {
  std::latch ran(1);
  DelayLine delays;
  delays.RunAfter(absl::ZeroDuration(),
                  [&] { delays.RunAfter(absl::ZeroDuration(), [&] { ran.count_down(); }); });
  ran.wait();
}

}  // namespace
}  // namespace orderflow::payment
