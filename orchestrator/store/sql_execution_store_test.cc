// The contract of ExecutionStore, on every database.

#include "orchestrator/store/sql_execution_store.h"

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/await.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixMicros(1'700'000'000'123'456);

std::string MachineArn(std::string_view name) {
  return absl::StrCat("arn:aws:states:us-east-1:000000000000:stateMachine:", std::string(name));
}
std::string ExecutionArn(std::string_view machine, std::string_view name) {
  return absl::StrCat("arn:aws:states:us-east-1:000000000000:execution:", std::string(machine), ":", std::string(name));
}

StateMachineRecord AMachine(std::string name) {
  return {.arn = MachineArn(name),
          .name = name,
          .type = MachineType::kStandard,
          .revision = 0,
          .revision_id = absl::StrCat("id-", name),
          .definition = R"({"StartAt":"A"})",
          .role_arn = "role",
          .logging = R"({"level":"ALL"})",
          .tags = R"([{"key":"a"}])",
          .create_time = kNow,
          .update_time = kNow};
}

ExecutionRecord AnExecution(const StateMachineRecord& machine, ExecutionKey key) {
  ExecutionRecord record;
  record.key = key;
  record.name = absl::StrCat("order-", key);
  record.arn = ExecutionArn(machine.name, record.name);
  record.state_machine_arn = machine.arn;
  record.revision = machine.revision;
  record.input = absl::StrCat(R"({"n":)", key, "}");
  record.trace_header = "00-trace";
  record.start_time = kNow + absl::Seconds(key);
  return record;
}

JournalRecord ARecord(ExecutionKey execution, int64_t sequence) {
  return {.execution = execution,
          .sequence = sequence,
          .kind = JournalRecord::Kind::kTaskSucceeded,
          .at = kNow + absl::Milliseconds(sequence),
          .subject = 10 + sequence,
          .payload = absl::StrCat(R"({"s":)", sequence, "}")};
}

ExecutionEnd Success(ExecutionKey key) {
  return {.execution = key,
          .status = ExecutionStatus::kSucceeded,
          .stop_time = kNow + absl::Hours(1),
          .output = R"({"ok":true})",
          .error = std::nullopt,
          .cause = std::nullopt,
          .failed_state = ""};
}

ExecutionEnd Failure(ExecutionKey key, std::string error, ExecutionStatus status = ExecutionStatus::kFailed) {
  return {.execution = key,
          .status = status,
          .stop_time = kNow + absl::Hours(1),
          .output = std::nullopt,
          .error = std::move(error),
          .cause = "because",
          .failed_state = "Charge"};
}

class ExecutionStoreTest : public ::testing::TestWithParam<database::TestBackend> {
 protected:
  ExecutionStoreTest() : url_(database::NewTestUrl(GetParam())), store_(Open()) {}

  std::unique_ptr<SqlExecutionStore> Open() {
    auto store = OpenExecutionStore({.url = url_, .name = "orchestrator"});
    EXPECT_THAT(store, IsOk());
    return store.ok() ? *std::move(store) : nullptr;
  }
  SqlExecutionStore& store() { return *store_; }

  absl::StatusOr<StateMachineRecord> Create(StateMachineRecord record) {
    return Await<StateMachineRecord>([&](auto done) { store().CreateStateMachine(record, std::move(done)); });
  }
  absl::StatusOr<StateMachineRecord> Update(StateMachineRecord record) {
    return Await<StateMachineRecord>([&](auto done) { store().UpdateStateMachine(record, std::move(done)); });
  }
  absl::Status Delete(const std::string& arn) {
    return AwaitStatus([&](auto done) { store().DeleteStateMachine(arn, std::move(done)); });
  }
  absl::StatusOr<StateMachineRecord> Get(const std::string& arn) {
    return Await<StateMachineRecord>([&](auto done) { store().GetStateMachine(arn, std::move(done)); });
  }
  absl::StatusOr<StateMachineRecord> GetRevision(int64_t revision) {
    return Await<StateMachineRecord>([&](auto done) { store().GetRevision(revision, std::move(done)); });
  }
  absl::StatusOr<Page<StateMachineRecord>> ListMachines(int size, const std::string& token = "") {
    return Await<Page<StateMachineRecord>>([&](auto done) { store().ListStateMachines(size, token, std::move(done)); });
  }
  absl::StatusOr<StartOutcome> Start(const ExecutionRecord& execution) { return Start(store(), execution); }
  static absl::StatusOr<StartOutcome> Start(ExecutionStore& store, const ExecutionRecord& execution) {
    return Await<StartOutcome>([&](auto done) { store.Start(execution, std::move(done)); });
  }
  absl::Status Append(std::vector<JournalRecord> records, std::vector<ExecutionEnd> ends = {}) {
    return Append(store(), std::move(records), std::move(ends));
  }
  static absl::Status Append(ExecutionStore& store, std::vector<JournalRecord> records,
                             std::vector<ExecutionEnd> ends = {}) {
    return AwaitStatus([&](auto done) {
      store.Append(Batch{.records = std::move(records), .ends = std::move(ends)}, std::move(done));
    });
  }
  absl::StatusOr<ExecutionRecord> GetExecution(const std::string& arn) {
    return Await<ExecutionRecord>([&](auto done) { store().GetExecution(arn, std::move(done)); });
  }
  absl::StatusOr<Page<ExecutionRecord>> List(const ExecutionFilter& filter, int size, const std::string& token = "") {
    return Await<Page<ExecutionRecord>>(
        [&](auto done) { store().ListExecutions(filter, size, token, std::move(done)); });
  }
  std::vector<JournalRecord> Journal(ExecutionKey key, int64_t from = 1) {
    auto records = Await<std::vector<JournalRecord>>([&](auto done) { store().ReadJournal(key, from, std::move(done)); });
    EXPECT_THAT(records, IsOk());
    return *std::move(records);
  }
  std::vector<ExecutionStore::Unfinished> Unfinished(ExecutionKey after, int limit) {
    auto page = Await<std::vector<ExecutionStore::Unfinished>>(
        [&](auto done) { store().ReadUnfinished(after, limit, std::move(done)); });
    EXPECT_THAT(page, IsOk());
    return *std::move(page);
  }
  // The keys of all pages of a list.
  std::vector<ExecutionKey> Keys(const ExecutionFilter& filter, int page_size = 3) {
    std::vector<ExecutionKey> keys;
    std::string token;
    do {
      const auto page = List(filter, page_size, token);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const ExecutionRecord& record : page->items) keys.push_back(record.key);
      token = page->next.value_or("");
    } while (!token.empty());
    return keys;
  }

  StateMachineRecord Machine(const std::string& name = "orders") {
    auto machine = Create(AMachine(name));
    EXPECT_THAT(machine, IsOk());
    return *std::move(machine);
  }

  const std::string url_;
  std::unique_ptr<SqlExecutionStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Databases, ExecutionStoreTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

void ExpectSame(const StateMachineRecord& a, const StateMachineRecord& b) {
  EXPECT_EQ(a.arn, b.arn);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.revision, b.revision);
  EXPECT_EQ(a.revision_id, b.revision_id);
  EXPECT_EQ(a.definition, b.definition);
  EXPECT_EQ(a.role_arn, b.role_arn);
  EXPECT_EQ(a.logging, b.logging);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.create_time, b.create_time);
  EXPECT_EQ(a.update_time, b.update_time);
}

