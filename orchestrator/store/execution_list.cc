#include "orchestrator/store/execution_list.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/base/page_token.h"
#include "common/base/status.h"
#include "orchestrator/store/execution_tables.h"

namespace orderflow::store {
namespace {

using database::Row;
using database::Transaction;

// Inputs and outputs may have 256 KiB each.
constexpr size_t kMaxPageBytes = 4 << 20;

constexpr char kMachine[] = "SELECT id FROM state_machines WHERE arn = $1";
constexpr char kAllMachines[] = "SELECT id FROM state_machines";

// Each gives the newest keys before $1, at most $2, out of one index and in its order.
constexpr char kAll[] = "SELECT key FROM executions WHERE key < $1 ORDER BY key DESC LIMIT $2";
constexpr char kRunning[] =
    "SELECT key FROM running_executions WHERE key < $1 ORDER BY key DESC LIMIT $2";
constexpr char kRunningOfMachine[] =
    "SELECT key FROM running_executions WHERE key < $1 AND machine = $3 ORDER BY key DESC LIMIT $2";
constexpr char kEnded[] =
    "SELECT key FROM execution_ends WHERE machine = $3 AND status = $4 AND key < $1 "
    "ORDER BY key DESC LIMIT $2";
// (error || '' keeps SQLite from putting $4 in the place of error everywhere, the index's
// expression included, which would then not be found.)
constexpr char kWithError[] =
    "SELECT key FROM execution_ends "
    "WHERE machine = $3 AND error IS NOT NULL AND substr(error, 1, 200) = substr($4, 1, 200) AND "
    "error || '' = $4 AND key < $1 ORDER BY key DESC LIMIT $2";
constexpr char kWithErrorAndStatus[] =
    "SELECT key FROM execution_ends "
    "WHERE machine = $3 AND error IS NOT NULL AND substr(error, 1, 200) = substr($4, 1, 200) AND "
    "error || '' = $4 AND status = $5 AND key < $1 ORDER BY key DESC LIMIT $2";

// The condition on '' is the index's.
constexpr char kOfMapRun[] =
    "SELECT c.key FROM child_executions c LEFT JOIN execution_ends x ON x.key = c.key "
    "LEFT JOIN execution_redrives r ON r.key = c.key "
    "WHERE c.map_run = $3 AND c.map_run <> '' AND c.key < $1 "
    "AND (CAST($4 AS BIGINT) < 0 OR COALESCE(x.status, 0) = $4) "
    "AND (CAST($5 AS BIGINT) < 0 OR CASE WHEN r.key IS NULL THEN 0 ELSE 1 END = $5) "
    "ORDER BY c.key DESC LIMIT $2";
constexpr char kMapRun[] =
    "SELECT origin FROM child_executions WHERE map_run = $1 AND map_run <> '' LIMIT 1";
constexpr char kExpressMapRun[] =
    "SELECT e.arn FROM map_runs r JOIN executions e ON e.key = r.execution WHERE r.arn = $1";

// These look at the status of each execution; the indexes hold the few that were started so.
#define STATUS_OF                                                                       \
  "FROM executions e LEFT JOIN execution_ends x ON x.key = e.key WHERE e.machine = $3 " \
  "AND e.key < $1 AND (CAST($5 AS BIGINT) < 0 OR COALESCE(x.status, 0) = $5) "
constexpr char kOfVersion[] =
    "SELECT e.key " STATUS_OF "AND e.version > 0 AND e.version = $4 ORDER BY e.key DESC LIMIT $2";
constexpr char kOfAlias[] =
    "SELECT e.key " STATUS_OF "AND e.alias <> '' AND e.alias = $4 ORDER BY e.key DESC LIMIT $2";
#undef STATUS_OF
constexpr int64_t kAny = -1;  // of a status, or whether redriven

constexpr ExecutionStatus kAllStatuses[] = {ExecutionStatus::kRunning, ExecutionStatus::kSucceeded,
                                            ExecutionStatus::kFailed, ExecutionStatus::kTimedOut,
                                            ExecutionStatus::kAborted};

// Gathers the keys of a page: the newest of several sorted runs, one for each part of an index that
// the filter needs.
class KeyFinder {
 public:
  KeyFinder(Transaction& txn, const ExecutionFilter& filter, ExecutionKey before, int64_t limit)
      : txn_(txn), filter_(filter), before_(before), limit_(limit) {}

