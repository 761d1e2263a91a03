#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/callback.h"

namespace orderflow::database {

// Bytes that are no text: BYTEA / BLOB.
struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

using Parameter = std::variant<std::monostate, int64_t, std::string_view, Blob>;
using Column = std::variant<std::monostate, int64_t, std::string, Blob>;

// The parameter for a value that may be missing. Borrows the text.
inline Parameter Nullable(const std::optional<std::string>& text) {
  return text.has_value() ? Parameter(std::string_view(*text)) : Parameter();
}
inline Parameter Nullable(std::optional<int64_t> value) {
  return value.has_value() ? Parameter(*value) : Parameter();
}

// One row of an answer; columns are counted from 0 in the order of the SELECT.
class Row {
 public:
  explicit Row(std::vector<Column> columns) : columns_(std::move(columns)) {}
  bool IsNull(int column) const { return std::holds_alternative<std::monostate>(columns_[column]); }
  int64_t Int(int column) const { return std::get<int64_t>(columns_[column]); }
  const std::string& Text(int column) const { return std::get<std::string>(columns_[column]); }
  const std::string& Bytes(int column) const { return std::get<Blob>(columns_[column]).bytes; }
  std::optional<int64_t> OptionalInt(int column) const;
  std::optional<std::string> OptionalText(int column) const;

 private:
  std::vector<Column> columns_;
};

// A statement that waits for its turn. Borrows the text of both.
struct Statement {
  std::string_view sql;
  std::vector<Parameter> parameters;
};

// What a body sees of the database: statements inside one savepoint. `sql` must be a string literal
// (it is the key of the cache of prepared statements) that SQLite and PostgreSQL both understand:
// $1-style parameters, UPSERT, RETURNING; column types BIGINT, TEXT and BYTEA; times are BIGINT
// microseconds since the epoch.
//
// After a statement that failed all further ones of the body fail with the same error, and so does
// the body, whatever it answers: INSERT ... ON CONFLICT DO NOTHING asks whether a key is taken, a
// caught ALREADY_EXISTS does not. Two bodies on PostgreSQL that change the same rows should do so
// in the same order, or one of them may have to run again.
//
// One thread only: the database's, while the body runs.
// ALREADY_EXISTS: a unique constraint. FAILED_PRECONDITION: any other constraint. INVALID_ARGUMENT:
// a value that the database cannot store, such as text with a NUL. UNAVAILABLE: the database cannot
// be reached or written now. ABORTED: a race was lost (the body is run again). INTERNAL: wrong SQL.
class Transaction {
 public:
  virtual ~Transaction() = default;
  // Answers how many rows were inserted, updated or deleted.
  virtual absl::StatusOr<int64_t> Execute(std::string_view sql,
                                          absl::Span<const Parameter> parameters) = 0;
  virtual absl::StatusOr<std::vector<Row>> Query(std::string_view sql,
                                                 absl::Span<const Parameter> parameters) = 0;
  // Runs statements in order; answers how many rows each has changed, or the first failure. On
  // PostgreSQL this takes one round trip, however many there are.
  virtual absl::StatusOr<std::vector<int64_t>> ExecuteAll(
      absl::Span<const Statement> statements) = 0;