TEST_P(ExecutionStoreTest, AStateMachineIsReadAsItWasCreated) {
  StateMachineRecord machine = AMachine("orders");
  machine.type = MachineType::kExpress;
  const auto created = Create(machine);
  ASSERT_THAT(created, IsOk());
  EXPECT_GT(created->revision, 0);
  machine.revision = created->revision;
  ExpectSame(*created, machine);
  const auto read = Get(machine.arn);
  ASSERT_THAT(read, IsOk());
  ExpectSame(*read, machine);
  const auto revision = GetRevision(machine.revision);
  ASSERT_THAT(revision, IsOk());
  ExpectSame(*revision, machine);
}

TEST_P(ExecutionStoreTest, ATakenMachineNameAlreadyExists) {
  const StateMachineRecord first = Machine();
  StateMachineRecord second = AMachine("orders");
  second.definition = "another";
  EXPECT_THAT(Create(second), StatusIs(absl::StatusCode::kAlreadyExists));
  ExpectSame(*Get(first.arn), first);
}

TEST_P(ExecutionStoreTest, AnUnknownMachineIsNotFound) {
  EXPECT_THAT(Get(MachineArn("nobody")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(GetRevision(99), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Update(AMachine("nobody")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Delete(MachineArn("nobody")), IsOk());
}

TEST_P(ExecutionStoreTest, AnUpdateMakesANewRevisionAndKeepsTheOldOne) {
  const StateMachineRecord old = Machine();
  StateMachineRecord change = old;
  change.definition = "new";
  change.revision_id = "id-2";
  change.update_time = kNow + absl::Hours(1);
  change.create_time = kNow + absl::Hours(1);  // not the caller's to say
  const auto updated = Update(change);
  ASSERT_THAT(updated, IsOk());
  EXPECT_GT(updated->revision, old.revision);
  EXPECT_EQ(updated->create_time, old.create_time);
  ExpectSame(*Get(old.arn), *updated);
  EXPECT_EQ(GetRevision(old.revision)->definition, old.definition);
  EXPECT_EQ(GetRevision(updated->revision)->definition, "new");
}

TEST_P(ExecutionStoreTest, AnUpdateThatChangesNothingKeepsTheRevision) {
  const StateMachineRecord old = Machine();
  StateMachineRecord same = old;
  same.revision_id = "id-2";
  same.update_time = kNow + absl::Hours(1);
  const auto updated = Update(same);
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->revision, old.revision);
  EXPECT_EQ(updated->revision_id, old.revision_id);
  EXPECT_EQ(Get(old.arn)->update_time, kNow + absl::Hours(1));
}

TEST_P(ExecutionStoreTest, ADeletedMachineIsGoneButItsRevisionsAreNot) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Delete(machine.arn), IsOk());
  EXPECT_THAT(Get(machine.arn), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Update(machine), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ListMachines(10)->items, IsEmpty());
  EXPECT_THAT(GetRevision(machine.revision), IsOk());
}

