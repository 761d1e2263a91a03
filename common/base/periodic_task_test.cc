#include "common/base/periodic_task.h"

#include <atomic>
#include <latch>
#include <optional>
#include <thread>

#include "gtest/gtest.h"

namespace orderflow {
namespace {

TEST(PeriodicTaskTest, WorkIsDoneAgainAndAgain) {
  std::latch rounds(3);
  std::atomic<int> begun = 0;
  PeriodicTask task(absl::Microseconds(10), [&](PeriodicTask::Done done) {
    if (begun.fetch_add(1) < 3) rounds.count_down();
    std::move(done)();
  });
  rounds.wait();
}

TEST(PeriodicTaskTest, TheDestructorEndsALongPause) {
  bool worked = false;
  {
    PeriodicTask task(absl::Hours(1000), [&](PeriodicTask::Done) { worked = true; });
  }
  EXPECT_FALSE(worked);
}

TEST(PeriodicTaskTest, TheDestructorWaitsForWorkThatGoesOn) {
  std::latch begun(1);
  std::atomic<bool> finished = false;
  std::thread worker;
  {
    PeriodicTask task(absl::Microseconds(10), [&](PeriodicTask::Done done) {
      if (worker.joinable()) return std::move(done)();
      worker = std::thread([&finished, &begun, done = std::move(done)]() mutable {
        begun.wait();
        finished = true;
        std::move(done)();
      });
      begun.count_down();
    });
    begun.wait();
  }
  EXPECT_TRUE(finished);
  worker.join();
}

}  // namespace
}  // namespace orderflow
