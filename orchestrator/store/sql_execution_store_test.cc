// What ExecutionStore promises about executions and their journal, on every database.

#include <set>
#include <thread>

#include "orchestrator/store/test_execution_store.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

INSTANTIATE_TEST_SUITE_P(Databases, ExecutionStoreTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

TEST_P(ExecutionStoreTest, AnExecutionIsReadAsItWasStarted) {
  const StateMachineRecord machine = Machine();
  const ExecutionRecord started = AnExecution(machine, 7);
  const auto outcome = Start(started);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_TRUE(outcome->created);
  EXPECT_FALSE(outcome->existing.has_value());
  const auto read = GetExecution(started.arn);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->key, 7);
  EXPECT_EQ(read->arn, started.arn);
  EXPECT_EQ(read->name, started.name);
  EXPECT_EQ(read->state_machine_arn, machine.arn);
  EXPECT_EQ(read->revision, machine.revision);
  EXPECT_EQ(read->input, started.input);
  EXPECT_EQ(read->trace_header, started.trace_header);
  EXPECT_EQ(read->start_time, started.start_time);
  EXPECT_EQ(read->status, ExecutionStatus::kRunning);
  EXPECT_FALSE(read->stop_time.has_value());
  EXPECT_FALSE(read->output.has_value());
  EXPECT_THAT(GetExecution("arn:nobody"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(ExecutionStoreTest, WhatAStartMissedIsReadWithIt) {
  const StateMachineRecord machine = Machine();
  ExecutionRecord missing = AnExecution(machine, 1);
  missing.missing_activities = R"(["a","b"])";
  ASSERT_THAT(Start(missing), IsOk());
  ASSERT_THAT(Start(AnExecution(machine, 2)), IsOk());
  EXPECT_EQ(GetExecution(missing.arn)->missing_activities, missing.missing_activities);
  EXPECT_EQ(Start(missing)->existing->missing_activities, missing.missing_activities);
  const auto unfinished = Unfinished(0, 10);
  ASSERT_THAT(unfinished, SizeIs(2));
  EXPECT_EQ(unfinished[0].execution.missing_activities, missing.missing_activities);
  EXPECT_EQ(unfinished[1].execution.missing_activities, "");
}

TEST_P(ExecutionStoreTest, AKnownNameAnswersWhatRunsUnderIt) {
  const StateMachineRecord machine = Machine();
  const ExecutionRecord first = AnExecution(machine, 1);
  ASSERT_THAT(Start(first), IsOk());
  ExecutionRecord again = first;
  again.key = 2;
  again.input = "other";
  auto outcome = Start(again);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_FALSE(outcome->created);
  ASSERT_TRUE(outcome->existing.has_value());
  EXPECT_EQ(outcome->existing->key, 1);
  EXPECT_EQ(outcome->existing->input, first.input);
  EXPECT_EQ(outcome->existing->status, ExecutionStatus::kRunning);

  ASSERT_THAT(Append({}, {Success(1)}), IsOk());
  outcome = Start(again);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->existing->status, ExecutionStatus::kSucceeded);
  EXPECT_THAT(Unfinished(0, 10), IsEmpty());
}

TEST_P(ExecutionStoreTest, ATakenKeyIsALostRace) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ExecutionRecord other = AnExecution(machine, 2);
  other.key = 1;
  EXPECT_THAT(Start(other), StatusIs(absl::StatusCode::kAborted));
}

TEST_P(ExecutionStoreTest, WithoutItsRevisionNothingStarts) {
  StateMachineRecord machine = Machine();
  ExecutionRecord unknown = AnExecution(machine, 1);
  unknown.revision = 99;
  EXPECT_THAT(Start(unknown), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(Start(AnExecution(machine, 2)), IsOk());
  ASSERT_THAT(Delete(machine.arn), IsOk());
  EXPECT_THAT(Start(AnExecution(machine, 3)), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_FALSE(Start(AnExecution(machine, 2))->created) << "a known name is answered all the same";
  EXPECT_THAT(Append({ARecord(2, 1)}, {Success(2)}), IsOk()) << "and what runs goes on";
}

TEST_P(ExecutionStoreTest, TheOldRevisionOfAMachineStillStarts) {
  const StateMachineRecord old = Machine();
  StateMachineRecord change = old;
  change.definition = "new";
  ASSERT_THAT(Update(change), IsOk());
  EXPECT_TRUE(Start(AnExecution(old, 1))->created);
}

TEST_P(ExecutionStoreTest, TheJournalIsReadInOrderFromAnyPlace) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ASSERT_THAT(Append({ARecord(1, 1), ARecord(1, 2)}), IsOk());
  JournalRecord stop = ARecord(1, 3);
  stop.kind = JournalRecord::Kind::kStop;
  stop.payload = "";
  ASSERT_THAT(Append({stop}), IsOk());

  const std::vector<JournalRecord> all = Journal(1);
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].execution, 1);
  EXPECT_EQ(all[0].sequence, 1);
  EXPECT_EQ(all[0].kind, JournalRecord::Kind::kTaskSucceeded);
  EXPECT_EQ(all[0].at, kNow + absl::Milliseconds(1));
  EXPECT_EQ(all[0].subject, 11);
  EXPECT_EQ(all[0].payload, R"({"s":1})");
  EXPECT_EQ(all[2].kind, JournalRecord::Kind::kStop);
  EXPECT_EQ(all[2].payload, "");
  EXPECT_THAT(Journal(1, 3), SizeIs(1));
  EXPECT_THAT(Journal(2), IsEmpty());
}

