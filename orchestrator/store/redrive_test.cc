// What ExecutionStore promises about redrives and about map runs of EXPRESS children.

#include <thread>

#include "orchestrator/store/test_execution_store.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RedriveStoreTest : public ExecutionStoreTest {
 protected:
  // An execution that has failed after one record.
  ExecutionRecord Failed(ExecutionKey key, const std::string& origin = "") {
    ExecutionRecord execution = AnExecution(machine_, key);
    execution.origin = origin;
    EXPECT_THAT(Start(execution), IsOk());
    ExecutionEnd end = Failure(key, "Broken");
    end.events = 6;
    EXPECT_THAT(Append({ARecord(key, 1)}, {end}), IsOk());
    return execution;
  }
  static Batch Redrive(ExecutionKey key, int64_t sequence, int64_t redrives = 1,
                       std::string origin = "") {
    JournalRecord record = ARecord(key, sequence);
    record.kind = JournalRecord::Kind::kRedriven;
    return Batch{.records = {record},
                 .redrives = {{key, redrives, kNow + absl::Hours(redrives), std::move(origin)}}};
  }

  const StateMachineRecord machine_ = Machine();
};

INSTANTIATE_TEST_SUITE_P(Databases, RedriveStoreTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

TEST_P(RedriveStoreTest, ARedriveTakesTheEndBack) {
  const ExecutionRecord execution = Failed(1);
  EXPECT_EQ(GetExecution(execution.arn)->events, 6);
  EXPECT_EQ(GetExecution(execution.arn)->redrives, 0);
  ASSERT_THAT(Append(store(), Redrive(1, 2)), IsOk());
  const auto read = GetExecution(execution.arn);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->status, ExecutionStatus::kRunning);
  EXPECT_FALSE(read->stop_time.has_value());
  EXPECT_FALSE(read->error.has_value());
  EXPECT_EQ(read->redrives, 1);
  EXPECT_EQ(read->redrive_time, kNow + absl::Hours(1));
  EXPECT_THAT(Keys({machine_.arn, {ExecutionStatus::kFailed}, ""}), IsEmpty());
  EXPECT_THAT(Keys({machine_.arn, {ExecutionStatus::kRunning}, ""}), ElementsAre(1));
  const auto unfinished = Unfinished(0, 10);
  ASSERT_THAT(unfinished, SizeIs(1));
  ASSERT_THAT(unfinished[0].journal, SizeIs(2));
  EXPECT_EQ(unfinished[0].journal[1].kind, JournalRecord::Kind::kRedriven);
}

TEST_P(RedriveStoreTest, ARedrivenExecutionMayEndAtOnceAndBeRedrivenAgain) {
  const ExecutionRecord execution = Failed(1);
  Batch batch = Redrive(1, 2);
  batch.ends = {Failure(1, "StillBroken")};
  ASSERT_THAT(Append(store(), batch), IsOk());
  EXPECT_EQ(GetExecution(execution.arn)->error, "StillBroken");
  ASSERT_THAT(Append(store(), Redrive(1, 3, 2)), IsOk());
  EXPECT_EQ(GetExecution(execution.arn)->redrives, 2);
  EXPECT_EQ(GetExecution(execution.arn)->redrive_time, kNow + absl::Hours(2));
}

TEST_P(RedriveStoreTest, WhatRunsIsNotRedrivenAndNothingOfTheBatchRemains) {
  ASSERT_THAT(Start(AnExecution(machine_, 1)), IsOk());
  EXPECT_THAT(Append(store(), Redrive(1, 1)), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Journal(1), IsEmpty());
  EXPECT_EQ(GetExecution(AnExecution(machine_, 1).arn)->redrives, 0);
}

TEST_P(RedriveStoreTest, OfTwoWritersOneRedrives) {
  const auto second = Open();
  for (ExecutionKey key = 1; key <= 20; ++key) Failed(key);
  std::vector<int> wins(2);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&, writer, target = writer == 0 ? &store() : second.get()] {
      for (ExecutionKey key = 1; key <= 20; ++key) {
        const absl::Status status = Append(*target, Redrive(key, 2));
        EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
        if (status.ok()) ++wins[writer];
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(wins[0] + wins[1], 20);
  EXPECT_THAT(Unfinished(0, 100), SizeIs(20));
}

TEST_P(RedriveStoreTest, ARedriveMaySayWhoseAttemptTheExecutionIsFromThenOn) {
  const ExecutionRecord execution = Failed(1, "parent/1/1");
  ASSERT_THAT(Append(store(), Redrive(1, 2, 1, "parent/1/2")), IsOk());
  EXPECT_EQ(GetExecution(execution.arn)->origin, "parent/1/2");
}

TEST_P(RedriveStoreTest, TheChildrenOfAMapRunAreListedByWhetherTheyWereRedriven) {
  for (ExecutionKey key : {1, 2, 3}) {
    ExecutionRecord child = AnExecution(machine_, key);
    child.origin = absl::StrCat("parent/", key, "/1");
    child.map_run_arn = "run";
    ASSERT_THAT(Start(child), IsOk());
    ASSERT_THAT(Append({ARecord(key, 1)}, {Failure(key, "Broken")}), IsOk());
  }
  ASSERT_THAT(Append(store(), Redrive(2, 2)), IsOk());
  EXPECT_THAT(Keys({.map_run_arn = "run", .redriven = true}), ElementsAre(2));
  EXPECT_THAT(Keys({.map_run_arn = "run", .redriven = false}), ElementsAre(3, 1));
  EXPECT_THAT(Keys({.statuses = {ExecutionStatus::kRunning}, .map_run_arn = "run"}),
              ElementsAre(2));
}

TEST_P(RedriveStoreTest, AMapRunWithoutRowsIsKnownByItsParent) {
  const ExecutionRecord parent = AnExecution(machine_, 1);
  ASSERT_THAT(Start(parent), IsOk());
  const Batch batch{.records = {}, .map_runs = {{"express-run", 1}}};
  ASSERT_THAT(Append(store(), batch), IsOk());
  ASSERT_THAT(Append(store(), batch), IsOk()) << "told again after a restart";
  EXPECT_THAT(Await<std::string>(
                  [&](auto done) { store().GetMapRunParent("express-run", std::move(done)); }),
              IsOkAndHolds(parent.arn));
}

TEST_P(RedriveStoreTest, AnExecutionTellsThatItsMachineWasDeleted) {
  const ExecutionRecord execution = Failed(1);
  EXPECT_FALSE(GetExecution(execution.arn)->machine_deleted);
  ASSERT_THAT(Delete(machine_.arn), IsOk());
  EXPECT_TRUE(GetExecution(execution.arn)->machine_deleted);
}

}  // namespace
}  // namespace orderflow::store