  absl::StatusOr<int64_t> Execute(std::string_view sql,
                                  std::initializer_list<Parameter> parameters) {
    return Execute(sql, absl::MakeConstSpan(parameters.begin(), parameters.size()));
  }
  absl::StatusOr<std::vector<Row>> Query(std::string_view sql,
                                         std::initializer_list<Parameter> parameters) {
    return Query(sql, absl::MakeConstSpan(parameters.begin(), parameters.size()));
  }
  absl::StatusOr<std::vector<int64_t>> ExecuteAll(std::initializer_list<Statement> statements) {
    return ExecuteAll(absl::MakeConstSpan(statements.begin(), statements.size()));
  }
};

// One step of a schema's history. Versions count from 1 without gaps; a step is never changed once
// released. A step may not change a column's type: programs of the version before still run with
// prepared statements.
struct Migration {
  int version;
  std::string_view sql;  // one or more statements
};

struct Options {
  // "sqlite:PATH" or a plain path: an SQLite file (WAL, synchronous=FULL). "sqlite::memory:": for
  // tests, lost at the end. "postgresql://...": a PostgreSQL server, as libpq reads it.
  std::string url;
  // What errors of Open name as the place to change, such as "--database"; empty: nothing.
  std::string setting;
  // Names the schema's owner in the table of migrations and in metrics, such as "inventory".
  std::string name;
  // PostgreSQL only: how many connections, each with a thread, work in parallel.
  int connections = 4;
  // Bodies waiting beyond this number are refused with RESOURCE_EXHAUSTED (`done` is called on a
  // database thread).
  size_t max_queued = 100'000;
  // How many bodies may share a commit.
  int max_batch = 1024;
  // How long a statement may take on PostgreSQL, and how long SQLite waits for another process's
  // lock.
  absl::Duration statement_timeout = absl::Seconds(10);
};

// Counters for metrics; all of them only grow, but for the queue.
struct Statistics {
  int64_t commits = 0;
  int64_t bodies = 0;  // bodies / commits is the mean batch
  int64_t failed_commits = 0;
  int64_t queued = 0;  // waiting now
};

// A database with threads of its own. Bodies run there, many of them share one commit (each inside
// a savepoint, so one that fails does not take the others along), and `done` is called after the
// commit: OK means on disk.
//
//   db.Submit([=](Transaction& txn) { return txn.Execute(kTakeStock, {quantity, sku}).status(); },
//             [=](absl::Status status) { ... });
//
// A body that answers a non-OK status is rolled back and its status handed to `done`. A body may
// run again after a lost race, so it changes nothing but `txn` and results that it sets anew each
// time. Bodies submitted from one thread to SQLite run in that order; on PostgreSQL the order is
// not defined.
//
// Full disk or lost connection: `done` gets UNAVAILABLE, nothing of the body remains, and the
// database tries to recover by itself. The one exception: if the connection is lost while
// PostgreSQL commits, `done` gets UNAVAILABLE and nobody knows, so callers repeat bodies that are
// idempotent. After a failed fsync the process ends itself (exit status 70), since nobody knows
// what is on disk; a restart recovers.
//
// Thread-safe. The destructor waits until all submitted bodies have run and their `done`s have
// returned.
class Database {
 public:
  using Body = absl::AnyInvocable<absl::Status(Transaction&)>;

  // Opens, and applies the migrations that are missing (one process at a time, in one transaction
  // each). INVALID_ARGUMENT: the url. UNAVAILABLE: cannot be opened or reached; the message says
  // what and where. FAILED_PRECONDITION: the schema is newer than this program.
  static absl::StatusOr<std::unique_ptr<Database>> Open(Options options,
                                                        absl::Span<const Migration> migrations);

  virtual ~Database() = default;
  // Queues a body that may write. `done` runs on a database thread: it must not block.
  virtual void Submit(Body body, StatusCallback done) = 0;
  // Queues a body that only reads; sees all commits whose `done` was called before. Does not wait
  // for writers.
  virtual void SubmitRead(Body body, StatusCallback done) = 0;
  virtual Statistics statistics() const = 0;

  // The body's result as a value: `body` answers StatusOr<T>, `done` gets it after the commit.
  template <typename T, typename F>
  void Submit(F body, Callback<T> done);
  template <typename T, typename F>
  void SubmitRead(F body, Callback<T> done);

  // OK when a trivial read works: what readiness asks.
  void Check(StatusCallback done);
};

template <typename T, typename F>
void Database::Submit(F body, Callback<T> done) {
  auto result = std::make_shared<std::optional<T>>();
  Submit(Body([body = std::move(body), result](Transaction& txn) mutable -> absl::Status {
           absl::StatusOr<T> value = body(txn);
           if (!value.ok()) return std::move(value).status();
           *result = *std::move(value);
           return absl::OkStatus();
         }),
         StatusCallback([done = std::move(done), result](absl::Status status) mutable {
           if (!status.ok()) return std::move(done)(std::move(status));
           std::move(done)(*std::move(*result));
         }));
}

template <typename T, typename F>
void Database::SubmitRead(F body, Callback<T> done) {
  auto result = std::make_shared<std::optional<T>>();
  SubmitRead(Body([body = std::move(body), result](Transaction& txn) mutable -> absl::Status {
               absl::StatusOr<T> value = body(txn);
               if (!value.ok()) return std::move(value).status();
               *result = *std::move(value);
               return absl::OkStatus();
             }),
             StatusCallback([done = std::move(done), result](absl::Status status) mutable {
               if (!status.ok()) return std::move(done)(std::move(status));
               std::move(done)(*std::move(*result));
             }));
}

}  // namespace orderflow::database
