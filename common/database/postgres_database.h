#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/database/batch.h"
#include "common/database/database.h"
#include "common/database/postgres_connection.h"
#include "common/database/work_queue.h"

namespace orderflow::database {

// Several threads, each with a connection, share one queue: a free one takes its part of the
// waiting bodies and commits them together.
//
// Thread-safe.
class PostgresDatabase final : public Database {
 public:
  static absl::StatusOr<std::unique_ptr<PostgresDatabase>> Open(
      const Options& options, absl::Span<const Migration> migrations);
  ~PostgresDatabase() override;

  using Database::Submit;
  using Database::SubmitRead;
  void Submit(Body body, StatusCallback done) override;
  void SubmitRead(Body body, StatusCallback done) override;
  Statistics statistics() const override;

 private:
  explicit PostgresDatabase(const Options& options)
      : max_batch_(options.max_batch), queue_(/*lanes=*/1, options.max_queued) {}
  void Serve(PostgresConnection& connection);

  const size_t max_batch_;
  bool serving_ = false;  // set before the threads start
  WorkQueue queue_;
  Counters counters_;
  Counters reads_;  // Statistics tell of what was written.
  std::vector<std::unique_ptr<PostgresConnection>> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace orderflow::database
