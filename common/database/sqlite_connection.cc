#include "common/database/sqlite_connection.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/database/sqlite_file.h"

namespace orderflow::database {
namespace {

constexpr size_t kMaxStatements = 500;
// The log is cut back to this size when it is started anew.
constexpr char kLogSizeLimit[] = "PRAGMA journal_size_limit=67108864";
constexpr int kExitDataUncertain = 70;  // EX_SOFTWARE of sysexits.h

absl::string_view AsAbsl(std::string_view text) { return {text.data(), text.size()}; }

// Before SQLite's first use in the process; without effect if somebody else was first.
void ConfigureSqlite() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);        // a global lock around every allocation
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);  // what a savepoint may undo stays in memory
    sqlite3_initialize();
  });
}

// A failed sync may have dropped the dirty pages: what is read now need not be what is on disk, and
// syncing again would succeed without writing them. Only recovery from the disk's contents is safe.
[[noreturn]] void EndProcess(const std::string& path, const char* doing, int code,
                             int system_error) {
  std::fprintf(
      stderr,
      "FATAL: %s of database %s failed (%s, SQLite code %d): it is not known what is on disk. "
      "This process ends; its next start recovers what is there.\n",
      doing, path.c_str(), system_error != 0 ? std::strerror(system_error) : sqlite3_errstr(code),
      code);
  std::fflush(stderr);
  _exit(kExitDataUncertain);
}

bool IsFailedSync(int code) { return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC; }

// No space left, for the file system or for this user.
bool IsDiskFull(int code, int system_error) {
  return code == SQLITE_FULL || (code == SQLITE_IOERR_WRITE && system_error == EDQUOT);
}

absl::StatusCode CodeOf(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return absl::StatusCode::kAlreadyExists;
    default:
      break;
  }
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
    case SQLITE_NOLFS:
      return absl::StatusCode::kUnavailable;
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_TOOBIG:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kInternal;
  }
}

std::string Explain(int code, int system_error) {
  std::string text;
  if (IsDiskFull(code, system_error)) {
    text = "disk full: ";
  } else if ((code & 0xff) == SQLITE_BUSY) {
    text = "another process holds the lock: ";
  }
  return text;
}

std::string WithSystemError(int code, int system_error) {
  const int primary = code & 0xff;
  const bool telling = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
  return telling && system_error != 0 ? absl::StrCat(" (", std::strerror(system_error), ")") : "";
}

absl::StatusOr<Column> ReadColumn(sqlite3_stmt* row, int column) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
      return Column();
    case SQLITE_INTEGER:
      return Column(static_cast<int64_t>(sqlite3_column_int64(row, column)));
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
      return Column(std::string(text, sqlite3_column_bytes(row, column)));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
      const int size = sqlite3_column_bytes(row, column);  // 0 goes with a null pointer
      return Column(Blob{size == 0 ? std::string() : std::string(bytes, size)});
    }
    default:
      return absl::InternalError(absl::StrCat("column ", column, " (",
                                              sqlite3_column_name(row, column),
                                              ") has a floating-point number"));
  }
}

absl::StatusOr<Row> ReadRow(sqlite3_stmt* row) {
  const int count = sqlite3_column_count(row);
  std::vector<Column> columns;
  columns.reserve(count);
  for (int i = 0; i < count; ++i) {
    ORDERFLOW_ASSIGN_OR_RETURN(Column column, ReadColumn(row, i));
    columns.push_back(std::move(column));
  }
  return Row(std::move(columns));
}

