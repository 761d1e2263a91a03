#include "common/database/migrations.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace orderflow::database {
namespace {

constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "owner TEXT NOT NULL, version BIGINT NOT NULL, applied_at BIGINT NOT NULL, "
    "PRIMARY KEY (owner, version))";
constexpr char kFindVersion[] =
    "SELECT COALESCE(MAX(version), 0) FROM schema_migrations WHERE owner = $1";
constexpr char kRecord[] =
    "INSERT INTO schema_migrations (owner, version, applied_at) VALUES ($1, $2, $3)";

absl::Status Apply(Connection& connection, std::string_view owner, const Migration& migration) {
  if (absl::Status applied = connection.RunScript(migration.sql); !applied.ok()) {
    return absl::Status(applied.code(), absl::StrCat("migration ", migration.version, ": ",
                                                     std::string(applied.message())));
  }
  Transaction& txn = connection;
  return txn.Execute(kRecord, {owner, migration.version, absl::ToUnixMicros(absl::Now())}).status();
}

// Inside a transaction: the next missing step, if any. Answers how many versions the schema then
// has.
absl::StatusOr<int64_t> TakeStep(Connection& connection, std::string_view owner,
                                 absl::Span<const Migration> migrations) {
  ORDERFLOW_RETURN_IF_ERROR(connection.LockMigrations());
  ORDERFLOW_RETURN_IF_ERROR(connection.RunScript(kCreateTable));
  Transaction& txn = connection;
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows, txn.Query(kFindVersion, {owner}));
  const int64_t version = rows[0].Int(0);
  const int64_t latest = static_cast<int64_t>(migrations.size());
  if (version > latest) {
    return absl::FailedPreconditionError(
        absl::StrCat("the schema of ", std::string(owner), " has version ", version,
                     ", this program knows versions up to ", latest, ": use a newer program"));
  }
  if (version == latest) return latest;
  ORDERFLOW_RETURN_IF_ERROR(Apply(connection, owner, migrations[version]));
  return version + 1;
}

absl::StatusOr<int64_t> TakeStepInTransaction(Connection& connection, std::string_view owner,
                                              absl::Span<const Migration> migrations) {
  ORDERFLOW_RETURN_IF_ERROR(connection.Begin(/*read_only=*/false));
  absl::StatusOr<int64_t> version;
  Database::Body body = [&](Transaction&) {
    version = TakeStep(connection, owner, migrations);
    return version.status();
  };
  if (absl::Status status = connection.RunBody(body, /*read_only=*/false); !status.ok()) {
    connection.Rollback();
    return status;
  }
  ORDERFLOW_RETURN_IF_ERROR(connection.Commit());
  return version;
}

}  // namespace

absl::Status Migrate(Connection& connection, std::string_view owner,
                     absl::Span<const Migration> migrations) {
  for (size_t i = 0; i < migrations.size(); ++i) {
    ORDERFLOW_CHECK(migrations[i].version == static_cast<int>(i) + 1);
  }
  int64_t version = -1;
  while (version < static_cast<int64_t>(migrations.size())) {
    ORDERFLOW_ASSIGN_OR_RETURN(version, TakeStepInTransaction(connection, owner, migrations));
  }
  return absl::OkStatus();
}

}  // namespace orderflow::database
