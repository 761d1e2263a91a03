// The engine with its real threads, over a store that answers at once on a thread of its own.

#include "orchestrator/engine/engine.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/await.h"
#include "common/base/mutex.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/test_machines.h"

namespace orderflow::engine {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr char kOneTask[] =
    R"({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${First}", "End": true}}})";

// Runs what it is given, in order, on its own thread.
class Worker {
 public:
  Worker() : thread_([this] { Loop(); }) {}
  ~Worker() {
    {
      MutexLock lock(mutex_);
      end_ = true;
    }
    condition_.NotifyOne();
    thread_.join();
  }
  void Do(absl::AnyInvocable<void() &&> work) {
    {
      MutexLock lock(mutex_);
      work_.push_back(std::move(work));
    }
    condition_.NotifyOne();
  }

 private:
  void Loop() {
    while (true) {
      absl::AnyInvocable<void() &&> work;
      {
        MutexLock lock(mutex_);
        while (work_.empty() && !end_) condition_.Wait(mutex_);
        if (work_.empty()) return;
        work = std::move(work_.front());
        work_.pop_front();
      }
      std::move(work)();
    }
  }

  Mutex mutex_;
  CondVar condition_;
  std::deque<absl::AnyInvocable<void() &&>> work_ ABSL_GUARDED_BY(mutex_);
  bool end_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// Everything in memory; all of it happens on the worker's thread.
class MemoryStore final : public store::ExecutionStore {
 public:
  struct Row {
    store::ExecutionRecord record;
    std::vector<store::JournalRecord> journal;
  };
  std::atomic<bool> down = false;

  void Start(store::ExecutionRecord execution, Callback<store::StartOutcome> done) override {
    worker_.Do([this, execution = std::move(execution), done = std::move(done)]() mutable {
      if (down) return std::move(done)(absl::UnavailableError("disk full"));
      const auto known = keys_.find(execution.arn);
      if (known != keys_.end()) {
        return std::move(done)(store::StartOutcome{false, rows_[known->second].record});
      }
      keys_[execution.arn] = execution.key;
      rows_[execution.key].record = execution;
      std::move(done)(store::StartOutcome{true, std::nullopt});
    });
  }
  void Append(store::Batch batch, StatusCallback done) override {
    worker_.Do([this, batch = std::move(batch), done = std::move(done)]() mutable {
      if (down) return std::move(done)(absl::UnavailableError("disk full"));
      for (auto& record : batch.records)
        rows_[record.execution].journal.push_back(std::move(record));
      for (const auto& redrive : batch.redrives) {
        store::ExecutionRecord& record = rows_[redrive.execution].record;
        record.status = store::ExecutionStatus::kRunning;
        record.redrives = redrive.redrives;
      }
      for (auto& end : batch.ends) {
        store::ExecutionRecord& record = rows_[end.execution].record;
        record.status = end.status;
        record.stop_time = end.stop_time;
        record.output = end.output;
        record.error = end.error;
      }
      std::move(done)(absl::OkStatus());
    });
  }
  void GetExecution(std::string arn, Callback<store::ExecutionRecord> done) override {
    worker_.Do([this, arn, done = std::move(done)]() mutable {
      const auto known = keys_.find(arn);
      if (known == keys_.end()) return std::move(done)(absl::NotFoundError(arn));
      std::move(done)(rows_[known->second].record);
    });
  }
  void ReadUnfinished(store::ExecutionKey after, int limit,
                      Callback<std::vector<Unfinished>> done) override {
    worker_.Do([this, after, limit, done = std::move(done)]() mutable {
      std::vector<Unfinished> page;
      for (const auto& [key, row] : rows_) {
        if (key <= after || row.record.status != store::ExecutionStatus::kRunning) continue;
        if (page.size() < static_cast<size_t>(limit)) page.push_back({row.record, row.journal});
      }
      std::move(done)(std::move(page));
    });
  }
  void GetLastKey(Callback<store::ExecutionKey> done) override {
    worker_.Do([this, done = std::move(done)]() mutable {
      std::move(done)(rows_.empty() ? store::ExecutionKey{0} : rows_.rbegin()->first);
    });
  }

  void ReadJournal(store::ExecutionKey execution, int64_t,
                   Callback<std::vector<store::JournalRecord>> done) override {
    worker_.Do([this, execution, done = std::move(done)]() mutable {
      std::move(done)(rows_[execution].journal);
    });
  }

