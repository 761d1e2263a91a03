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

}  // namespace orderflow::store
