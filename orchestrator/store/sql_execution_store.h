#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "orchestrator/store/activity_store.h"
#include "orchestrator/store/execution_store.h"
#include "orchestrator/store/version_store.h"

namespace orderflow::store {

// The execution store on SQLite or PostgreSQL: what its callers submit together is committed
// together. Several of them, in one process or in many, may share one PostgreSQL database.
//
// Thread-safe. The destructor waits for everything that was submitted.
class SqlExecutionStore : public ExecutionStore, public VersionStore, public ActivityStore {
 public:
  // The ARN of the execution that a map run is part of. NOT_FOUND: no such map run has begun a
  // child execution.
  virtual void GetMapRunParent(std::string map_run_arn, Callback<std::string> done) = 0;
  // The secret of this name: the first that was ever proposed.
  virtual void KeepSecret(std::string name, std::string proposed, Callback<std::string> done) = 0;
  // Of the database underneath, for metrics.
  virtual database::Statistics statistics() const = 0;
};

// Opens the store and brings its tables up to date. The errors are those of
// database::Database::Open.
absl::StatusOr<std::unique_ptr<SqlExecutionStore>> OpenExecutionStore(database::Options options);

}  // namespace orderflow::store
