#pragma once

// Activities and secrets, as statements inside a transaction. Used by SqlExecutionStore only.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "orchestrator/store/activity_store.h"

namespace orderflow::store {

// The activity of this arn, which may have been there.
absl::StatusOr<ActivityRecord> CreateActivity(database::Transaction& txn,
                                              const ActivityRecord& record);
absl::Status DeleteActivity(database::Transaction& txn, std::string_view arn);
// NOT_FOUND.
absl::StatusOr<ActivityRecord> GetActivity(database::Transaction& txn, std::string_view arn);
// NOT_FOUND.
absl::Status ChangeActivityTags(database::Transaction& txn, std::string_view arn,
                                const ActivityStore::ActivityTagChange& change);
// INVALID_ARGUMENT: page size or token.
absl::StatusOr<Page<ActivityRecord>> ListActivities(database::Transaction& txn, int page_size,
                                                    std::string_view page_token);

// The secret of this name: `proposed`, unless there is one already.
absl::StatusOr<std::string> KeepSecret(database::Transaction& txn, std::string_view name,
                                       std::string_view proposed);

}  // namespace orderflow::store
