#pragma once

#include <memory>
#include <thread>

#include "common/base/mutex.h"
#include "common/database/sqlite_connection.h"

namespace orderflow::database {

// Keeps SQLite's log short without stopping its writer for long. A thread of its own copies the
// log's bulk into the database file while the writer goes on appending; then the writer copies the
// little that came since by itself, since the log can only start anew when all of it was copied.
//
// `AfterCommit` is for the writer's thread only.
class Checkpointer {
 public:
  explicit Checkpointer(std::unique_ptr<SqliteConnection> connection);
  // Waits for a running copy.
  ~Checkpointer();

  // To be called between the writer's transactions.
  void AfterCommit(SqliteConnection& writer);

 private:
  enum class State { kIdle, kWanted, kCopied, kStopping };

  void Serve();

  const std::unique_ptr<SqliteConnection> connection_;
  Mutex mutex_;
  CondVar changed_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kIdle;
  std::thread thread_;
};

}  // namespace orderflow::database
