#include "orchestrator/store/state_machine_tables.h"

#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/page_token.h"
#include "common/base/status.h"
#include "orchestrator/store/version_tables.h"

namespace orderflow::store {
namespace {

using database::Row;
using database::Transaction;

constexpr char kNextNumber[] =
    "UPDATE store_counters SET value = value + 1 WHERE name = $1 RETURNING value";

// A deleted name comes back with its old number, so that the machine's old executions are listed
// again.
constexpr char kInsertMachine[] =
    "INSERT INTO state_machines (id, arn, revision, tags, deleted) VALUES ($1, $2, $3, $4, 0) "
    "ON CONFLICT (arn) DO UPDATE SET revision = excluded.revision, tags = excluded.tags, "
    "deleted = 0 WHERE state_machines.deleted = 1 RETURNING id";
constexpr char kInsertRevision[] =
    "INSERT INTO state_machine_revisions (revision, machine, name, type, revision_id, "
    "definition, role_arn, logging, create_time, update_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

// Taken before anything is decided, so that two updates of one machine follow each other.
constexpr char kLockMachine[] =
    "UPDATE state_machines SET tags = $2 WHERE arn = $1 AND deleted = 0 RETURNING id";
constexpr char kSetRevision[] = "UPDATE state_machines SET revision = $2 WHERE id = $1";
constexpr char kTouchRevision[] =
    "UPDATE state_machine_revisions SET update_time = $2 WHERE revision = $1";
constexpr char kDelete[] = "UPDATE state_machines SET deleted = 1 WHERE arn = $1";

#define SELECT_MACHINE                                                                  \
  "SELECT m.arn, r.name, r.type, r.revision, r.revision_id, r.definition, r.role_arn, " \
  "r.logging, m.tags, r.create_time, r.update_time, m.id FROM state_machines m "
constexpr char kGetMachine[] = SELECT_MACHINE
    "JOIN state_machine_revisions r ON r.revision = m.revision WHERE m.arn = $1 AND m.deleted = 0";
constexpr char kGetRevision[] =
    SELECT_MACHINE "JOIN state_machine_revisions r ON r.machine = m.id WHERE r.revision = $1";
constexpr char kListMachines[] = SELECT_MACHINE
    "JOIN state_machine_revisions r ON r.revision = m.revision WHERE m.id < $1 AND m.deleted = 0 "
    "ORDER BY m.id DESC LIMIT $2";
#undef SELECT_MACHINE
constexpr int kIdColumn = 11;

constexpr char kListName[] = "state machines";

StateMachineRecord ToRecord(const Row& row) {
  return {.arn = row.Text(0),
          .name = row.Text(1),
          .type = static_cast<MachineType>(row.Int(2)),
          .revision = row.Int(3),
          .revision_id = row.Text(4),
          .definition = row.Text(5),
          .role_arn = row.Text(6),
          .logging = row.Text(7),
          .tags = row.Text(8),
          .create_time = absl::FromUnixMicros(row.Int(9)),
          .update_time = absl::FromUnixMicros(row.Int(10))};
}

absl::StatusOr<int64_t> NextNumber(Transaction& txn, std::string_view counter) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kNextNumber, {counter}));
  if (rows.size() != 1)
    return absl::InternalError(absl::StrCat("no counter ", std::string(counter)));
  return rows[0].Int(0);
}

absl::Status InsertRevision(Transaction& txn, int64_t machine, const StateMachineRecord& record) {
  return txn
      .Execute(kInsertRevision,
               {record.revision, machine, record.name, static_cast<int64_t>(record.type),
                record.revision_id, record.definition, record.role_arn, record.logging,
                absl::ToUnixMicros(record.create_time), absl::ToUnixMicros(record.update_time)})
      .status();
}

bool SameRevision(const StateMachineRecord& a, const StateMachineRecord& b) {
  return a.definition == b.definition && a.role_arn == b.role_arn && a.logging == b.logging;
}

