#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/database/connection.h"

namespace orderflow::database {

// One connection to a PostgreSQL server, in libpq's pipeline mode: BEGIN, SAVEPOINT and RELEASE
// wait until the next statement or the commit and travel with it, so that a body costs one round
// trip per statement and a batch one for its commit.
//
// One thread only (at a time).
class PostgresConnection final : public Connection {
 public:
  struct Settings {
    std::string url;
    std::string application_name;  // what the server's pg_stat_activity shows, unless the url says
                                   // otherwise
    absl::Duration
        statement_timeout;  // the server's limit; a server that is silent for longer counts as lost
    // Between two attempts to connect: sleeps until then and answers true if it is time to give up.
    // Without it there is one attempt only.
    std::function<bool(std::chrono::steady_clock::time_point)> pause;
  };

  // Does not connect yet: Ready does. INVALID_ARGUMENT: libpq cannot read the url.
  static absl::StatusOr<std::unique_ptr<PostgresConnection>> Create(Settings settings);
  ~PostgresConnection() override;

  // Connects if needed, again and again with growing pauses. UNAVAILABLE once the server was out of
  // reach for some seconds; from then on at once, until an attempt that is due succeeds.
  absl::Status Ready() override;
  absl::Status Begin(bool read_only) override;
  absl::Status Commit() override;
  void Rollback() override;
  void SetSavepoint() override { pending_.push_back(kSetSavepoint); }
  void ReleaseSavepoint() override;
  void RollbackToSavepoint() override;
  absl::Status RunScript(std::string_view sql) override;
  absl::Status LockMigrations() override;

 protected:
  absl::StatusOr<int64_t> Run(std::string_view sql, absl::Span<const Parameter> parameters,
                              std::vector<Row>* rows) override;
  absl::StatusOr<std::vector<int64_t>> RunAll(absl::Span<const Statement> statements) override;

 private:
  using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
  using Instant = std::chrono::steady_clock::time_point;

  static constexpr char kSetSavepoint[] = "SAVEPOINT body";

  PostgresConnection(Settings settings, std::string server)
      : settings_(std::move(settings)), server_(std::move(server)) {}

  absl::Status Connect();
  absl::Status ConfigureSession();
  void Disconnect();
  // Drops what the last pending command would have begun; false if it was sent already.
  bool ForgetUnusedSavepoint();

  // One command among those of a pipeline.
  enum class Command { kControl, kPrepare, kStatement };

  // Sends what is pending and then `statements` in one go. The results of the statements, or of the
  // last pending command where there are none.
  absl::StatusOr<std::vector<Result>> Exchange(absl::Span<const Statement> statements);
  // Put commands into libpq's buffer and note them in `sent_`; false if libpq refuses.
  bool Enqueue(absl::Span<const Statement> statements);
  bool EnqueueControl(const char* sql);
  bool EnqueueStatement(std::string_view sql, absl::Span<const Parameter> parameters);
  // Reads the results of all commands in `sent_` to the end of the pipeline. The first failure
  // wins.
  absl::StatusOr<std::vector<Result>> Receive();
  absl::StatusOr<Result> ReceiveOne();
  // False: the server was silent for too long, or is gone.
  bool Flush();
  bool AwaitInput();
  bool Poll(short events);
  absl::Status Lost();
  absl::Status ErrorOf(const PGresult* result);

  const Settings settings_;
  const std::string server_;  // host, port and database for messages
  PGconn* connection_ = nullptr;
  bool begun_ = false;                // the server knows of our transaction
  std::vector<const char*> pending_;  // transaction control that the next exchange takes along
  absl::flat_hash_map<std::string, std::string> statements_;  // SQL -> the server's name for it
  int64_t next_statement_ = 0;
  std::vector<Command> sent_;  // in this exchange
  std::vector<std::string>
      parsing_;       // SQL of the kPrepare among them whose outcome is not known yet, in order
  Instant deadline_;  // of the exchange under way

  std::optional<Instant> lost_since_;
  Instant next_attempt_;
  std::chrono::milliseconds backoff_{0};
  absl::Status last_failure_;
};

}  // namespace orderflow::database