  // Not asked for by the engine.
  void CreateStateMachine(store::StateMachineRecord, Callback<store::StateMachineRecord>) override {
    FAIL();
  }
  void UpdateStateMachine(store::StateMachineRecord, Callback<store::StateMachineRecord>) override {
    FAIL();
  }
  void DeleteStateMachine(std::string, StatusCallback) override { FAIL(); }
  void GetStateMachine(std::string, Callback<store::StateMachineRecord>) override { FAIL(); }
  void GetRevision(int64_t, Callback<store::StateMachineRecord>) override { FAIL(); }
  void ListStateMachines(int, std::string,
                         Callback<store::Page<store::StateMachineRecord>>) override {
    FAIL();
  }
  void ListExecutions(store::ExecutionFilter, int, std::string,
                      Callback<store::Page<store::ExecutionRecord>>) override {
    FAIL();
  }
  void Check(StatusCallback) override { FAIL(); }

 private:
  std::map<store::ExecutionKey, Row> rows_;
  std::map<std::string, store::ExecutionKey> keys_;
  Worker worker_;  // the last member: its thread uses the others
};

// Answers with the input from a thread of its own, or not at all while it is held.
class EchoTasks final : public tasks::TaskRunner {
 public:
  std::atomic<bool> answers = true;

  int calls() const {
    MutexLock lock(mutex_);
    return calls_;
  }
  // Blocks until so many calls have come: a start is answered before its task is called.
  void AwaitCalls(int count) const {
    MutexLock lock(mutex_);
    while (calls_ < count) called_.Wait(mutex_);
  }

  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall call, tasks::TaskDone done) override {
    // Before the call counts: whoever awaits it may change that for the next ones.
    const bool answered = answers;
    {
      MutexLock lock(mutex_);
      ++calls_;
      called_.NotifyAll();
    }
    if (answered) {
      worker_.Do([call = std::move(call), done = std::move(done)]() mutable {
        std::move(done)(std::move(call.input));
      });
    }
    struct Handle final : tasks::RunningTask {
      void Cancel() override {}
    };
    return std::make_unique<Handle>();
  }
  std::optional<std::string> CheckResource(std::string_view) const override { return std::nullopt; }

 private:
  mutable Mutex mutex_;
  mutable CondVar called_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  Worker worker_;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() { Boot(); }
  ~EngineTest() override { engine_->Shutdown(); }

  void Boot() {
    Options options;
    options.shards = 2;
    options.max_running = 500;
    options.recovery_page = 7;
    engine_ =
        Engine::Create(options, store_, tasks_, SystemClock(),
                       [this](int64_t, Callback<MachinePtr> done) { std::move(done)(machine_); });
    EXPECT_THAT(AwaitStatus([this](StatusCallback done) { engine_->Recover(std::move(done)); }),
                IsOk());
  }
  void Restart() {
    engine_->Shutdown();
    engine_.reset();
    Boot();
  }

  StartRequest Request(const std::string& name, const std::string& input = "{}") {
    StartRequest request;
    request.machine = machine_;
    request.name = name;
    request.input = input;
    request.parsed_input = *json::Parse(input).value;
    return request;
  }
  absl::StatusOr<StartResult> Start(StartRequest request) {
    return Await<StartResult>(
        [&](Callback<StartResult> done) { engine_->Start(std::move(request), std::move(done)); });
  }
  absl::StatusOr<StartResult> StartAndWait(StartRequest request) {
    return Await<StartResult>([&](Callback<StartResult> done) {
      engine_->StartAndWait(std::move(request), std::move(done));
    });
  }

  const MachinePtr machine_ = TestMachine(kOneTask);
  MemoryStore store_;
  EchoTasks tasks_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, RunsAnExecutionToItsEnd) {
  const auto result = StartAndWait(Request("1", R"({"a":1})"));
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(result->created);
  EXPECT_EQ(result->execution_arn, "arn:aws:states:us-east-1:000000000000:execution:test:1");
  EXPECT_EQ(result->result->output, R"({"a":1})");
}

TEST_F(EngineTest, ManyAtATimeAllEnd) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto result = StartAndWait(Request(absl::StrCat(t, "-", i)));
        if (result.ok() && result->result->status == store::ExecutionStatus::kSucceeded)
          ++succeeded;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, kThreads * kEach);
  const Engine::Statistics statistics = engine_->statistics();
  EXPECT_EQ(statistics.succeeded, kThreads * kEach);
  EXPECT_EQ(statistics.running, 0);
  EXPECT_EQ(tasks_.calls(), kThreads * kEach);
}

TEST_F(EngineTest, TheSameStartWhileItRunsIsTheSameExecution) {
  tasks_.answers = false;
  const auto first = Start(Request("1"));
  const auto again = Start(Request("1"));
  ASSERT_THAT(again, IsOk());
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->start_time, first->start_time);
  tasks_.AwaitCalls(1);
  EXPECT_EQ(tasks_.calls(), 1);
}

