#include "orchestrator/store/sql_execution_store.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/database/database_url.h"
#include "orchestrator/store/activity_tables.h"
#include "orchestrator/store/execution_list.h"
#include "orchestrator/store/execution_tables.h"
#include "orchestrator/store/schema.h"
#include "orchestrator/store/state_machine_tables.h"
#include "orchestrator/store/version_tables.h"

namespace orderflow::store {
namespace {

using database::Database;
using database::Transaction;

// Hands each call to the database as a body; what the body does is said in the *_tables files. A
// body may run again, so it copies what it would use up.
class Store final : public SqlExecutionStore {
 public:
  explicit Store(std::unique_ptr<Database> db) : db_(std::move(db)) {}

  void Start(ExecutionRecord execution, Callback<StartOutcome> done) override {
    db_->Submit<StartOutcome>([execution = std::move(execution)](
                                  Transaction& txn) { return StartExecution(txn, execution); },
                              std::move(done));
  }

  void Append(Batch batch, StatusCallback done) override {
    db_->Submit([batch = std::move(batch)](Transaction& txn) { return AppendBatch(txn, batch); },
                std::move(done));
  }

  void CreateStateMachine(StateMachineRecord record, Callback<StateMachineRecord> done) override {
    db_->Submit<StateMachineRecord>(
        [record = std::move(record)](Transaction& txn) {
          return store::CreateStateMachine(txn, record);
        },
        std::move(done));
  }

  void UpdateStateMachine(StateMachineRecord record, Callback<StateMachineRecord> done) override {
    db_->Submit<StateMachineRecord>(
        [record = std::move(record)](Transaction& txn) {
          return store::UpdateStateMachine(txn, record);
        },
        std::move(done));
  }

  void DeleteStateMachine(std::string arn, StatusCallback done) override {
    db_->Submit(
        [arn = std::move(arn)](Transaction& txn) { return store::DeleteStateMachine(txn, arn); },
        std::move(done));
  }

  void GetStateMachine(std::string arn, Callback<StateMachineRecord> done) override {
    db_->SubmitRead<StateMachineRecord>(
        [arn = std::move(arn)](Transaction& txn) { return store::GetStateMachine(txn, arn); },
        std::move(done));
  }

  void GetRevision(int64_t revision, Callback<StateMachineRecord> done) override {
    db_->SubmitRead<StateMachineRecord>(
        [revision](Transaction& txn) { return store::GetRevision(txn, revision); },
        std::move(done));
  }

  void ListStateMachines(int page_size, std::string page_token,
                         Callback<Page<StateMachineRecord>> done) override {
    db_->SubmitRead<Page<StateMachineRecord>>(
        [page_size, token = std::move(page_token)](Transaction& txn) {
          return store::ListStateMachines(txn, page_size, token);
        },
        std::move(done));
  }

  void GetExecution(std::string arn, Callback<ExecutionRecord> done) override {
    db_->SubmitRead<ExecutionRecord>(
        [arn = std::move(arn)](Transaction& txn) { return store::GetExecution(txn, arn); },
        std::move(done));
  }

  void ListExecutions(ExecutionFilter filter, int page_size, std::string page_token,
                      Callback<Page<ExecutionRecord>> done) override {
    db_->SubmitRead<Page<ExecutionRecord>>(
        [filter = std::move(filter), page_size, token = std::move(page_token)](Transaction& txn) {
          return store::ListExecutions(txn, filter, page_size, token);
        },
        std::move(done));
  }

  void ReadJournal(ExecutionKey execution, int64_t from_sequence,
                   Callback<std::vector<JournalRecord>> done) override {
    db_->SubmitRead<std::vector<JournalRecord>>(
        [execution, from_sequence](Transaction& txn) {
          return store::ReadJournal(txn, execution, from_sequence);
        },
        std::move(done));
  }

  void ReadUnfinished(ExecutionKey after, int limit,
                      Callback<std::vector<Unfinished>> done) override {
    db_->SubmitRead<std::vector<Unfinished>>(
        [after, limit](Transaction& txn) { return store::ReadUnfinished(txn, after, limit); },
        std::move(done));
  }

  void GetLastKey(Callback<ExecutionKey> done) override {
    db_->SubmitRead<ExecutionKey>([](Transaction& txn) { return store::GetLastKey(txn); },
                                  std::move(done));
  }

  void CreateActivity(ActivityRecord record, Callback<ActivityRecord> done) override {
    db_->Submit<ActivityRecord>(
        [record = std::move(record)](Transaction& txn) {
          return store::CreateActivity(txn, record);
        },
        std::move(done));
  }

  void DeleteActivity(std::string arn, StatusCallback done) override {
    db_->Submit(
        [arn = std::move(arn)](Transaction& txn) { return store::DeleteActivity(txn, arn); },
        std::move(done));
  }

  void GetActivity(std::string arn, Callback<ActivityRecord> done) override {
    db_->SubmitRead<ActivityRecord>(
        [arn = std::move(arn)](Transaction& txn) { return store::GetActivity(txn, arn); },
        std::move(done));
  }

