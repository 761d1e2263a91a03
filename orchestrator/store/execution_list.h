#pragma once

#include <string>
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

// The execution that a map run is part of. NOT_FOUND: none of its children is on record, nor, where
// they are EXPRESS, is the run itself.
absl::StatusOr<std::string> GetMapRunParent(database::Transaction& txn,
                                            std::string_view map_run_arn);

}  // namespace orderflow::store
