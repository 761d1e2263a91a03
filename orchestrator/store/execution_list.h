#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "orchestrator/store/execution_store.h"

namespace orderflow::store {

// A page of executions, newest first; shorter than asked where its executions are large. Used by
// SqlExecutionStore only. INVALID_ARGUMENT: page size or token.
absl::StatusOr<Page<ExecutionRecord>> ListExecutions(database::Transaction& txn,
                                                     const ExecutionFilter& filter, int page_size,
                                                     std::string_view page_token);

// NOT_FOUND: no execution says that it belongs to the map run.
absl::StatusOr<MapRunRecord> GetMapRun(database::Transaction& txn, std::string_view map_run_arn);

}  // namespace orderflow::store