TEST_P(ExecutionStoreTest, ASecondWriterIsFenced) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ASSERT_THAT(Append({ARecord(1, 1)}), IsOk());
  EXPECT_THAT(Append({ARecord(1, 1)}), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Append({ARecord(1, 1)}, {Success(1)}), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(GetExecution(ExecutionArn("orders", "order-1"))->status, ExecutionStatus::kRunning);
}

TEST_P(ExecutionStoreTest, ABatchIsAppendedAsAWholeOrNotAtAll) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ASSERT_THAT(Start(AnExecution(machine, 2)), IsOk());
  ASSERT_THAT(Append({ARecord(2, 1)}), IsOk());
  EXPECT_THAT(Append({ARecord(1, 1), ARecord(2, 1)}, {Success(1)}),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Journal(1), IsEmpty());
  EXPECT_EQ(GetExecution(ExecutionArn("orders", "order-1"))->status, ExecutionStatus::kRunning);
}

TEST_P(ExecutionStoreTest, AnEndIsReadAsItWasWritten) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ASSERT_THAT(Start(AnExecution(machine, 2)), IsOk());
  ASSERT_THAT(Append({ARecord(1, 1), ARecord(2, 1)}, {Success(1), Failure(2, "PaymentFailed")}),
              IsOk());

  const auto succeeded = GetExecution(ExecutionArn("orders", "order-1"));
  ASSERT_THAT(succeeded, IsOk());
  EXPECT_EQ(succeeded->status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(succeeded->stop_time, kNow + absl::Hours(1));
  EXPECT_EQ(succeeded->output, R"({"ok":true})");
  EXPECT_FALSE(succeeded->error.has_value());
  const auto failed = GetExecution(ExecutionArn("orders", "order-2"));
  ASSERT_THAT(failed, IsOk());
  EXPECT_EQ(failed->status, ExecutionStatus::kFailed);
  EXPECT_EQ(failed->error, "PaymentFailed");
  EXPECT_EQ(failed->cause, "because");
  EXPECT_EQ(failed->failed_state, "Charge");
  EXPECT_FALSE(failed->output.has_value());
}

TEST_P(ExecutionStoreTest, AnExecutionEndsOnce) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ASSERT_THAT(Append({ARecord(1, 1)}, {Success(1)}), IsOk());
  EXPECT_THAT(Append({ARecord(1, 2)}, {Failure(1, "Late")}), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Journal(1), SizeIs(1));
  EXPECT_EQ(GetExecution(ExecutionArn("orders", "order-1"))->status, ExecutionStatus::kSucceeded);
}

