#include "orchestrator/store/execution_tables.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace orderflow::store {
namespace {

using database::Nullable;
using database::Parameter;
using database::Row;
using database::Statement;
using database::Transaction;

// Children of map runs stand under the negative number of their machine, so that its lists of
// executions do not show them. Only while the revision's machine is there: a start and a deletion
// cannot miss each other.
constexpr char kInsertExecution[] =
    "INSERT INTO executions (key, arn, name, machine, revision, input, trace_header, start_time, "
    "version, alias) SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), "
    "m.id * CAST($10 AS BIGINT), r.revision, "
    "CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), "
    "CAST($9 AS TEXT) FROM state_machine_revisions r "
    "JOIN state_machines m ON m.id = r.machine WHERE r.revision = $4 AND m.deleted = 0 "
    "ON CONFLICT (arn) DO NOTHING RETURNING machine";
constexpr char kInsertChild[] =
    "INSERT INTO child_executions (key, origin, map_run, map_state, items) "
    "VALUES ($1, $2, $3, $4, $5)";
constexpr char kInsertMissing[] = "INSERT INTO missing_activities (key, arns) VALUES ($1, $2)";
constexpr char kInsertRunning[] = "INSERT INTO running_executions (key, machine) VALUES ($1, $2)";

constexpr char kInsertRecord[] =
    "INSERT INTO journal (execution, sequence, kind, at, subject, payload) "
    "VALUES ($1, $2, $3, $4, $5, $6)";
constexpr char kInsertEnd[] =
    "INSERT INTO execution_ends (key, machine, status, stop_time, output, error, cause, "
    "failed_state, events) "
    "SELECT key, machine, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT), "
    "CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS BIGINT) "
    "FROM running_executions WHERE key = $1";
constexpr char kDeleteRunning[] = "DELETE FROM running_executions WHERE key = $1";

constexpr char kDeleteEnd[] = "DELETE FROM execution_ends WHERE key = $1";
constexpr char kRunAgain[] =
    "INSERT INTO running_executions (key, machine) SELECT key, machine FROM executions "
    "WHERE key = $1";
constexpr char kCountRedrive[] =
    "INSERT INTO execution_redrives (key, redrives, redrive_time) VALUES ($1, $2, $3) "
    "ON CONFLICT (key) DO UPDATE SET redrives = excluded.redrives, "
    "redrive_time = excluded.redrive_time";
constexpr char kSetOrigin[] = "UPDATE child_executions SET origin = $2 WHERE key = $1";

constexpr char kInsertMapRun[] =
    "INSERT INTO map_runs (arn, execution) VALUES ($1, $2) "
    "ON CONFLICT (arn) DO UPDATE SET execution = excluded.execution";

#define SELECT_EXECUTION                                                                         \
  "SELECT e.key, e.arn, e.name, m.arn, e.revision, e.input, e.trace_header, e.start_time, "      \
  "x.status, x.stop_time, x.output, x.error, x.cause, x.failed_state, e.version, e.alias, "      \
  "c.origin, c.map_run, c.map_state, c.items, r.redrives, r.redrive_time, m.deleted, x.events, " \
  "a.arns "                                                                                      \
  "FROM executions e JOIN state_machines m ON m.id = abs(e.machine) "                            \
  "LEFT JOIN execution_ends x ON x.key = e.key "                                                 \
  "LEFT JOIN child_executions c ON c.key = e.key "                                               \
  "LEFT JOIN execution_redrives r ON r.key = e.key "                                             \
  "LEFT JOIN missing_activities a ON a.key = e.key "
constexpr char kGetExecution[] = SELECT_EXECUTION "WHERE e.arn = $1";
constexpr char kGetExecutions[] = SELECT_EXECUTION
    "WHERE e.key IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
#define UNFINISHED "(SELECT key FROM running_executions WHERE key > $1 ORDER BY key LIMIT $2)"
constexpr char kGetUnfinished[] = SELECT_EXECUTION "WHERE e.key IN " UNFINISHED " ORDER BY e.key";
#undef SELECT_EXECUTION

#define SELECT_JOURNAL "SELECT execution, sequence, kind, at, subject, payload FROM journal "
constexpr char kReadJournal[] =
    SELECT_JOURNAL "WHERE execution = $1 AND sequence >= $2 ORDER BY sequence";
constexpr char kReadUnfinishedJournals[] =
    SELECT_JOURNAL "WHERE execution IN " UNFINISHED " ORDER BY execution, sequence";
#undef SELECT_JOURNAL
#undef UNFINISHED

constexpr char kGetLastKey[] = "SELECT COALESCE(MAX(key), 0) FROM executions";

ExecutionRecord ToExecution(const Row& row) {
  ExecutionRecord record{.key = row.Int(0),
                         .arn = row.Text(1),
                         .name = row.Text(2),
                         .state_machine_arn = row.Text(3),
                         .revision = row.Int(4),
                         .input = row.Text(5),
                         .trace_header = row.Text(6),
                         .version = row.Int(14),
                         .alias = row.Text(15),
                         .start_time = absl::FromUnixMicros(row.Int(7)),
                         .status = ExecutionStatus::kRunning,
                         .stop_time = std::nullopt,
                         .output = std::nullopt,
                         .error = std::nullopt,
                         .cause = std::nullopt,
                         .failed_state = {}};
  if (!row.IsNull(16)) {
    record.origin = row.Text(16);
    record.map_run_arn = row.Text(17);
    record.map_state = row.Text(18);
    record.items = row.Int(19);
  }
  if (!row.IsNull(20)) {
    record.redrives = row.Int(20);
    record.redrive_time = absl::FromUnixMicros(row.Int(21));
  }
  record.machine_deleted = row.Int(22) != 0;
  if (!row.IsNull(24)) record.missing_activities = row.Text(24);
  if (row.IsNull(8)) return record;  // No end yet.
  record.status = static_cast<ExecutionStatus>(row.Int(8));
  record.stop_time = absl::FromUnixMicros(row.Int(9));
  record.output = row.OptionalText(10);
  record.error = row.OptionalText(11);
  record.cause = row.OptionalText(12);
  record.failed_state = row.Text(13);
  record.events = row.Int(23);
  return record;
}

JournalRecord ToRecord(const Row& row) {
  return {.execution = row.Int(0),
          .sequence = row.Int(1),
          .kind = static_cast<JournalRecord::Kind>(row.Int(2)),
          .at = absl::FromUnixMicros(row.Int(3)),
          .subject = row.Int(4),
          .payload = row.Text(5)};
}

std::vector<ExecutionRecord> ToExecutions(const std::vector<Row>& rows) {
  std::vector<ExecutionRecord> records;
  records.reserve(rows.size());
  for (const Row& row : rows) records.push_back(ToExecution(row));
  return records;
}

// Statements of which each changes one row, and whose execution it is.
struct Statements {
  void Add(ExecutionKey execution, Statement statement) {
    owners.push_back(execution);
    texts.push_back(std::move(statement));
  }
  std::vector<ExecutionKey> owners;
  std::vector<Statement> texts;
};

void AddRedrive(const ExecutionRedrive& redrive, Statements& statements) {
  const ExecutionKey key = redrive.execution;
  statements.Add(key, {kDeleteEnd, {key}});
  statements.Add(key, {kRunAgain, {key}});
  statements.Add(key, {kCountRedrive, {key, redrive.redrives, absl::ToUnixMicros(redrive.time)}});
  if (!redrive.origin.empty()) statements.Add(key, {kSetOrigin, {key, redrive.origin}});
}

void AddEnd(const ExecutionEnd& end, Statements& statements) {
  statements.Add(end.execution,
                 {kInsertEnd,
                  {end.execution, static_cast<int64_t>(end.status),
                   absl::ToUnixMicros(end.stop_time), Nullable(end.output), Nullable(end.error),
                   Nullable(end.cause), end.failed_state, end.events}});
  statements.Add(end.execution, {kDeleteRunning, {end.execution}});
}

// In the order of the batch: with several replicas each appends to its own executions only, so that
// none waits for another.
Statements StatementsFor(const Batch& batch) {
  Statements statements;
  statements.texts.reserve(batch.records.size() + 2 * batch.ends.size());
  for (const JournalRecord& record : batch.records) {
    statements.Add(record.execution,
                   {kInsertRecord,
                    {record.execution, record.sequence, static_cast<int64_t>(record.kind),
                     absl::ToUnixMicros(record.at), record.subject, record.payload}});
  }
  for (const ExecutionRedrive& redrive : batch.redrives) AddRedrive(redrive, statements);
  for (const ExecutionEnd& end : batch.ends) AddEnd(end, statements);
  for (const BegunMapRun& run : batch.map_runs)
    statements.Add(run.execution, {kInsertMapRun, {run.arn, run.execution}});
  return statements;
}

}  // namespace

