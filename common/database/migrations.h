#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/database/connection.h"

namespace orderflow::database {

// Applies the migrations of `owner` that are missing, each in one transaction, and records them in
// the table schema_migrations(owner, version, applied_at). Safe with many processes at the same
// time. FAILED_PRECONDITION: the schema is newer than this program.
absl::Status Migrate(Connection& connection, std::string_view owner,
                     absl::Span<const Migration> migrations);

}  // namespace orderflow::database
