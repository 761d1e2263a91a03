#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/database/batch.h"
#include "common/database/checkpointer.h"
#include "common/database/database.h"
#include "common/database/sqlite_connection.h"
#include "common/database/work_queue.h"

namespace orderflow::database {

// One thread writes: it takes all bodies that wait, up to a batch, and syncs the disk once for
// them. Another one reads, and a third copies the log into the database file. In memory, one thread
// does everything.
//
// Thread-safe.
class SqliteDatabase final : public Database {
 public:
  // `path` as SqliteConnection takes it.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(
      const std::string& path, const Options& options, absl::Span<const Migration> migrations);
  ~SqliteDatabase() override;

  using Database::Submit;
  using Database::SubmitRead;
  void Submit(Body body, StatusCallback done) override;
  void SubmitRead(Body body, StatusCallback done) override;
  Statistics statistics() const override;

 private:
  SqliteDatabase(const Options& options, std::unique_ptr<SqliteConnection> writer,
                 std::unique_ptr<SqliteConnection> reader,
                 std::unique_ptr<SqliteConnection> checkpointer);
  void ServeWrites();
  void ServeReads();

  const size_t max_batch_;
  const std::unique_ptr<SqliteConnection> writer_;
  const std::unique_ptr<SqliteConnection> reader_;  // null in memory
  std::unique_ptr<Checkpointer> checkpointer_;      // null in memory
  WorkQueue queue_;
  Counters counters_;
  std::vector<std::thread> threads_;
};

}  // namespace orderflow::database
