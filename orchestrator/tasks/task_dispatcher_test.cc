#include "orchestrator/tasks/task_dispatcher.h"

#include <condition_variable>
#include <future>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::tasks {
namespace {

using ::testing::HasSubstr;

class NoTask final : public RunningTask {
 public:
  void Cancel() override {}
};

// Remembers the last resource it was given.
class FakeRunner final : public TaskRunner {
 public:
  std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone) override {
    ran = call.resource;
    return std::make_unique<NoTask>();
  }
  std::optional<std::string> CheckResource(std::string_view resource) const override {
    return "checked " + std::string(resource);
  }
  std::string ran;
};

TEST(TaskDispatcherTest, TheLongestPrefixWins) {
  auto general = std::make_shared<FakeRunner>();
  auto special = std::make_shared<FakeRunner>();
  TaskDispatcher dispatcher;
  dispatcher.Add("arn:", general);
  dispatcher.Add("arn:aws:lambda:", special);
  dispatcher.Run({.resource = "arn:aws:lambda:x"}, [](TaskOutcome) {});
  dispatcher.Run({.resource = "arn:aws:states:y"}, [](TaskOutcome) {});
  EXPECT_EQ(special->ran, "arn:aws:lambda:x");
  EXPECT_EQ(general->ran, "arn:aws:states:y");
  EXPECT_EQ(dispatcher.CheckResource("arn:z"), "checked arn:z");
}

TEST(TaskDispatcherTest, WhatNobodyTakesFailsLater) {
  TaskDispatcher dispatcher;
  dispatcher.Add("grpc://", std::make_shared<FakeRunner>());
  EXPECT_THAT(dispatcher.CheckResource("http://x").value_or(""),
              HasSubstr("unknown kind of resource \"http://x\"; expected grpc://..."));
  bool has_types = true;
  dispatcher.FindTypes("http://x", [&](absl::StatusOr<std::optional<typecheck::TaskTypes>> types) {
    has_types = !types.ok() || types->has_value();
  });
  EXPECT_FALSE(has_types);
  std::promise<TaskOutcome> told;
  std::thread::id thread;
  const auto running = dispatcher.Run({.resource = "http://x"}, [&](TaskOutcome outcome) {
    thread = std::this_thread::get_id();
    told.set_value(std::move(outcome));
  });
  const TaskOutcome outcome = told.get_future().get();
  EXPECT_EQ(std::get<asl::Failure>(outcome).error, "States.Runtime");
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(TaskDispatcherTest, ADroppedHandleIsNotToldOnceItIsDropped) {
  std::atomic<bool> dropped = false;
  std::atomic<int> told_after_drop = 0;
  {
    TaskDispatcher dispatcher;
    for (int i = 0; i < 1000; ++i) {
      dropped = false;
      auto running = dispatcher.Run({.resource = "x"}, [](TaskOutcome) {});
      running.reset();
      auto other = dispatcher.Run({.resource = "x"}, [&](TaskOutcome) {
        if (dropped) ++told_after_drop;
      });
      other->Cancel();
    }
  }
  EXPECT_EQ(told_after_drop, 0);
}

TEST(CallbackThreadTest, RunsInOrderAndWhatIsLeftAtTheEnd) {
  std::vector<int> order;
  {
    CallbackThread thread;
    for (int i = 0; i < 100; ++i) thread.Post([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

}  // namespace
}  // namespace orderflow::tasks