absl::StatusOr<StartOutcome> StartExecution(Transaction& txn, const ExecutionRecord& execution) {
  const absl::StatusOr<std::vector<Row>> inserted =
      txn.Query(kInsertExecution,
                {execution.key, execution.arn, execution.name, execution.revision, execution.input,
                 execution.trace_header, absl::ToUnixMicros(execution.start_time),
                 execution.version, execution.alias, execution.map_run_arn.empty() ? 1 : -1});
  if (absl::IsAlreadyExists(inserted.status())) {
    return absl::AbortedError(absl::StrCat("another execution has the key ", execution.key));
  }
  if (!inserted.ok()) return inserted.status();
  if (!inserted->empty()) {
    ORDERFLOW_RETURN_IF_ERROR(
        txn.Execute(kInsertRunning, {execution.key, inserted->front().Int(0)}).status());
    if (!execution.origin.empty()) {
      ORDERFLOW_RETURN_IF_ERROR(
          txn.Execute(kInsertChild, {execution.key, execution.origin, execution.map_run_arn,
                                     execution.map_state, execution.items})
              .status());
    }
    if (!execution.missing_activities.empty()) {
      ORDERFLOW_RETURN_IF_ERROR(
          txn.Execute(kInsertMissing, {execution.key, execution.missing_activities}).status());
    }
    return StartOutcome{.created = true, .existing = std::nullopt};
  }
  absl::StatusOr<ExecutionRecord> existing = GetExecution(txn, execution.arn);
  if (absl::IsNotFound(existing.status())) {
    return absl::FailedPreconditionError(absl::StrCat("state machine revision ", execution.revision,
                                                      " of ", execution.state_machine_arn,
                                                      " does not exist any more"));
  }
  if (!existing.ok()) return existing.status();
  return StartOutcome{.created = false, .existing = *std::move(existing)};
}

