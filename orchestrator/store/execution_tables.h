#pragma once

// Executions and their journal, as statements inside a transaction. Used by SqlExecutionStore only.

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/database/database.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::store {

// The contracts are those of ExecutionStore's methods of the same name.
absl::StatusOr<StartOutcome> StartExecution(database::Transaction& txn,
                                            const ExecutionRecord& execution);
absl::Status AppendBatch(database::Transaction& txn, const Batch& batch);
absl::StatusOr<ExecutionRecord> GetExecution(database::Transaction& txn, std::string_view arn);
absl::StatusOr<std::vector<JournalRecord>> ReadJournal(database::Transaction& txn,
                                                       ExecutionKey execution,
                                                       int64_t from_sequence);
absl::StatusOr<std::vector<ExecutionStore::Unfinished>> ReadUnfinished(database::Transaction& txn,
                                                                       ExecutionKey after,
                                                                       int limit);
absl::StatusOr<ExecutionKey> GetLastKey(database::Transaction& txn);

// The executions with these keys, at most kExecutionsAtOnce, in any order.
inline constexpr size_t kExecutionsAtOnce = 16;
absl::StatusOr<std::vector<ExecutionRecord>> GetExecutions(database::Transaction& txn,
                                                           absl::Span<const ExecutionKey> keys);

}  // namespace orderflow::store
