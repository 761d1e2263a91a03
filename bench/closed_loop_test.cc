#include "bench/closed_loop.h"

#include <atomic>
#include <set>
#include <thread>

#include "common/base/mutex.h"
#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::Le;

// Ends orders on one thread of its own, and remembers what it saw.
class FakeWorkload final : public Workload {
 public:
  ~FakeWorkload() override {
    {
      MutexLock lock(mutex_);
      closed_ = true;
      wake_.NotifyAll();
    }
    thread_.join();
  }

  void RunOrder(const std::string& order_id, StatusCallback done) override {
    MutexLock lock(mutex_);
    ids_.insert(order_id);
    open_.push_back(std::move(done));
    most_open_ = std::max(most_open_, open_.size());
    wake_.NotifyAll();
  }

  // From the order with this number on (counted from 1), orders fail.
  void FailFrom(int number) { fail_from_ = number; }
  size_t most_open() {
    MutexLock lock(mutex_);
    return most_open_;
  }
  std::set<std::string> ids() {
    MutexLock lock(mutex_);
    return ids_;
  }

 private:
  void EndOrders() {
    for (int number = 1;; ++number) {
      StatusCallback done;
      {
        MutexLock lock(mutex_);
        while (open_.empty() && !closed_) wake_.Wait(mutex_);
        if (open_.empty()) return;
        done = std::move(open_.front());
        open_.erase(open_.begin());
      }
      std::move(done)(number < fail_from_ ? absl::OkStatus() : absl::UnavailableError("gone"));
    }
  }

  Mutex mutex_;
  CondVar wake_;
  bool closed_ = false;
  std::vector<StatusCallback> open_;
  std::set<std::string> ids_;
  size_t most_open_ = 0;
  std::atomic<int> fail_from_ = 1'000'000;
  std::thread thread_{[this] { EndOrders(); }};
};

LoadOptions Orders(int64_t count, int in_flight) {
  LoadOptions options;
  options.in_flight = in_flight;
  options.length = absl::Hours(1);
  options.max_orders = count;
  options.id_prefix = "o-";
  return options;
}

TEST(ClosedLoopTest, RunsEachOrderOnceAndKeepsWithinTheNumberInFlight) {
  FakeWorkload workload;
  const LoadResult result = RunClosedLoop(workload, Orders(500, 8));
  EXPECT_EQ(result.succeeded, 500);
  EXPECT_EQ(result.failed, 0);
  EXPECT_EQ(workload.ids().size(), 500u);
  EXPECT_THAT(workload.most_open(), Le(8u));
}

TEST(ClosedLoopTest, TellsEachSuccessToTheCaller) {
  FakeWorkload workload;
  std::vector<std::string> told;  // one slot: one callback at a time
  LoadOptions options = Orders(3, 1);
  options.on_success = [&told](const std::string& id) { told.push_back(id); };
  RunClosedLoop(workload, options);
  EXPECT_THAT(told, ElementsAre("o-0", "o-1", "o-2"));
}

TEST(ClosedLoopTest, StopsAfterTheFirstFailureWhereAsked) {
  FakeWorkload workload;
  workload.FailFrom(11);
  LoadOptions options = Orders(1000, 4);
  options.stop_at_failure = true;
  const LoadResult result = RunClosedLoop(workload, options);
  EXPECT_EQ(result.succeeded, 10);
  EXPECT_THAT(result.failed, Le(4));
  EXPECT_THAT(result.first_failure, StatusIs(absl::StatusCode::kUnavailable));
}

TEST(LoadResultTest, QuantilesAreLatenciesThatOccurred) {
  LoadResult result;
  for (int i = 1; i <= 100; ++i) result.latencies.push_back(absl::Milliseconds(101 - i));
  EXPECT_EQ(result.Latency(0.5), absl::Milliseconds(50));
  EXPECT_EQ(result.Latency(0.99), absl::Milliseconds(99));
  EXPECT_EQ(result.Latency(1), absl::Milliseconds(100));
  EXPECT_EQ(LoadResult().Latency(0.5), absl::ZeroDuration());
}

TEST(LoadResultTest, MergedPhasesAddOrdersAndTime) {
  LoadResult a;
  a.succeeded = 10;
  a.wall = absl::Seconds(1);
  LoadResult b;
  b.succeeded = 30;
  b.wall = absl::Seconds(1);
  a.Merge(b);
  EXPECT_DOUBLE_EQ(a.OrdersPerSecond(), 20);
}

}  // namespace
}  // namespace orderflow::bench
