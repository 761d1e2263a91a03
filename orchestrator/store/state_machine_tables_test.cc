// What ExecutionStore promises about state machines, on every database.

#include "orchestrator/store/test_execution_store.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using StateMachineStoreTest = ExecutionStoreTest;

INSTANTIATE_TEST_SUITE_P(Databases, StateMachineStoreTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

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

TEST_P(StateMachineStoreTest, AStateMachineIsReadAsItWasCreated) {
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

TEST_P(StateMachineStoreTest, ATakenMachineNameAlreadyExists) {
  const StateMachineRecord first = Machine();
  StateMachineRecord second = AMachine("orders");
  second.definition = "another";
  EXPECT_THAT(Create(second), StatusIs(absl::StatusCode::kAlreadyExists));
  ExpectSame(*Get(first.arn), first);
}

TEST_P(StateMachineStoreTest, AnUnknownMachineIsNotFound) {
  EXPECT_THAT(Get(MachineArn("nobody")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(GetRevision(99), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Update(AMachine("nobody")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Delete(MachineArn("nobody")), IsOk());
}

TEST_P(StateMachineStoreTest, AnUpdateMakesANewRevisionAndKeepsTheOldOne) {
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

TEST_P(StateMachineStoreTest, AnUpdateThatChangesNothingKeepsTheRevision) {
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

TEST_P(StateMachineStoreTest, ADeletedMachineIsGoneButItsRevisionsAreNot) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Delete(machine.arn), IsOk());
  EXPECT_THAT(Get(machine.arn), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Update(machine), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ListMachines(10)->items, IsEmpty());
  EXPECT_THAT(GetRevision(machine.revision), IsOk());
}

TEST_P(StateMachineStoreTest, ADeletedNameCanBeUsedAgain) {
  const StateMachineRecord first = Machine();
  ASSERT_THAT(Start(AnExecution(first, 1)), IsOk());
  ASSERT_THAT(Delete(first.arn), IsOk());
  const StateMachineRecord second = Machine();
  EXPECT_GT(second.revision, first.revision);
  ASSERT_THAT(Start(AnExecution(second, 2)), IsOk());
  EXPECT_THAT(Keys({.state_machine_arn = second.arn, .statuses = {}, .error = {}}),
              ElementsAre(2, 1));
}

TEST_P(StateMachineStoreTest, MachinesAreListedNewestFirstPageByPage) {
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

}  // namespace
}  // namespace orderflow::store