  // At most `limit`, newest first.
  absl::StatusOr<std::vector<ExecutionKey>> Find() {
    ORDERFLOW_RETURN_IF_ERROR(FindAll());
    std::sort(keys_.begin(), keys_.end(), std::greater<>());
    if (keys_.size() > static_cast<size_t>(limit_)) keys_.resize(limit_);
    return std::move(keys_);
  }

 private:
  absl::Status FindAll() {
    if (!filter_.map_run_arn.empty()) return FindOfMapRun();
    const bool any_machine = filter_.state_machine_arn.empty();
    if (any_machine && filter_.error.empty()) {
      if (filter_.statuses.empty()) return Add(txn_.Query(kAll, {before_, limit_}));
      if (filter_.statuses == std::vector{ExecutionStatus::kRunning})
        return Add(txn_.Query(kRunning, {before_, limit_}));
    }
    ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> machines,
                               any_machine ? txn_.Query(kAllMachines, {})
                                           : txn_.Query(kMachine, {filter_.state_machine_arn}));
    for (const Row& machine : machines) ORDERFLOW_RETURN_IF_ERROR(FindOfMachine(machine.Int(0)));
    return absl::OkStatus();
  }

  absl::Status FindOfMapRun() {
    const int64_t redriven = filter_.redriven ? int64_t{*filter_.redriven} : kAny;
    const auto find = [&](int64_t status) {
      return Add(txn_.Query(kOfMapRun, {before_, limit_, filter_.map_run_arn, status, redriven}));
    };
    if (filter_.statuses.empty()) return find(kAny);
    for (const ExecutionStatus status : filter_.statuses)
      ORDERFLOW_RETURN_IF_ERROR(find(static_cast<int64_t>(status)));
    return absl::OkStatus();
  }

  absl::Status FindOfMachine(int64_t machine) {
    if (!filter_.error.empty()) return FindWithError(machine);
    if (filter_.version > 0 || !filter_.alias.empty()) return FindStartedBy(machine);
    const absl::Span<const ExecutionStatus> statuses =
        filter_.statuses.empty() ? absl::MakeConstSpan(kAllStatuses) : filter_.statuses;
    for (const ExecutionStatus status : statuses)
      ORDERFLOW_RETURN_IF_ERROR(FindWithStatus(machine, status));
    return absl::OkStatus();
  }

  absl::Status FindStartedBy(int64_t machine) {
    const int64_t status =
        filter_.statuses.empty() ? kAny : static_cast<int64_t>(filter_.statuses[0]);
    if (filter_.version > 0)
      return Add(txn_.Query(kOfVersion, {before_, limit_, machine, filter_.version, status}));
    return Add(txn_.Query(kOfAlias, {before_, limit_, machine, filter_.alias, status}));
  }

  absl::Status FindWithStatus(int64_t machine, ExecutionStatus status) {
    if (status == ExecutionStatus::kRunning)
      return Add(txn_.Query(kRunningOfMachine, {before_, limit_, machine}));
    return Add(txn_.Query(kEnded, {before_, limit_, machine, static_cast<int64_t>(status)}));
  }

  absl::Status FindWithError(int64_t machine) {
    if (filter_.statuses.empty())
      return Add(txn_.Query(kWithError, {before_, limit_, machine, filter_.error}));
    for (const ExecutionStatus status : filter_.statuses) {
      ORDERFLOW_RETURN_IF_ERROR(
          Add(txn_.Query(kWithErrorAndStatus,
                         {before_, limit_, machine, filter_.error, static_cast<int64_t>(status)})));
    }
    return absl::OkStatus();
  }

  absl::Status Add(absl::StatusOr<std::vector<Row>> rows) {
    if (!rows.ok()) return rows.status();
    for (const Row& row : *rows) keys_.push_back(row.Int(0));
    return absl::OkStatus();
  }