  void ListActivities(int page_size, std::string page_token,
                      Callback<Page<ActivityRecord>> done) override {
    db_->SubmitRead<Page<ActivityRecord>>(
        [page_size, token = std::move(page_token)](Transaction& txn) {
          return store::ListActivities(txn, page_size, token);
        },
        std::move(done));
  }

  void GetMapRun(std::string map_run_arn, Callback<MapRunRecord> done) override {
    db_->SubmitRead<MapRunRecord>(
        [arn = std::move(map_run_arn)](Transaction& txn) { return store::GetMapRun(txn, arn); },
        std::move(done));
  }

  void KeepSecret(std::string name, std::string proposed, Callback<std::string> done) override {
    db_->Submit<std::string>(
        [name = std::move(name), proposed = std::move(proposed)](Transaction& txn) {
          return store::KeepSecret(txn, name, proposed);
        },
        std::move(done));
  }

  void ChangeTags(std::string machine_arn, TagChange change, StatusCallback done) override {
    db_->Submit([arn = std::move(machine_arn), change = std::move(change)](
                    Transaction& txn) { return store::ChangeTags(txn, arn, change); },
                std::move(done));
  }

  void ChangeActivityTags(std::string arn, ActivityTagChange change, StatusCallback done) override {
    db_->Submit([arn = std::move(arn), change = std::move(change)](
                    Transaction& txn) { return store::ChangeActivityTags(txn, arn, change); },
                std::move(done));
  }

  void PublishVersion(std::string machine_arn, std::string revision_id, std::string description,
                      absl::Time now, Callback<VersionRecord> done) override {
    db_->Submit<VersionRecord>(
        [arn = std::move(machine_arn), revision = std::move(revision_id),
         description = std::move(description), now](Transaction& txn) {
          return store::PublishVersion(txn, arn, revision, description, now);
        },
        std::move(done));
  }

  void GetVersion(std::string machine_arn, int64_t number, Callback<VersionRecord> done) override {
    db_->SubmitRead<VersionRecord>(
        [arn = std::move(machine_arn), number](Transaction& txn) {
          return store::GetVersion(txn, arn, number);
        },
        std::move(done));
  }

  void ListVersions(std::string machine_arn, int page_size, std::string page_token,
                    Callback<Page<VersionRecord>> done) override {
    db_->SubmitRead<Page<VersionRecord>>(
        [arn = std::move(machine_arn), page_size, token = std::move(page_token)](Transaction& txn) {
          return store::ListVersions(txn, arn, page_size, token);
        },
        std::move(done));
  }

  void DeleteVersion(std::string machine_arn, int64_t number, StatusCallback done) override {
    db_->Submit([arn = std::move(machine_arn),
                 number](Transaction& txn) { return store::DeleteVersion(txn, arn, number); },
                std::move(done));
  }

  void CreateAlias(AliasRecord alias, Callback<AliasRecord> done) override {
    db_->Submit<AliasRecord>(
        [alias = std::move(alias)](Transaction& txn) { return store::CreateAlias(txn, alias); },
        std::move(done));
  }

  void UpdateAlias(std::string machine_arn, std::string name, AliasChange change,
                   Callback<AliasRecord> done) override {
    db_->Submit<AliasRecord>(
        [arn = std::move(machine_arn), name = std::move(name), change = std::move(change)](
            Transaction& txn) { return store::UpdateAlias(txn, arn, name, change); },
        std::move(done));
  }

  void GetAlias(std::string machine_arn, std::string name, Callback<AliasRecord> done) override {
    db_->SubmitRead<AliasRecord>([arn = std::move(machine_arn), name = std::move(name)](
                                     Transaction& txn) { return store::GetAlias(txn, arn, name); },
                                 std::move(done));
  }

  void DeleteAlias(std::string machine_arn, std::string name, StatusCallback done) override {
    db_->Submit([arn = std::move(machine_arn), name = std::move(name)](
                    Transaction& txn) { return store::DeleteAlias(txn, arn, name); },
                std::move(done));
  }

  void ListAliases(std::string machine_arn, int64_t version, int page_size, std::string page_token,
                   Callback<Page<AliasRecord>> done) override {
    db_->SubmitRead<Page<AliasRecord>>(
        [arn = std::move(machine_arn), version, page_size, token = std::move(page_token)](
            Transaction& txn) { return store::ListAliases(txn, arn, version, page_size, token); },
        std::move(done));
  }

  void Check(StatusCallback done) override { db_->Check(std::move(done)); }

  database::Statistics statistics() const override { return db_->statistics(); }

 private:
  const std::unique_ptr<Database> db_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SqlExecutionStore>> OpenExecutionStore(database::Options options) {
  const absl::StatusOr<database::DatabaseUrl> url = database::ParseDatabaseUrl(options.url);
  // Open says what is wrong with a url, and which setting has it.
  const Schema schema(url.ok() ? url->backend : database::Backend::kSqlite);
  ORDERFLOW_ASSIGN_OR_RETURN(std::unique_ptr<Database> db,
                             Database::Open(std::move(options), schema.migrations()));
  return std::make_unique<Store>(std::move(db));
}

}  // namespace orderflow::store