TEST_P(ExecutionStoreTest, ADeletedNameCanBeUsedAgain) {
  const StateMachineRecord first = Machine();
  ASSERT_THAT(Start(AnExecution(first, 1)), IsOk());
  ASSERT_THAT(Delete(first.arn), IsOk());
  const StateMachineRecord second = Machine();
  EXPECT_GT(second.revision, first.revision);
  ASSERT_THAT(Start(AnExecution(second, 2)), IsOk());
  EXPECT_THAT(Keys({.state_machine_arn = second.arn, .status = {}, .error = {}}), ElementsAre(2, 1));
}

TEST_P(ExecutionStoreTest, MachinesAreListedNewestFirstPageByPage) {
  for (const char* name : {"a", "b", "c", "d", "e"}) Machine(name);
  ASSERT_THAT(Delete(MachineArn("c")), IsOk());
  std::vector<std::string> names;
  std::string token;
  do {
    const auto page = ListMachines(2, token);
    ASSERT_THAT(page, IsOk());
    EXPECT_THAT(page->items, SizeIs(2));
    for (const StateMachineRecord& record : page->items) names.push_back(record.name);
    token = page->next.value_or("");
  } while (!token.empty());
  EXPECT_THAT(names, ElementsAre("e", "d", "b", "a"));
}

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
  EXPECT_THAT(Append({ARecord(1, 1), ARecord(2, 1)}, {Success(1)}), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Journal(1), IsEmpty());
  EXPECT_EQ(GetExecution(ExecutionArn("orders", "order-1"))->status, ExecutionStatus::kRunning);
}

TEST_P(ExecutionStoreTest, AnEndIsReadAsItWasWritten) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 1)), IsOk());
  ASSERT_THAT(Start(AnExecution(machine, 2)), IsOk());
  ASSERT_THAT(Append({ARecord(1, 1), ARecord(2, 1)}, {Success(1), Failure(2, "PaymentFailed")}), IsOk());

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
  EXPECT_THAT(Keys({.state_machine_arn = {}, .status = {}, .error = error}), ElementsAre(1));
}

TEST_P(ExecutionStoreTest, RecoveryReadsWhatIsUnfinishedWithItsJournal) {
  const StateMachineRecord machine = Machine(), other = Machine("other");
  for (ExecutionKey key = 1; key <= 6; ++key) {
    ASSERT_THAT(Start(AnExecution(key % 2 == 0 ? other : machine, key)), IsOk());
  }
  ASSERT_THAT(Append({ARecord(1, 1), ARecord(4, 1), ARecord(4, 2), ARecord(2, 1)}, {Success(2)}), IsOk());

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
  const auto last = [&] { return Await<ExecutionKey>([&](auto done) { store().GetLastKey(std::move(done)); }); };
  EXPECT_THAT(last(), IsOkAndHolds(0));
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Start(AnExecution(machine, 9)), IsOk());
  ASSERT_THAT(Start(AnExecution(machine, 4)), IsOk());
  ASSERT_THAT(Append({}, {Success(9)}), IsOk());
  EXPECT_THAT(last(), IsOkAndHolds(9));
}

// Twelve executions of two machines in all statuses: 1..6 of "orders", 7..12 of "other", each running, succeeded, failed with
// E1, failed with E2, timed out, aborted.
class ExecutionListTest : public ExecutionStoreTest {
 protected:
  void SetUp() override {
    orders_ = Machine("orders").arn;
    const StateMachineRecord orders = *Get(orders_), other = Machine("other");
    for (ExecutionKey key = 1; key <= 12; ++key) {
      ASSERT_THAT(Start(AnExecution(key <= 6 ? orders : other, key)), IsOk());
    }
    for (const ExecutionKey base : {0, 6}) {
      ASSERT_THAT(Append({}, {Success(base + 2), Failure(base + 3, "E1"), Failure(base + 4, "E2"),
                              Failure(base + 5, "E1", ExecutionStatus::kTimedOut),
                              Failure(base + 6, "E2", ExecutionStatus::kAborted)}),
                  IsOk());
    }
  }
  std::string orders_;
};