  Transaction& txn_;
  const ExecutionFilter& filter_;
  const ExecutionKey before_;
  const int64_t limit_;
  std::vector<ExecutionKey> keys_;
};

// Tells lists apart that a token must not be carried between.
std::string NameOfList(const ExecutionFilter& filter) {
  std::string statuses = "any";
  for (const ExecutionStatus status : filter.statuses)
    absl::StrAppend(&statuses, ",", static_cast<int>(status));
  return absl::StrCat("executions ", statuses, " ", filter.state_machine_arn.size(), ":",
                      filter.state_machine_arn, " ", filter.version, ":", filter.alias, " ",
                      filter.map_run_arn.size(), ":", filter.map_run_arn, " ",
                      filter.redriven ? int64_t{*filter.redriven} : kAny, " ", filter.error);
}

absl::StatusOr<ExecutionKey> ParseCursor(const std::string& cursor) {
  if (cursor.empty()) return std::numeric_limits<ExecutionKey>::max();
  ExecutionKey key = 0;
  const char* end = cursor.data() + cursor.size();
  const auto [rest, error] = std::from_chars(cursor.data(), end, key);
  if (error != std::errc() || rest != end) return BadPageTokenError();
  return key;
}

size_t BytesOf(const ExecutionRecord& record) {
  return record.input.size() + (record.output.has_value() ? record.output->size() : 0) +
         (record.cause.has_value() ? record.cause->size() : 0);
}

// The executions in the order of the keys, until the page is heavy enough.
absl::StatusOr<std::vector<ExecutionRecord>> ReadExecutions(Transaction& txn,
                                                            absl::Span<const ExecutionKey> keys) {
  std::vector<ExecutionRecord> records;
  size_t bytes = 0;
  for (size_t at = 0; at < keys.size() && bytes < kMaxPageBytes; at += kExecutionsAtOnce) {
    ORDERFLOW_ASSIGN_OR_RETURN(std::vector<ExecutionRecord> some,
                               GetExecutions(txn, keys.subspan(at, kExecutionsAtOnce)));
    std::sort(some.begin(), some.end(), [](const auto& a, const auto& b) { return a.key > b.key; });
    for (ExecutionRecord& record : some) {
      bytes += BytesOf(record);
      records.push_back(std::move(record));
    }
  }
  return records;
}

}  // namespace

absl::StatusOr<Page<ExecutionRecord>> ListExecutions(Transaction& txn,
                                                     const ExecutionFilter& filter, int page_size,
                                                     std::string_view page_token) {
  const std::string list = NameOfList(filter);
  ORDERFLOW_ASSIGN_OR_RETURN(const orderflow::Page asked, ParsePage(page_size, page_token, list));
  ORDERFLOW_ASSIGN_OR_RETURN(const ExecutionKey before, ParseCursor(asked.cursor));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<ExecutionKey> keys,
                             KeyFinder(txn, filter, before, asked.size + 1).Find());
  const size_t wanted = std::min(keys.size(), static_cast<size_t>(asked.size));
  Page<ExecutionRecord> page;
  ORDERFLOW_ASSIGN_OR_RETURN(page.items,
                             ReadExecutions(txn, absl::MakeConstSpan(keys).first(wanted)));
  if (page.items.size() < keys.size())
    page.next = MakePageToken(absl::StrCat(page.items.back().key), list);
  return page;
}

absl::StatusOr<std::string> GetMapRunParent(Transaction& txn, std::string_view map_run_arn) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> child, txn.Query(kMapRun, {map_run_arn}));
  if (!child.empty()) {
    // The parent's ARN, and the numbers of the task and the try.
    const std::string& origin = child[0].Text(0);
    return origin.substr(0, origin.rfind('/', origin.rfind('/') - 1));
  }
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> parent,
                             txn.Query(kExpressMapRun, {map_run_arn}));
  if (!parent.empty()) return parent[0].Text(0);
  return absl::NotFoundError(absl::StrCat("there is no map run ", std::string(map_run_arn)));
}

}  // namespace orderflow::store