absl::Status NoStateMachine(std::string_view arn) {
  return absl::NotFoundError(absl::StrCat("there is no state machine ", std::string(arn)));
}

}  // namespace

absl::StatusOr<StateMachineRecord> CreateStateMachine(Transaction& txn, StateMachineRecord record) {
  ORDERFLOW_ASSIGN_OR_RETURN(const int64_t new_id, NextNumber(txn, "machine"));
  ORDERFLOW_ASSIGN_OR_RETURN(record.revision, NextNumber(txn, "revision"));
  ORDERFLOW_ASSIGN_OR_RETURN(
      const std::vector<Row> rows,
      txn.Query(kInsertMachine, {new_id, record.arn, record.revision, record.tags}));
  if (rows.empty())
    return absl::AlreadyExistsError(absl::StrCat("state machine ", record.arn, " exists"));
  ORDERFLOW_RETURN_IF_ERROR(InsertRevision(txn, rows[0].Int(0), record));
  return record;
}

absl::StatusOr<StateMachineRecord> UpdateStateMachine(Transaction& txn, StateMachineRecord record) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> locked,
                             txn.Query(kLockMachine, {record.arn, record.tags}));
  if (locked.empty()) return NoStateMachine(record.arn);
  const int64_t machine = locked[0].Int(0);
  ORDERFLOW_ASSIGN_OR_RETURN(StateMachineRecord current, GetStateMachine(txn, record.arn));
  if (SameRevision(current, record)) {
    current.update_time = record.update_time;
    ORDERFLOW_RETURN_IF_ERROR(
        txn.Execute(kTouchRevision, {current.revision, absl::ToUnixMicros(current.update_time)})
            .status());
    return current;
  }
  record.name = current.name;
  record.type = current.type;
  record.create_time = current.create_time;
  ORDERFLOW_ASSIGN_OR_RETURN(record.revision, NextNumber(txn, "revision"));
  ORDERFLOW_RETURN_IF_ERROR(InsertRevision(txn, machine, record));
  ORDERFLOW_RETURN_IF_ERROR(txn.Execute(kSetRevision, {machine, record.revision}).status());
  return record;
}

absl::Status DeleteStateMachine(Transaction& txn, std::string_view arn) {
  ORDERFLOW_RETURN_IF_ERROR(DeleteVersionsAndAliases(txn, arn));
  return txn.Execute(kDelete, {arn}).status();
}

absl::StatusOr<StateMachineRecord> GetStateMachine(Transaction& txn, std::string_view arn) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGetMachine, {arn}));
  if (rows.empty()) return NoStateMachine(arn);
  return ToRecord(rows[0]);
}

absl::StatusOr<StateMachineRecord> GetRevision(Transaction& txn, int64_t revision) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGetRevision, {revision}));
  if (rows.empty())
    return absl::NotFoundError(absl::StrCat("there is no state machine revision ", revision));
  return ToRecord(rows[0]);
}

absl::StatusOr<Page<StateMachineRecord>> ListStateMachines(Transaction& txn, int page_size,
                                                           std::string_view page_token) {
  ORDERFLOW_ASSIGN_OR_RETURN(const orderflow::Page asked,
                             ParsePage(page_size, page_token, kListName));
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!asked.cursor.empty()) {
    const char* end = asked.cursor.data() + asked.cursor.size();
    const auto [rest, error] = std::from_chars(asked.cursor.data(), end, before);
    if (error != std::errc() || rest != end) return BadPageTokenError();
  }
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kListMachines, {before, asked.size + 1}));
  Page<StateMachineRecord> page;
  for (const Row& row : rows) {
    if (page.items.size() == static_cast<size_t>(asked.size)) {
      page.next =
          MakePageToken(absl::StrCat(rows[page.items.size() - 1].Int(kIdColumn)), kListName);
      break;
    }
    page.items.push_back(ToRecord(row));
  }
  return page;
}

}  // namespace orderflow::store
