#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/database/connection.h"

namespace orderflow::database {

// One connection to an SQLite file in WAL mode with synchronous=FULL: a commit that answered OK is
// on disk. If syncing fails, nobody knows what is: the process ends itself (exit status 70).
//
// One thread only (at a time).
class SqliteConnection final : public Connection {
 public:
  struct Settings {
    std::string path;  // ":memory:" for a database that dies with the connection
    absl::Duration busy_timeout;
    int cache_kib = 2000;
  };

  // Creates the file (and its directory) if it is not there, readable by this user only.
  // UNAVAILABLE: cannot be opened, or is no database.
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(const Settings& settings);
  ~SqliteConnection() override;

  absl::Status Ready() override { return absl::OkStatus(); }
  absl::Status Begin(bool read_only) override;
  absl::Status Commit() override;
  void Rollback() override;
  void SetSavepoint() override { Control("SAVEPOINT body").IgnoreError(); }
  void ReleaseSavepoint() override { Control("RELEASE body").IgnoreError(); }
  void RollbackToSavepoint() override;
  absl::Status RunScript(std::string_view sql) override;
  // A transaction that writes is alone anyway.
  absl::Status LockMigrations() override { return absl::OkStatus(); }

  // Copies what is in the log into the database file as far as readers and writers allow, without
  // waiting for them.
  absl::Status Checkpoint();
  // Pages in the log after this connection's last commit.
  int log_pages() const { return log_pages_; }

 protected:
  absl::StatusOr<int64_t> Run(std::string_view sql, absl::Span<const Parameter> parameters,
                              std::vector<Row>* rows) override;
  absl::StatusOr<std::vector<int64_t>> RunAll(absl::Span<const Statement> statements) override;

 private:
  struct Prepared {
    sqlite3_stmt* handle = nullptr;
    std::vector<int>
        parameter_of;  // SQLite's index - 1 -> ours - 1: it numbers $2 first where it stands first
    int parameters = 0;
    bool read_only = false;
  };

  SqliteConnection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}

  absl::Status Configure(const Settings& settings);
  absl::Status TurnLogOn(absl::Duration timeout);
  absl::StatusOr<Prepared*> Prepare(std::string_view sql);
  absl::Status Bind(const Prepared& statement, absl::Span<const Parameter> parameters);
  absl::Status Step(const Prepared& statement, std::vector<Row>* rows);
  // A statement without parameters and answer; notes the transaction's fate.
  absl::Status Control(std::string_view sql);
  void NoteFate();
  // The status for SQLite's last error on this connection.
  absl::Status Error(int code, std::string_view doing);

  sqlite3* const db_;
  const std::string path_;
  absl::flat_hash_map<std::string, std::unique_ptr<Prepared>> statements_;
  bool in_transaction_ = false;
  int log_pages_ = 0;
  int last_code_ = 0;  // of the last error, extended
  int last_system_error_ = 0;
};

}  // namespace orderflow::database