int BindOne(sqlite3_stmt* statement, int index, const Parameter& parameter) {
  // The parameters outlive the step, so nothing is copied. SQLite takes a null pointer for NULL:
  // hence the "".
  struct Binder {
    sqlite3_stmt* statement;
    int index;
    int operator()(std::monostate) const { return sqlite3_bind_null(statement, index); }
    int operator()(int64_t value) const { return sqlite3_bind_int64(statement, index, value); }
    int operator()(std::string_view text) const {
      return sqlite3_bind_text64(statement, index, text.empty() ? "" : text.data(), text.size(),
                                 SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(const Blob& blob) const {
      return sqlite3_bind_blob64(statement, index, blob.bytes.data(), blob.bytes.size(),
                                 SQLITE_STATIC);
    }
  };
  return std::visit(Binder{statement, index}, parameter);
}

// The number N of a parameter written $N.
std::optional<int> NumberOf(const char* name) {
  if (name == nullptr || name[0] != '$') return std::nullopt;
  int number = 0;
  const char* end = name + std::strlen(name);
  const auto [rest, error] = std::from_chars(name + 1, end, number);
  if (error != std::errc() || rest != end || number < 1) return std::nullopt;
  return number;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const Settings& settings) {
  ConfigureSqlite();
  if (settings.path != ":memory:") ORDERFLOW_RETURN_IF_ERROR(CreateDatabaseFile(settings.path));
  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(settings.path.c_str(), &db, flags, nullptr);
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(db, settings.path));
  if (code != SQLITE_OK) return connection->Error(code, "opening");
  absl::Status configured = connection->Configure(settings);
  if (configured.code() == absl::StatusCode::kDataLoss)
    return absl::UnavailableError(configured.message());
  if (!configured.ok()) return configured;
  return connection;
}

absl::Status SqliteConnection::Configure(const Settings& settings) {
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_timeout(db_, static_cast<int>(absl::ToInt64Milliseconds(settings.busy_timeout)));
  ORDERFLOW_RETURN_IF_ERROR(RunScript("PRAGMA foreign_keys=ON"));
  ORDERFLOW_RETURN_IF_ERROR(RunScript("PRAGMA trusted_schema=OFF"));
  ORDERFLOW_RETURN_IF_ERROR(RunScript("PRAGMA temp_store=MEMORY"));
  ORDERFLOW_RETURN_IF_ERROR(RunScript(absl::StrCat("PRAGMA cache_size=-", settings.cache_kib)));
  if (settings.path == ":memory:") return absl::OkStatus();
  ORDERFLOW_RETURN_IF_ERROR(TurnLogOn(settings.busy_timeout));
  ORDERFLOW_RETURN_IF_ERROR(RunScript("PRAGMA synchronous=FULL"));
  ORDERFLOW_RETURN_IF_ERROR(RunScript(kLogSizeLimit));
  // In the place of automatic checkpoints, which would stop the writer for the time of a whole one.
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteConnection*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return absl::OkStatus();
}

// That needs a new file for a moment alone. Where two want it at the same time, SQLite waits for
// neither, as they would wait for each other: the busy timeout does not count.
absl::Status SqliteConnection::TurnLogOn(absl::Duration timeout) {
  constexpr std::chrono::milliseconds kPause(2);
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(timeout);
  std::vector<Row> rows;
  absl::Status status = Run("PRAGMA journal_mode=WAL", {}, &rows).status();
  while (!status.ok() && (last_code_ & 0xff) == SQLITE_BUSY &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kPause);
    rows.clear();
    status = Run("PRAGMA journal_mode=WAL", {}, &rows).status();
  }
  ORDERFLOW_RETURN_IF_ERROR(status);
  if (rows.size() == 1 && rows[0].Text(0) == "wal") return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("database ", path_,
                                             ": this file system cannot share memory, which "
                                             "SQLite's write-ahead log needs"));
}

SqliteConnection::~SqliteConnection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement->handle);
  sqlite3_close_v2(db_);
}

absl::Status SqliteConnection::Error(int code, std::string_view doing) {
  const int system_error = db_ == nullptr ? 0 : sqlite3_system_errno(db_);
  last_code_ = code;
  last_system_error_ = system_error;
  const char* message = db_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db_);
  return absl::Status(CodeOf(code), absl::StrCat("database ", path_, ": ", AsAbsl(doing), ": ",
                                                 Explain(code, system_error), message,
                                                 WithSystemError(code, system_error)));
}

void SqliteConnection::NoteFate() {
  if (in_transaction_ && sqlite3_get_autocommit(db_) != 0) {
    in_transaction_ = false;
    fate_ = Fate::kRolledBack;
  }
}

absl::Status SqliteConnection::Control(std::string_view sql) {
  const absl::StatusOr<int64_t> result = Run(sql, {}, nullptr);
  // A savepoint that cannot be set, released or undone leaves only the whole transaction to undo.
  if (!result.ok() && fate_ == Fate::kAlive && in_transaction_) {
    Rollback();
    fate_ = Fate::kRolledBack;
  }
  return result.status();
}

absl::Status SqliteConnection::Begin(bool read_only) {
  fate_ = Fate::kAlive;
  ORDERFLOW_RETURN_IF_ERROR(Control(read_only ? "BEGIN" : "BEGIN IMMEDIATE"));
  in_transaction_ = true;
  return absl::OkStatus();
}

absl::Status SqliteConnection::Commit() {
  const absl::StatusOr<int64_t> result = Run("COMMIT", {}, nullptr);
  if (result.ok()) {
    in_transaction_ = false;
    return absl::OkStatus();
  }
  if ((last_code_ & 0xff) == SQLITE_IOERR && !IsDiskFull(last_code_, last_system_error_)) {
    EndProcess(path_, "commit", last_code_, last_system_error_);
  }
  Rollback();
  fate_ = Fate::kRolledBack;
  return result.status();
}

void SqliteConnection::Rollback() {
  if (sqlite3_get_autocommit(db_) == 0) (void)Run("ROLLBACK", {}, nullptr);
  in_transaction_ = false;
}

void SqliteConnection::RollbackToSavepoint() {
  Control("ROLLBACK TO body").IgnoreError();
  if (fate_ == Fate::kAlive) Control("RELEASE body").IgnoreError();
}

