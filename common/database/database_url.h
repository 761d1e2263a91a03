#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace orderflow::database {

enum class Backend { kSqlite, kPostgres };

// Where a url points to. `target` is the file's path (or ":memory:"), or the whole url for
// PostgreSQL: it may hold a password and must not be logged.
struct DatabaseUrl {
  Backend backend;
  std::string target;
};

// INVALID_ARGUMENT: neither a path nor a url that we know.
absl::StatusOr<DatabaseUrl> ParseDatabaseUrl(std::string_view url);

}  // namespace orderflow::database
