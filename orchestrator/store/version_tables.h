#pragma once

// Tags, versions and aliases of state machines, as statements inside a transaction. Used by
// SqlExecutionStore only; see VersionStore for what they do.

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "orchestrator/store/version_store.h"

namespace orderflow::store {

absl::Status ChangeTags(database::Transaction& txn, std::string_view machine_arn,
                        const VersionStore::TagChange& change);

absl::StatusOr<VersionRecord> PublishVersion(database::Transaction& txn,
                                             std::string_view machine_arn,
                                             std::string_view revision_id,
                                             std::string_view description, absl::Time now);
absl::StatusOr<VersionRecord> GetVersion(database::Transaction& txn, std::string_view machine_arn,
                                         int64_t number);
absl::StatusOr<Page<VersionRecord>> ListVersions(database::Transaction& txn,
                                                 std::string_view machine_arn, int page_size,
                                                 std::string_view page_token);
absl::Status DeleteVersion(database::Transaction& txn, std::string_view machine_arn,
                           int64_t number);

absl::StatusOr<AliasRecord> CreateAlias(database::Transaction& txn, const AliasRecord& alias);
absl::StatusOr<AliasRecord> UpdateAlias(database::Transaction& txn, std::string_view machine_arn,
                                        std::string_view name,
                                        const VersionStore::AliasChange& change);
absl::StatusOr<AliasRecord> GetAlias(database::Transaction& txn, std::string_view machine_arn,
                                     std::string_view name);
absl::Status DeleteAlias(database::Transaction& txn, std::string_view machine_arn,
                         std::string_view name);
absl::StatusOr<Page<AliasRecord>> ListAliases(database::Transaction& txn,
                                              std::string_view machine_arn, int64_t version,
                                              int page_size, std::string_view page_token);

// All versions and aliases of a state machine that is being deleted.
absl::Status DeleteVersionsAndAliases(database::Transaction& txn, std::string_view machine_arn);

}  // namespace orderflow::store