absl::Status SqliteConnection::RunScript(std::string_view sql) {
  const int code = sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  absl::Status status = Error(sqlite3_extended_errcode(db_), "running a script");
  NoteFate();
  return status;
}

absl::Status SqliteConnection::Checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (IsFailedSync(code)) EndProcess(path_, "checkpoint", code, sqlite3_system_errno(db_));
  return code == SQLITE_OK ? absl::OkStatus() : Error(code, "checkpoint");
}

absl::StatusOr<SqliteConnection::Prepared*> SqliteConnection::Prepare(std::string_view sql) {
  if (const auto found = statements_.find(AsAbsl(sql)); found != statements_.end())
    return found->second.get();
  auto statement = std::make_unique<Prepared>();
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement->handle, &rest);
  if (code != SQLITE_OK) return Error(code, absl::StrCat("preparing \"", AsAbsl(sql), "\""));
  if (statement->handle == nullptr || rest != sql.data() + sql.size()) {
    sqlite3_finalize(statement->handle);
    return absl::InternalError(absl::StrCat("not exactly one statement: \"", AsAbsl(sql), "\""));
  }
  statement->read_only = sqlite3_stmt_readonly(statement->handle) != 0;
  for (int i = 1; i <= sqlite3_bind_parameter_count(statement->handle); ++i) {
    const std::optional<int> number = NumberOf(sqlite3_bind_parameter_name(statement->handle, i));
    if (!number.has_value()) {
      sqlite3_finalize(statement->handle);
      return absl::InternalError(
          absl::StrCat("a parameter is not written $1, $2, ...: \"", AsAbsl(sql), "\""));
    }
    statement->parameter_of.push_back(*number - 1);
    statement->parameters = std::max(statement->parameters, *number);
  }
  if (statements_.size() >=
      kMaxStatements) {  // Somebody builds SQL from values: keep memory bounded at least.
    for (auto& [text, old] : statements_) sqlite3_finalize(old->handle);
    statements_.clear();
  }
  return statements_.emplace(std::string(sql), std::move(statement)).first->second.get();
}

absl::Status SqliteConnection::Bind(const Prepared& statement,
                                    absl::Span<const Parameter> parameters) {
  if (static_cast<int>(parameters.size()) != statement.parameters) {
    return absl::InternalError(absl::StrCat("\"", sqlite3_sql(statement.handle), "\" has ",
                                            statement.parameters, " parameters, ",
                                            parameters.size(), " were given"));
  }
  for (size_t i = 0; i < statement.parameter_of.size(); ++i) {
    const int code =
        BindOne(statement.handle, static_cast<int>(i) + 1, parameters[statement.parameter_of[i]]);
    if (code != SQLITE_OK) return Error(code, "binding a parameter");
  }
  return absl::OkStatus();
}

absl::Status SqliteConnection::Step(const Prepared& statement, std::vector<Row>* rows) {
  int code;
  while ((code = sqlite3_step(statement.handle)) == SQLITE_ROW) {
    if (rows == nullptr) continue;
    ORDERFLOW_ASSIGN_OR_RETURN(Row row, ReadRow(statement.handle));
    rows->push_back(std::move(row));
  }
  if (code == SQLITE_DONE) return absl::OkStatus();
  const int extended = sqlite3_extended_errcode(db_);
  if (IsFailedSync(extended)) EndProcess(path_, "sync", extended, sqlite3_system_errno(db_));
  return Error(extended, "running a statement");
}

absl::StatusOr<int64_t> SqliteConnection::Run(std::string_view sql,
                                              absl::Span<const Parameter> parameters,
                                              std::vector<Row>* rows) {
  ORDERFLOW_ASSIGN_OR_RETURN(Prepared * statement, Prepare(sql));
  if (body_reads_only() && !statement->read_only) {
    return absl::InternalError(absl::StrCat("a reading body writes: \"", AsAbsl(sql), "\""));
  }
  const int64_t before = sqlite3_total_changes64(db_);
  absl::Status status = Bind(*statement, parameters);
  if (status.ok()) status = Step(*statement, rows);
  // Reset repeats the step's error, which is known; it makes the statement let go of its locks.
  sqlite3_reset(statement->handle);
  if (!parameters.empty()) sqlite3_clear_bindings(statement->handle);
  if (!status.ok()) {
    NoteFate();
    return status;
  }
  // A statement that is no INSERT, UPDATE or DELETE leaves the count of the one before it.
  return sqlite3_total_changes64(db_) == before ? 0 : sqlite3_changes64(db_);
}

absl::StatusOr<std::vector<int64_t>> SqliteConnection::RunAll(
    absl::Span<const Statement> statements) {
  std::vector<int64_t> changed;
  changed.reserve(statements.size());
  for (const Statement& statement : statements) {
    ORDERFLOW_ASSIGN_OR_RETURN(changed.emplace_back(),
                               Run(statement.sql, statement.parameters, nullptr));
  }
  return changed;
}

}  // namespace orderflow::database