absl::Status AppendBatch(Transaction& txn, const Batch& batch) {
  const Statements statements = StatementsFor(batch);
  const absl::StatusOr<std::vector<int64_t>> changed = txn.ExecuteAll(statements.texts);
  if (absl::IsAlreadyExists(changed.status())) {
    return absl::AbortedError("another writer has appended to the execution");
  }
  if (!changed.ok()) return changed.status();
  for (size_t i = 0; i < changed->size(); ++i) {
    if ((*changed)[i] == 1) continue;
    return absl::AbortedError(absl::StrCat("execution ", statements.owners[i],
                                           ": another writer has ended or redriven it"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExecutionRecord> GetExecution(Transaction& txn, std::string_view arn) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGetExecution, {arn}));
  if (rows.empty())
    return absl::NotFoundError(absl::StrCat("there is no execution ", std::string(arn)));
  return ToExecution(rows[0]);
}

absl::StatusOr<std::vector<ExecutionRecord>> GetExecutions(Transaction& txn,
                                                           absl::Span<const ExecutionKey> keys) {
  ORDERFLOW_CHECK(!keys.empty() && keys.size() <= kExecutionsAtOnce);
  // One statement whatever their number: the last key stands for the missing ones.
  std::vector<Parameter> parameters(keys.begin(), keys.end());
  parameters.resize(kExecutionsAtOnce, Parameter(keys.back()));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kGetExecutions, absl::MakeConstSpan(parameters)));
  return ToExecutions(rows);
}

absl::StatusOr<std::vector<JournalRecord>> ReadJournal(Transaction& txn, ExecutionKey execution,
                                                       int64_t from_sequence) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kReadJournal, {execution, from_sequence}));
  std::vector<JournalRecord> records;
  records.reserve(rows.size());
  for (const Row& row : rows) records.push_back(ToRecord(row));
  return records;
}

absl::StatusOr<std::vector<ExecutionStore::Unfinished>> ReadUnfinished(Transaction& txn,
                                                                       ExecutionKey after,
                                                                       int limit) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> executions,
                             txn.Query(kGetUnfinished, {after, limit}));
  std::vector<ExecutionStore::Unfinished> unfinished;
  unfinished.reserve(executions.size());
  for (const Row& row : executions)
    unfinished.push_back({.execution = ToExecution(row), .journal = {}});
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> records,
                             txn.Query(kReadUnfinishedJournals, {after, limit}));
  size_t at = 0;  // Both are sorted by execution.
  for (const Row& row : records) {
    JournalRecord record = ToRecord(row);
    while (at < unfinished.size() && unfinished[at].execution.key < record.execution) ++at;
    if (at == unfinished.size() || unfinished[at].execution.key != record.execution) {
      return absl::InternalError(
          absl::StrCat("the journal has records of ", record.execution, ", which is not running"));
    }
    unfinished[at].journal.push_back(std::move(record));
  }
  return unfinished;
}

absl::StatusOr<ExecutionKey> GetLastKey(Transaction& txn) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGetLastKey, {}));
  return rows[0].Int(0);
}

}  // namespace orderflow::store