INSTANTIATE_TEST_SUITE_P(Databases, ExecutionListTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

TEST_P(ExecutionListTest, EachFilterGivesItsExecutionsNewestFirst) {
  using S = ExecutionStatus;
  EXPECT_THAT(Keys({}), ElementsAre(12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
  EXPECT_THAT(Keys({orders_, {}, ""}), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(Keys({"", S::kRunning, ""}), ElementsAre(7, 1));
  EXPECT_THAT(Keys({orders_, S::kRunning, ""}), ElementsAre(1));
  EXPECT_THAT(Keys({"", S::kSucceeded, ""}), ElementsAre(8, 2));
  EXPECT_THAT(Keys({"", S::kFailed, ""}), ElementsAre(10, 9, 4, 3));
  EXPECT_THAT(Keys({orders_, S::kFailed, ""}), ElementsAre(4, 3));
  EXPECT_THAT(Keys({orders_, S::kTimedOut, ""}), ElementsAre(5));
  EXPECT_THAT(Keys({orders_, S::kAborted, ""}), ElementsAre(6));
  EXPECT_THAT(Keys({"", {}, "E1"}), ElementsAre(11, 9, 5, 3));
  EXPECT_THAT(Keys({orders_, {}, "E2"}), ElementsAre(6, 4));
  EXPECT_THAT(Keys({orders_, S::kFailed, "E2"}), ElementsAre(4));
  EXPECT_THAT(Keys({"", S::kTimedOut, "E1"}), ElementsAre(11, 5));
  EXPECT_THAT(Keys({"", S::kSucceeded, "E1"}), IsEmpty());
  EXPECT_THAT(Keys({"", {}, "unknown"}), IsEmpty());
  EXPECT_THAT(Keys({MachineArn("nobody"), {}, ""}), IsEmpty());
}

TEST_P(ExecutionListTest, EveryPageSizeGivesTheSameList) {
  const std::vector<ExecutionKey> all = Keys({}, 100);
  for (int size = 1; size <= 13; ++size) EXPECT_EQ(Keys({}, size), all) << size;
  EXPECT_FALSE(List({}, 12)->next.has_value()) << "the last page says that it is the last";
}

TEST_P(ExecutionListTest, AListedExecutionIsComplete) {
  const auto page = List({orders_, ExecutionStatus::kFailed, "E1"}, 10);
  ASSERT_THAT(page, IsOk());
  ASSERT_THAT(page->items, SizeIs(1));
  EXPECT_EQ(page->items[0].input, R"({"n":3})");
  EXPECT_EQ(page->items[0].state_machine_arn, orders_);
  EXPECT_EQ(page->items[0].error, "E1");
  EXPECT_EQ(page->items[0].failed_state, "Charge");
}

TEST_P(ExecutionListTest, AForeignTokenIsRefused) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const std::string token = *List({orders_, {}, ""}, 2)->next;
  EXPECT_THAT(List({orders_, {}, ""}, 2, token), IsOk());
  EXPECT_THAT(List({}, 2, token), StatusIs(kInvalid));
  EXPECT_THAT(List({orders_, ExecutionStatus::kFailed, ""}, 2, token), StatusIs(kInvalid));
  EXPECT_THAT(List({orders_, {}, "E1"}, 2, token), StatusIs(kInvalid));
  EXPECT_THAT(ListMachines(2, token), StatusIs(kInvalid));
  std::string tampered = token;
  tampered.back() = tampered.back() == 'A' ? 'B' : 'A';
  EXPECT_THAT(List({orders_, {}, ""}, 2, tampered), StatusIs(kInvalid));
  EXPECT_THAT(List({orders_, {}, ""}, 2, "nonsense"), StatusIs(kInvalid));
  EXPECT_THAT(List({}, -1), StatusIs(kInvalid));
  EXPECT_THAT(List({}, 1001), StatusIs(kInvalid));
}

TEST_P(ExecutionListTest, APageOfLargeExecutionsIsShort) {
  const StateMachineRecord machine = Machine("large");
  for (ExecutionKey key = 101; key <= 140; ++key) {
    ExecutionRecord large = AnExecution(machine, key);
    large.input = std::string(250'000, 'x');
    ASSERT_THAT(Start(large), IsOk());
  }
  const auto page = List({machine.arn, {}, ""}, 40);
  ASSERT_THAT(page, IsOk());
  EXPECT_LT(page->items.size(), 40u);
  EXPECT_TRUE(page->next.has_value());
  EXPECT_THAT(Keys({machine.arn, {}, ""}, 40), SizeIs(40));
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
