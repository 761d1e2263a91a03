#include "common/database/database.h"

#include <utility>

#include "absl/strings/str_cat.h"
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

namespace {

absl::StatusOr<std::unique_ptr<Database>> OpenUrl(const Options& options,
                                                  absl::Span<const Migration> migrations) {
  ORDERFLOW_ASSIGN_OR_RETURN(const DatabaseUrl url, ParseDatabaseUrl(options.url));
  if (url.backend == Backend::kSqlite) return SqliteDatabase::Open(url.target, options, migrations);
  return PostgresDatabase::Open(options, migrations);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(Options options,
                                                         absl::Span<const Migration> migrations) {
  if (options.name.empty())
    return absl::InvalidArgumentError("a database needs the name of its schema's owner");
  absl::StatusOr<std::unique_ptr<Database>> opened = OpenUrl(options, migrations);
  if (opened.ok() || options.setting.empty()) return opened;
  return absl::Status(opened.status().code(), absl::StrCat(std::string(opened.status().message()),
                                                           " (see ", options.setting, ")"));
}

void Database::Check(StatusCallback done) {
  // Reads a table, unlike SELECT 1, which SQLite answers without looking at its file.
  SubmitRead(Body([](Transaction& txn) -> absl::Status {
               return txn.Query("SELECT COUNT(*) FROM schema_migrations", {}).status();
             }),
             std::move(done));
}

}  // namespace orderflow::database
