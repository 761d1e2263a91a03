#pragma once

// State machines and their revisions, as statements inside a transaction. Used by SqlExecutionStore
// only.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::store {

// ALREADY_EXISTS: the name is taken. Answers the record with its revision.
absl::StatusOr<StateMachineRecord> CreateStateMachine(database::Transaction& txn,
                                                      StateMachineRecord record);

// Takes definition, role, logging, tags, revision id and time of the update from `record`. Without
// a change of the first three there is no new revision. NOT_FOUND.
absl::StatusOr<StateMachineRecord> UpdateStateMachine(database::Transaction& txn,
                                                      StateMachineRecord record);

// What a deleted name had stays readable by its revisions.
absl::Status DeleteStateMachine(database::Transaction& txn, std::string_view arn);

// NOT_FOUND.
absl::StatusOr<StateMachineRecord> GetStateMachine(database::Transaction& txn,
                                                   std::string_view arn);
absl::StatusOr<StateMachineRecord> GetRevision(database::Transaction& txn, int64_t revision);

// INVALID_ARGUMENT: page size or token.
absl::StatusOr<Page<StateMachineRecord>> ListStateMachines(database::Transaction& txn,
                                                           int page_size,
                                                           std::string_view page_token);

}  // namespace orderflow::store
