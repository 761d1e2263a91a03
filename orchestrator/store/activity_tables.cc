#include "orchestrator/store/activity_tables.h"

#include <charconv>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/page_token.h"
#include "common/base/status.h"

namespace orderflow::store {
namespace {

using database::Row;
using database::Transaction;

constexpr char kNextId[] =
    "UPDATE store_counters SET value = value + 1 WHERE name = 'activity' RETURNING value";
constexpr char kInsert[] =
    "INSERT INTO activities (id, arn, name, tags, create_time) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (arn) DO NOTHING";
constexpr char kDelete[] = "DELETE FROM activities WHERE arn = $1";
// Takes the row's lock, so that nobody changes the tags in between.
constexpr char kLockTags[] = "UPDATE activities SET tags = tags WHERE arn = $1 RETURNING tags";
constexpr char kSetTags[] = "UPDATE activities SET tags = $2 WHERE arn = $1";
#define SELECT_ACTIVITY "SELECT id, arn, name, tags, create_time FROM activities "
constexpr char kGet[] = SELECT_ACTIVITY "WHERE arn = $1";
constexpr char kList[] = SELECT_ACTIVITY "WHERE id > $1 ORDER BY id LIMIT $2";
#undef SELECT_ACTIVITY

constexpr char kInsertSecret[] =
    "INSERT INTO store_secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
constexpr char kGetSecret[] = "SELECT value FROM store_secrets WHERE name = $1";

constexpr char kListName[] = "activities";

absl::Status NotFound(std::string_view arn) {
  return absl::NotFoundError(absl::StrCat("there is no activity ", std::string(arn)));
}

ActivityRecord ToRecord(const Row& row) {
  return {.arn = row.Text(1),
          .name = row.Text(2),
          .tags = row.Text(3),
          .create_time = absl::FromUnixMicros(row.Int(4))};
}

}  // namespace

absl::StatusOr<ActivityRecord> CreateActivity(Transaction& txn, const ActivityRecord& record) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> id, txn.Query(kNextId, {}));
  if (id.size() != 1) return absl::InternalError("no counter of activities");
  ORDERFLOW_RETURN_IF_ERROR(
      txn.Execute(kInsert, {id[0].Int(0), record.arn, record.name, record.tags,
                            absl::ToUnixMicros(record.create_time)})
          .status());
  return GetActivity(txn, record.arn);
}

absl::Status DeleteActivity(Transaction& txn, std::string_view arn) {
  return txn.Execute(kDelete, {arn}).status();
}

absl::StatusOr<ActivityRecord> GetActivity(Transaction& txn, std::string_view arn) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGet, {arn}));
  if (rows.empty()) return NotFound(arn);
  return ToRecord(rows[0]);
}

absl::Status ChangeActivityTags(Transaction& txn, std::string_view arn,
                                const ActivityStore::ActivityTagChange& change) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kLockTags, {arn}));
  if (rows.empty()) return NotFound(arn);
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string tags, change(rows[0].Text(0)));
  return txn.Execute(kSetTags, {arn, tags}).status();
}

absl::StatusOr<Page<ActivityRecord>> ListActivities(Transaction& txn, int page_size,
                                                    std::string_view page_token) {
  ORDERFLOW_ASSIGN_OR_RETURN(const orderflow::Page asked,
                             ParsePage(page_size, page_token, kListName));
  int64_t after = 0;
  if (!asked.cursor.empty()) {
    const char* end = asked.cursor.data() + asked.cursor.size();
    const auto [rest, error] = std::from_chars(asked.cursor.data(), end, after);
    if (error != std::errc() || rest != end) return BadPageTokenError();
  }
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                             txn.Query(kList, {after, asked.size + 1}));
  Page<ActivityRecord> page;
  for (const Row& row : rows) {
    if (page.items.size() == static_cast<size_t>(asked.size)) {
      page.next = MakePageToken(absl::StrCat(rows[page.items.size() - 1].Int(0)), kListName);
      break;
    }
    page.items.push_back(ToRecord(row));
  }
  return page;
}

absl::StatusOr<std::string> KeepSecret(Transaction& txn, std::string_view name,
                                       std::string_view proposed) {
  ORDERFLOW_RETURN_IF_ERROR(txn.Execute(kInsertSecret, {name, proposed}).status());
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kGetSecret, {name}));
  if (rows.size() != 1) return absl::InternalError("a secret that was just kept is not there");
  return rows[0].Text(0);
}

}  // namespace orderflow::store