TEST_F(EngineTest, AnotherInputUnderAKnownNameIsRefused) {
  tasks_.answers = false;
  ASSERT_THAT(Start(Request("1")), IsOk());
  const auto other = Start(Request("1", R"({"a":2})"));
  EXPECT_THAT(other, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(GetErrorInfo(other.status())->reason, "ExecutionAlreadyExists");
  EXPECT_THAT(StartAndWait(Request("1", R"({"a":2})")), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(EngineTest, AStartUnderTheNameOfAnEndedExecutionIsRefused) {
  ASSERT_THAT(StartAndWait(Request("1")), IsOk());
  EXPECT_THAT(Start(Request("1")), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(EngineTest, WaitingForAnEndedExecutionAnswersItsResult) {
  const auto first = StartAndWait(Request("1", R"({"a":1})"));
  const auto again = StartAndWait(Request("1", R"({"a":1})"));
  ASSERT_THAT(again, IsOk());
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->result->output, first->result->output);
  EXPECT_EQ(again->result->stop_time, first->result->stop_time);
  EXPECT_EQ(tasks_.calls(), 1);
}

TEST_F(EngineTest, WaitingJoinsARunningExecution) {
  tasks_.answers = false;
  const auto started = Start(Request("1"));
  StartRequest request = Request("1");
  request.ticket = NewWaitTicket();
  const auto joined = Await<StartResult>([&](Callback<StartResult> done) {
    engine_->StartAndWait(std::move(request), std::move(done));
    engine_->Stop(started->execution_arn, "E", std::nullopt, [](absl::StatusOr<absl::Time>) {});
  });
  // The stop may be first: then the answer comes from the row.
  ASSERT_THAT(joined, IsOk());
  EXPECT_FALSE(joined->created);
  EXPECT_EQ(joined->result->error, "E");
}

TEST_F(EngineTest, ARestartGoesOnWithWhatWasAccepted) {
  tasks_.answers = false;
  constexpr int kExecutions = 30;
  for (int i = 0; i < kExecutions; ++i) ASSERT_THAT(Start(Request(absl::StrCat(i))), IsOk());
  tasks_.AwaitCalls(kExecutions);
  tasks_.answers = true;
  Restart();
  for (int i = 0; i < kExecutions; ++i) {
    const auto result = StartAndWait(Request(absl::StrCat(i)));
    ASSERT_THAT(result, IsOk());
    EXPECT_FALSE(result->created);
    EXPECT_EQ(result->result->status, store::ExecutionStatus::kSucceeded);
  }
  EXPECT_EQ(tasks_.calls(), 2 * kExecutions) << "each was called once more, with its key";
}

TEST_F(EngineTest, KeysGoOnAfterARestart) {
  ASSERT_THAT(StartAndWait(Request("1")), IsOk());
  Restart();
  EXPECT_THAT(StartAndWait(Request("2")), IsOk()) << "a key used twice would overwrite";
  EXPECT_THAT(StartAndWait(Request("1"))->created, Eq(false));
}

TEST_F(EngineTest, WithTheDiskFullNothingIsAccepted) {
  store_.down = true;
  EXPECT_THAT(Start(Request("1")), StatusIs(absl::StatusCode::kUnavailable));
  store_.down = false;
  EXPECT_THAT(StartAndWait(Request("1")), IsOk());
}

TEST_F(EngineTest, WhatIsNotRunningCannotBeStoppedOrObserved) {
  const std::string arn = "arn:aws:states:us-east-1:000000000000:execution:test:nobody";
  EXPECT_THAT(Await<absl::Time>([&](Callback<absl::Time> done) {
                engine_->Stop(arn, std::nullopt, std::nullopt, std::move(done));
              }),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Await<int64_t>(
                  [&](Callback<int64_t> done) { engine_->Observe(arn, nullptr, std::move(done)); }),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(EngineTest, BeyondTheLimitStartsAreRefused) {
  tasks_.answers = false;
  for (int i = 0; i < 500; ++i) ASSERT_THAT(Start(Request(absl::StrCat(i))), IsOk());
  EXPECT_THAT(Start(Request("one too many")), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(EngineTest, WhatRunningExecutionsStartIsLetInBeyondTheLimit) {
  tasks_.answers = false;
  for (int i = 0; i < 500; ++i) ASSERT_THAT(Start(Request(absl::StrCat(i))), IsOk());
  StartRequest child = Request("child");
  child.origin = "arn:of:a:parent/1/1";
  EXPECT_THAT(Start(child), IsOk()) << "its parent could not end without it";
  EXPECT_EQ(engine_->statistics().running, 501);
}

TEST_F(EngineTest, AStoppedExecutionIsRedrivenAndEndsWell) {
  tasks_.answers = false;
  const auto started = Start(Request("1"));
  ASSERT_THAT(started, IsOk());
  tasks_.AwaitCalls(1);
  const std::string arn = started->execution_arn;
  const auto redrive = [&](const std::string& token) {
    return Await<absl::Time>(
        [&](Callback<absl::Time> done) { engine_->Redrive(arn, token, std::move(done)); });
  };
  EXPECT_THAT(redrive("a"), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(Await<absl::Time>([&](Callback<absl::Time> done) {
                engine_->Stop(arn, "Stopped", std::nullopt, std::move(done));
              }),
              IsOk());
  const auto at = redrive("b");
  ASSERT_THAT(at, IsOk());
  tasks_.AwaitCalls(2);
  EXPECT_THAT(redrive("b"), IsOkAndHolds(*at)) << "the same call";
  EXPECT_THAT(redrive("c"), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(engine_->statistics().running, 1);
  tasks_.answers = true;
  Restart();
  const auto ended = Await<StartResult>(
      [&](Callback<StartResult> done) { engine_->Follow(arn, 0, std::move(done)); });
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->result->status, store::ExecutionStatus::kSucceeded);
  EXPECT_THAT(Await<absl::Time>([&](Callback<absl::Time> done) {
                engine_->Redrive("arn:of:nobody", "", std::move(done));
              }),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(EngineTest, AShutdownAnswersWhoWaits) {
  tasks_.answers = false;
  const auto result = Await<StartResult>([&](Callback<StartResult> done) {
    engine_->StartAndWait(Request("1"), std::move(done));
    engine_->Shutdown();
  });
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Start(Request("2")), StatusIs(absl::StatusCode::kUnavailable));
  engine_.reset();
  Boot();
  EXPECT_EQ(engine_->statistics().running, 1) << "what was accepted goes on";
}

TEST(EngineWithoutRecoveryTest, AcceptsNothing) {
  MemoryStore store;
  EchoTasks tasks;
  const MachinePtr machine = TestMachine(kOneTask);
  auto engine =
      Engine::Create({}, store, tasks, SystemClock(),
                     [machine](int64_t, Callback<MachinePtr> done) { std::move(done)(machine); });
  EXPECT_FALSE(engine->statistics().accepting);
  StartRequest request;
  request.machine = machine;
  request.name = "1";
  EXPECT_THAT(Await<StartResult>([&](Callback<StartResult> done) {
                engine->Start(std::move(request), std::move(done));
              }),
              StatusIs(absl::StatusCode::kUnavailable));
  engine->Shutdown();
}

// The end is told from within the last message, while its sender may still be about to return.
TEST(EngineWithoutRecoveryTest, TheEngineMayEndAsSoonAsItsRecoveryHas) {
  MemoryStore store;
  EchoTasks tasks;
  for (int i = 0; i < 200; ++i) {
    auto engine = Engine::Create({}, store, tasks, SystemClock(), nullptr);
    ASSERT_THAT(AwaitStatus([&](StatusCallback done) { engine->Recover(std::move(done)); }),
                IsOk());
  }
}

TEST(EngineWithoutRecoveryTest, AMachineThatDoesNotLoadStopsTheRecoveryLoudly) {
  MemoryStore store;
  EchoTasks tasks;
  tasks.answers = false;
  const MachinePtr machine = TestMachine(kOneTask);
  auto first =
      Engine::Create({}, store, tasks, SystemClock(),
                     [machine](int64_t, Callback<MachinePtr> done) { std::move(done)(machine); });
  ASSERT_THAT(AwaitStatus([&](StatusCallback done) { first->Recover(std::move(done)); }), IsOk());
  StartRequest request;
  request.machine = machine;
  request.name = "1";
  request.input = "{}";
  ASSERT_THAT(Await<StartResult>([&](Callback<StartResult> done) {
                first->Start(std::move(request), std::move(done));
              }),
              IsOk());
  first->Shutdown();
  first.reset();

  auto second =
      Engine::Create({}, store, tasks, SystemClock(), [](int64_t, Callback<MachinePtr> done) {
        std::move(done)(absl::FailedPreconditionError("no substitution for ${First}"));
      });
  EXPECT_THAT(AwaitStatus([&](StatusCallback done) { second->Recover(std::move(done)); }),
              StatusIs(absl::StatusCode::kFailedPrecondition, ::testing::HasSubstr("${First}")));
  EXPECT_FALSE(second->statistics().accepting);
  second->Shutdown();
}

}  // namespace
}  // namespace orderflow::engine
