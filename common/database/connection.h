#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/database/database.h"

namespace orderflow::database {

// What became of the transaction that was begun last.
enum class Fate {
  kAlive,
  kRolledBack,    // the database undid all of it by itself: disk full, input/output error
  kRaceLost,      // deadlock or serialization failure: all of it may run again
  kDisconnected,  // the connection is gone and nothing was committed
  kUnknown,       // the connection went while it was committing
};

// One connection to a database: the two databases' common face towards the code that runs batches
// and migrations.
//
// After a failed statement every further one of the same body answers the same error, as PostgreSQL
// would, so that a body which is wrong there is wrong on SQLite too.
//
// One thread only.
class Connection : public Transaction {
 public:
  absl::StatusOr<int64_t> Execute(std::string_view sql,
                                  absl::Span<const Parameter> parameters) final;
  absl::StatusOr<std::vector<Row>> Query(std::string_view sql,
                                         absl::Span<const Parameter> parameters) final;
  absl::StatusOr<std::vector<int64_t>> ExecuteAll(absl::Span<const Statement> statements) final;

  // Connects again if the connection was lost; may take a while. UNAVAILABLE if that does not
  // succeed.
  virtual absl::Status Ready() = 0;

  virtual absl::Status Begin(bool read_only) = 0;
  virtual absl::Status Commit() = 0;
  // Also after the transaction met its fate, which stays known until the next Begin.
  virtual void Rollback() = 0;
  // One savepoint at a time. A failure shows in fate().
  virtual void SetSavepoint() = 0;
  virtual void ReleaseSavepoint() = 0;
  virtual void RollbackToSavepoint() = 0;

  // Runs statements without parameters, separated by semicolons; for migrations.
  virtual absl::Status RunScript(std::string_view sql) = 0;
  // Keeps other processes' migrations out until the transaction ends.
  virtual absl::Status LockMigrations() = 0;

  // Runs a body's statements; its own failure, or that of a statement it has overlooked.
  absl::Status RunBody(Database::Body& body, bool read_only);

  Fate fate() const { return fate_; }

 protected:
  // Runs one statement: the number of changed rows, and the rows of its answer where `rows` is not
  // null.
  virtual absl::StatusOr<int64_t> Run(std::string_view sql, absl::Span<const Parameter> parameters,
                                      std::vector<Row>* rows) = 0;
  virtual absl::StatusOr<std::vector<int64_t>> RunAll(absl::Span<const Statement> statements) = 0;

  bool body_reads_only() const { return body_reads_only_; }

  Fate fate_ = Fate::kAlive;

 private:
  absl::StatusOr<int64_t> RunUnlessFailed(std::string_view sql,
                                          absl::Span<const Parameter> parameters,
                                          std::vector<Row>* rows);

  absl::Status failure_;  // of the body's first failed statement
  bool body_reads_only_ = false;
};

}  // namespace orderflow::database
