// A database that an earlier version has filled is taken over as it is.

#include "common/database/database_url.h"
#include "orchestrator/store/schema.h"
#include "orchestrator/store/test_execution_store.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// What version 2 wrote: one machine with a version and an alias, an execution that has failed and
// one that runs, each with one record.
constexpr std::string_view kVersion2Rows[] = {
    "UPDATE store_counters SET value = 1",
    "INSERT INTO state_machines (id, arn, revision, tags, deleted, last_version) VALUES "
    "(1, 'arn:aws:states:us-east-1:000000000000:stateMachine:orders', 1, '', 0, 1)",
    "INSERT INTO state_machine_revisions (revision, machine, name, type, revision_id, definition, "
    "role_arn, logging, create_time, update_time) VALUES (1, 1, 'orders', 0, 'id', '{}', 'role', "
    "'', 5, 5)",
    "INSERT INTO state_machine_versions (machine, number, revision, description, create_time) "
    "VALUES (1, 1, 1, 'first', 5)",
    "INSERT INTO state_machine_aliases (id, machine, name, description, version, weight, "
    "second_version, create_time, update_time) VALUES (1, 1, 'prod', '', 1, 100, 0, 5, 5)",
    "INSERT INTO executions (key, arn, name, machine, revision, input, trace_header, start_time, "
    "version, alias) VALUES "
    "(1, 'arn:aws:states:us-east-1:000000000000:execution:orders:a', 'a', 1, 1, '{\"n\":1}', '', "
    "10, 1, 'prod'), "
    "(2, 'arn:aws:states:us-east-1:000000000000:execution:orders:b', 'b', 1, 1, '{\"n\":2}', '', "
    "20, 0, '')",
    "INSERT INTO running_executions (key, machine) VALUES (2, 1)",
    "INSERT INTO execution_ends (key, machine, status, stop_time, output, error, cause, "
    "failed_state) VALUES (1, 1, 2, 30, NULL, 'Broken', 'why', 'Charge')",
    "INSERT INTO journal (execution, sequence, kind, at, subject, payload) VALUES "
    "(1, 1, 2, 25, 1, '{\"error\":\"Broken\"}'), (2, 1, 1, 26, 1, '7')",
};

class MigrationTest : public ExecutionStoreTest {
 protected:
  // A database of its own: that of the suite is of the newest version already.
  std::string FilledWithVersion2() {
    const std::string url = database::NewTestUrl(GetParam());
    const Schema schema(database::ParseDatabaseUrl(url)->backend);
    std::vector<database::Migration> migrations = schema.migrations();
    migrations.resize(2);
    auto db = database::Database::Open({.url = url, .name = "orchestrator"}, migrations);
    EXPECT_THAT(db, IsOk());
    EXPECT_THAT(database::Write(**db,
                                [](database::Transaction& txn) {
                                  for (const std::string_view row : kVersion2Rows) {
                                    if (auto done = txn.Execute(row, {}); !done.ok())
                                      return done.status();
                                  }
                                  return absl::OkStatus();
                                }),
                IsOk());
    return url;
  }
};

INSTANTIATE_TEST_SUITE_P(Databases, MigrationTest, ::testing::ValuesIn(database::TestBackends()),
                         database::TestBackendName);

TEST_P(MigrationTest, WhatVersion2HoldsIsReadAndGoesOn) {
  const std::string url = FilledWithVersion2();
  auto opened = OpenExecutionStore({.url = url, .name = "orchestrator"});
  ASSERT_THAT(opened, IsOk());
  store_ = *std::move(opened);
  const std::string arn = ExecutionArn("orders", "a");
  const auto ended = GetExecution(arn);
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->status, ExecutionStatus::kFailed);
  EXPECT_EQ(ended->error, "Broken");
  EXPECT_EQ(ended->alias, "prod");
  EXPECT_EQ(ended->origin, "");
  EXPECT_EQ(ended->redrives, 0);
  EXPECT_EQ(ended->events, 0) << "nobody counted them";
  EXPECT_EQ(ended->missing_activities, "");
  const auto unfinished = Unfinished(0, 10);
  ASSERT_THAT(unfinished, SizeIs(1));
  EXPECT_EQ(unfinished[0].execution.name, "b");
  EXPECT_THAT(unfinished[0].journal, SizeIs(1));
  EXPECT_THAT(Keys({MachineArn("orders"), {}, ""}), ElementsAre(2, 1));

  // It goes on: what ran ends, what had ended is redriven, and new ones start.
  ASSERT_THAT(Append({ARecord(2, 2)}, {Success(2)}), IsOk());
  JournalRecord record = ARecord(1, 2);
  record.kind = JournalRecord::Kind::kRedriven;
  ASSERT_THAT(Append(store(), Batch{.records = {record}, .redrives = {{1, 1, kNow, ""}}}), IsOk());
  EXPECT_EQ(GetExecution(arn)->status, ExecutionStatus::kRunning);
  const auto machine = Get(MachineArn("orders"));
  ASSERT_THAT(machine, IsOk());
  ExecutionRecord child = AnExecution(*machine, 3);
  child.origin = arn + "/1/1";
  ASSERT_THAT(Start(child), IsOk());
  EXPECT_THAT(Keys({MachineArn("orders"), {ExecutionStatus::kRunning}, ""}), ElementsAre(3, 1));
}

}  // namespace
}  // namespace orderflow::store