TEST_P(ExecutionStoreTest, AnErrorTextOfAnyLengthIsKeptAndFound) {
  const StateMachineRecord machine = Machine();
  const std::string error(100'000, 'e');
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ASSERT_THAT(Start(AnExecution(machine, 2)), IsOk());
  ASSERT_THAT(Append({}, {Failure(1, error), Failure(2, error + "f")}), IsOk());
  EXPECT_EQ(GetExecution(ExecutionArn("orders", "order-1"))->error, error);
  EXPECT_THAT(Keys({.state_machine_arn = {}, .statuses = {}, .error = error}), ElementsAre(1));
}

TEST_P(ExecutionStoreTest, RecoveryReadsWhatIsUnfinishedWithItsJournal) {
  const StateMachineRecord machine = Machine(), other = Machine("other");
  for (ExecutionKey key = 1; key <= 6; ++key) {
    ASSERT_THAT(Start(AnExecution(key % 2 == 0 ? other : machine, key)), IsOk());
  }
  ASSERT_THAT(Append({ARecord(1, 1), ARecord(4, 1), ARecord(4, 2), ARecord(2, 1)}, {Success(2)}),
              IsOk());

  const auto first = Unfinished(0, 3);
  ASSERT_THAT(first, SizeIs(3));
  EXPECT_EQ(first[0].execution.key, 1);
  EXPECT_EQ(first[0].execution.input, R"({"n":1})");
  EXPECT_EQ(first[0].execution.revision, machine.revision);
  EXPECT_THAT(first[0].journal, SizeIs(1));
  EXPECT_EQ(first[1].execution.key, 3);
  EXPECT_THAT(first[1].journal, IsEmpty());
  EXPECT_EQ(first[2].execution.key, 4);
  ASSERT_THAT(first[2].journal, SizeIs(2));
  EXPECT_EQ(first[2].journal[1].sequence, 2);
  const auto second = Unfinished(4, 3);
  ASSERT_THAT(second, SizeIs(2));
  EXPECT_EQ(second[0].execution.key, 5);
  EXPECT_EQ(second[1].execution.key, 6);
  EXPECT_THAT(Unfinished(6, 3), IsEmpty());
}

TEST_P(ExecutionStoreTest, TheLastKeyIsTheLargest) {
  const auto last = [&] {
    return Await<ExecutionKey>([&](auto done) { store().GetLastKey(std::move(done)); });
  };
  EXPECT_THAT(last(), IsOkAndHolds(0));
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 9)), IsOk());
  ASSERT_THAT(Start(AnExecution(machine, 4)), IsOk());
  ASSERT_THAT(Append({}, {Success(9)}), IsOk());
  EXPECT_THAT(last(), IsOkAndHolds(9));
}

TEST_P(ExecutionStoreTest, WhatWasAcknowledgedIsThereAfterReopening) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ASSERT_THAT(Append({ARecord(1, 1)}), IsOk());
  store_.reset();
  store_ = Open();
  const auto unfinished = Unfinished(0, 10);
  ASSERT_THAT(unfinished, SizeIs(1));
  EXPECT_THAT(unfinished[0].journal, SizeIs(1));
}

TEST_P(ExecutionStoreTest, OfTwoStoresOneAppendsEachRecord) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  const auto second = Open();
  std::vector<int> wins(2);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&, writer, target = writer == 0 ? &store() : second.get()] {
      for (int64_t sequence = 1; sequence <= 40; ++sequence) {
        const absl::Status status = Append(*target, {ARecord(1, sequence)});
        EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
        if (status.ok()) ++wins[writer];
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(wins[0] + wins[1], 40);
  EXPECT_THAT(Journal(1), SizeIs(40));
}

TEST_P(ExecutionStoreTest, OfTwoStoresOneStartsEachName) {
  const StateMachineRecord machine = Machine();
  const auto second = Open();
  std::vector<std::set<ExecutionKey>> started(2);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&, writer, target = writer == 0 ? &store() : second.get()] {
      for (int i = 1; i <= 40; ++i) {
        ExecutionRecord execution = AnExecution(machine, i);
        execution.key = 1000 * (writer + 1) + i;
        const auto outcome = Start(*target, execution);
        ASSERT_THAT(outcome, IsOk());
        started[writer].insert(outcome->created ? execution.key : outcome->existing->key);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(started[0], started[1]);
  EXPECT_THAT(Unfinished(0, 1000), SizeIs(40));
}

TEST_P(ExecutionStoreTest, CheckAnswersOk) {
  EXPECT_THAT(AwaitStatus([&](auto done) { store().Check(std::move(done)); }), IsOk());
}

}  // namespace
}  // namespace orderflow::store
