#include "common/database/database.h"

#include <utility>

#include "common/base/status.h"
#include "common/database/database_url.h"
#include "common/database/postgres_database.h"
#include "common/database/sqlite_database.h"

namespace orderflow::database {

std::optional<int64_t> Row::OptionalInt(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Int(column);
}

std::optional<std::string> Row::OptionalText(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Text(column);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(Options options,
                                                         absl::Span<const Migration> migrations) {
  if (options.name.empty())
    return absl::InvalidArgumentError("a database needs the name of its schema's owner");
  ORDERFLOW_ASSIGN_OR_RETURN(const DatabaseUrl url, ParseDatabaseUrl(options.url));
  if (url.backend == Backend::kSqlite) return SqliteDatabase::Open(url.target, options, migrations);
  return PostgresDatabase::Open(options, migrations);
}

void Database::Check(StatusCallback done) {
  // Reads a table, unlike SELECT 1, which SQLite answers without looking at its file.
  SubmitRead(Body([](Transaction& txn) -> absl::Status {
               return txn.Query("SELECT COUNT(*) FROM schema_migrations", {}).status();
             }),
             std::move(done));
}

}  // namespace orderflow::database
