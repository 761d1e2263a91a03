#include "common/database/postgres_connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/database/postgres_error.h"
#include "common/database/postgres_value.h"

namespace orderflow::database {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxStatements = 500;
constexpr int kTextFormat = 0;
constexpr milliseconds kFirstBackoff(50);
constexpr milliseconds kLongestBackoff(2000);
// How long bodies wait for a lost server before they are told.
constexpr milliseconds kPatience(5000);
// Added to the server's own limit before silence counts as loss.
constexpr milliseconds kSilence(5000);

// Any number that other programs on this database are unlikely to take for an advisory lock.
constexpr char kLockMigrations[] =
    "SET LOCAL statement_timeout TO 0; SELECT pg_advisory_xact_lock(7236838294402011503)";

absl::string_view AsAbsl(std::string_view text) { return {text.data(), text.size()}; }

// libpq ends its messages with a line feed and may write several lines.
std::string OneLine(const char* message) {
  return absl::StrJoin(absl::StrSplit(message, absl::ByAnyChar(" \t\n"), absl::SkipEmpty()), " ");
}

std::string OptionOf(const PQconninfoOption* options, std::string_view keyword) {
  for (; options->keyword != nullptr; ++options) {
    if (options->keyword == keyword && options->val != nullptr) return options->val;
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresConnection>> PostgresConnection::Create(Settings settings) {
  char* error = nullptr;
  PQconninfoOption* options = PQconninfoParse(settings.url.c_str(), &error);
  if (options == nullptr) {
    PQfreemem(error);  // Not shown: it may repeat the url, and that may hold a password.
    return absl::InvalidArgumentError(
        "the database url cannot be read; expected "
        "postgresql://USER@HOST:PORT/DATABASE?SETTING=VALUE with special "
        "characters as %XX");
  }
  const std::string host = OptionOf(options, "host"), port = OptionOf(options, "port");
  std::string server = absl::StrCat(host.empty() ? "(local socket)" : host, port.empty() ? "" : ":",
                                    port, "/", OptionOf(options, "dbname"));
  PQconninfoFree(options);
  return std::unique_ptr<PostgresConnection>(
      new PostgresConnection(std::move(settings), std::move(server)));
}

PostgresConnection::~PostgresConnection() { Disconnect(); }

absl::Status PostgresConnection::Ready() {
  if (connection_ != nullptr) return absl::OkStatus();
  if (!lost_since_.has_value()) {
    lost_since_ = next_attempt_ = steady_clock::now();
    backoff_ = kFirstBackoff;
  }
  while (true) {
    if (steady_clock::now() >= next_attempt_) {
      last_failure_ = Connect();
      if (last_failure_.ok()) {
        lost_since_.reset();
        return absl::OkStatus();
      }
      next_attempt_ = steady_clock::now() + backoff_;
      backoff_ = std::min(backoff_ * 2, kLongestBackoff);
    }
    const bool patient = steady_clock::now() - *lost_since_ < kPatience;
    if (!settings_.pause || !patient || settings_.pause(next_attempt_)) return last_failure_;
  }
}

absl::Status PostgresConnection::Connect() {
  // What stands in the url wins over what stands before it, and what stands behind wins over the
  // url.
  const char* const keywords[] = {"connect_timeout",  "fallback_application_name",
                                  "keepalives_idle",  "keepalives_interval",
                                  "keepalives_count", "dbname",
                                  "client_encoding",  nullptr};
  const char* const values[] = {
      "5",    settings_.application_name.c_str(), "10", "5", "3", settings_.url.c_str(), "UTF8",
      nullptr};
  connection_ = PQconnectdbParams(keywords, values, /*expand_dbname=*/1);
  ORDERFLOW_CHECK(connection_ != nullptr);  // Only without memory.
  absl::Status status;
  if (PQstatus(connection_) == CONNECTION_OK) {
    status = ConfigureSession();
  } else {
    status = absl::UnavailableError(absl::StrCat(
        "PostgreSQL ", server_, " cannot be reached: ", OneLine(PQerrorMessage(connection_))));
  }
  if (!status.ok()) Disconnect();
  return status;
}

absl::Status PostgresConnection::ConfigureSession() {
  // Notices would go to standard error.
  PQsetNoticeReceiver(
      connection_, [](void*, const PGresult*) {}, nullptr);
  const int64_t timeout_ms = absl::ToInt64Milliseconds(settings_.statement_timeout);
  const std::string sql = absl::StrCat("SET statement_timeout TO ", timeout_ms,
                                       "; SET idle_in_transaction_session_timeout TO 60000");
  const Result result(PQexec(connection_, sql.c_str()), &PQclear);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    return absl::UnavailableError(
        absl::StrCat("PostgreSQL ", server_,
                     " does not accept our settings: ", OneLine(PQerrorMessage(connection_))));
  }
  ORDERFLOW_CHECK(PQsetnonblocking(connection_, 1) == 0);
  ORDERFLOW_CHECK(PQenterPipelineMode(connection_) == 1);
  return absl::OkStatus();
}

void PostgresConnection::Disconnect() {
  if (connection_ != nullptr) PQfinish(connection_);
  connection_ = nullptr;
  begun_ = false;
  pending_.clear();
  statements_.clear();
}

absl::Status PostgresConnection::Begin(bool read_only) {
  fate_ = Fate::kAlive;
  pending_.assign(1, read_only ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN");
  return absl::OkStatus();
}

absl::Status PostgresConnection::Commit() {
  if (!begun_ && pending_.size() == 1) {  // Nothing but BEGIN, not even sent.
    pending_.clear();
    return absl::OkStatus();
  }
  pending_.push_back("COMMIT");
  const absl::StatusOr<std::vector<Result>> results = Exchange({});
  if (!results.ok()) {
    if (fate_ == Fate::kDisconnected) {
      fate_ = Fate::kUnknown;
      return absl::UnavailableError(
          absl::StrCat("it is not known whether this was committed: ", results.status().message()));
    }
    Rollback();
    if (fate_ == Fate::kAlive) fate_ = Fate::kRolledBack;
    return results.status();
  }
  begun_ = false;
  // The server answers COMMIT of a failed transaction with success and the tag ROLLBACK.
  if (std::strcmp(PQcmdStatus(results->back().get()), "COMMIT") == 0) return absl::OkStatus();
  fate_ = Fate::kRolledBack;
  return absl::InternalError("the server rolled back in the place of a commit");
}

void PostgresConnection::Rollback() {
  pending_.clear();
  if (!begun_) return;
  begun_ = false;
  pending_.push_back("ROLLBACK");
  const Fate fate = fate_;
  if (!Exchange({}).ok()) Disconnect();  // Which rolls back, too.
  fate_ = fate;
}

bool PostgresConnection::ForgetUnusedSavepoint() {
  if (pending_.empty() || pending_.back() != kSetSavepoint) return false;
  pending_.pop_back();
  return true;
}

void PostgresConnection::ReleaseSavepoint() {
  if (!ForgetUnusedSavepoint()) pending_.push_back("RELEASE SAVEPOINT body");
}

void PostgresConnection::RollbackToSavepoint() {
  if (ForgetUnusedSavepoint()) return;
  pending_.push_back("ROLLBACK TO SAVEPOINT body");
  pending_.push_back("RELEASE SAVEPOINT body");
}

absl::Status PostgresConnection::RunScript(std::string_view sql) {
  if (!pending_.empty()) ORDERFLOW_RETURN_IF_ERROR(Exchange({}).status());
  if (connection_ == nullptr) return Lost();
  // A pipeline takes one statement at a time.
  ORDERFLOW_CHECK(PQexitPipelineMode(connection_) == 1);
  const Result result(PQexec(connection_, std::string(sql).c_str()), &PQclear);
  absl::Status status;
  const ExecStatusType answer = PQresultStatus(result.get());
  if (answer != PGRES_COMMAND_OK && answer != PGRES_TUPLES_OK && answer != PGRES_EMPTY_QUERY) {
    status = PQstatus(connection_) == CONNECTION_OK ? ErrorOf(result.get()) : Lost();
  }
  if (connection_ != nullptr) ORDERFLOW_CHECK(PQenterPipelineMode(connection_) == 1);
  return status;
}

absl::Status PostgresConnection::LockMigrations() { return RunScript(kLockMigrations); }

absl::StatusOr<int64_t> PostgresConnection::Run(std::string_view sql,
                                                absl::Span<const Parameter> parameters,
                                                std::vector<Row>* rows) {
  const Statement statement{sql, std::vector<Parameter>(parameters.begin(), parameters.end())};
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Result> results,
                             Exchange(absl::MakeConstSpan(&statement, 1)));
  if (rows != nullptr) {
    ORDERFLOW_ASSIGN_OR_RETURN(*rows, ReadRows(*results.back()));
  }
  return ChangedRows(*results.back());
}

absl::StatusOr<std::vector<int64_t>> PostgresConnection::RunAll(
    absl::Span<const Statement> statements) {
  std::vector<int64_t> changed;
  if (statements.empty()) return changed;
  ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Result> results, Exchange(statements));
  changed.reserve(results.size());
  for (const Result& result : results) changed.push_back(ChangedRows(*result));
  return changed;
}

absl::StatusOr<std::vector<PostgresConnection::Result>> PostgresConnection::Exchange(
    absl::Span<const Statement> statements) {
  if (connection_ == nullptr) return Lost();
  deadline_ =
      steady_clock::now() + absl::ToChronoMilliseconds(settings_.statement_timeout) + kSilence;
  sent_.clear();
  parsing_.clear();
  if (!Enqueue(statements) || !Flush()) return Lost();
  absl::StatusOr<std::vector<Result>> results = Receive();
  // What the server did not parse has no name there; the next time it is sent again.
  for (const std::string& sql : parsing_) statements_.erase(sql);
  return results;
}

bool PostgresConnection::Enqueue(absl::Span<const Statement> statements) {
  if (!pending_.empty()) begun_ = true;
  for (const char* command : pending_) {
    if (!EnqueueControl(command)) return false;
  }
  pending_.clear();
  for (const Statement& statement : statements) {
    if (!EnqueueStatement(statement.sql, statement.parameters)) return false;
  }
  return PQpipelineSync(connection_) == 1;
}

bool PostgresConnection::EnqueueControl(const char* sql) {
  sent_.push_back(Command::kControl);
  return PQsendQueryParams(connection_, sql, 0, nullptr, nullptr, nullptr, nullptr, kTextFormat) ==
         1;
}

bool PostgresConnection::EnqueueStatement(std::string_view sql,
                                          absl::Span<const Parameter> parameters) {
  auto found = statements_.find(AsAbsl(sql));
  if (found == statements_.end()) {
    if (statements_.size() >=
        kMaxStatements) {  // Somebody builds SQL from values: keep memory bounded at least.
      statements_.clear();
      if (!EnqueueControl("DEALLOCATE ALL")) return false;
    }
    found = statements_.emplace(std::string(sql), absl::StrCat("s", ++next_statement_)).first;
    sent_.push_back(Command::kPrepare);
    parsing_.push_back(found->first);
    if (PQsendPrepare(connection_, found->second.c_str(), found->first.c_str(), 0, nullptr) != 1)
      return false;
  }
  const PostgresParameters wire(parameters);
  sent_.push_back(Command::kStatement);
  return PQsendQueryPrepared(connection_, found->second.c_str(), wire.count(), wire.values(),
                             wire.lengths(), wire.formats(), kTextFormat) == 1;
}

absl::StatusOr<std::vector<PostgresConnection::Result>> PostgresConnection::Receive() {
  std::vector<Result> results;
  absl::Status failure;
  for (const Command& command : sent_) {
    ORDERFLOW_ASSIGN_OR_RETURN(Result result, ReceiveOne());
    const ExecStatusType status = PQresultStatus(result.get());
    const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!good && failure.ok()) failure = ErrorOf(result.get());
    if (good && command == Command::kPrepare) parsing_.erase(parsing_.begin());
    if (command == Command::kStatement || &command == &sent_.back())
      results.push_back(std::move(result));
    ORDERFLOW_ASSIGN_OR_RETURN(const Result separator, ReceiveOne());
    if (separator != nullptr) return Lost();  // One result for each command is all that we ask for.
  }
  ORDERFLOW_ASSIGN_OR_RETURN(const Result sync, ReceiveOne());
  if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) return Lost();
  if (!failure.ok()) return failure;
  return results;
}

absl::StatusOr<PostgresConnection::Result> PostgresConnection::ReceiveOne() {
  while (PQisBusy(connection_) == 1) {
    if (!AwaitInput()) return Lost();
  }
  Result result(PQgetResult(connection_), &PQclear);
  if (PQstatus(connection_) != CONNECTION_OK) return Lost();
  return result;
}

bool PostgresConnection::Flush() {
  while (true) {
    const int left = PQflush(connection_);
    if (left <= 0) return left == 0;
    // The server may want to be read before it reads on.
    if (!Poll(POLLIN | POLLOUT) || PQconsumeInput(connection_) != 1) return false;
  }
}

bool PostgresConnection::AwaitInput() { return Poll(POLLIN) && PQconsumeInput(connection_) == 1; }

bool PostgresConnection::Poll(short events) {
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now());
  pollfd socket = {.fd = PQsocket(connection_), .events = events, .revents = 0};
  const int ready = poll(&socket, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
  return ready > 0 || (ready < 0 && errno == EINTR);
}

absl::Status PostgresConnection::Lost() {
  const std::string why = connection_ == nullptr ? "" : OneLine(PQerrorMessage(connection_));
  Disconnect();
  fate_ = Fate::kDisconnected;
  return absl::UnavailableError(absl::StrCat("the connection to PostgreSQL ", server_, " was lost",
                                             why.empty() ? "" : ": ", why));
}

absl::Status PostgresConnection::ErrorOf(const PGresult* result) {
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view sqlstate = field == nullptr ? "none" : field;
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  PostgresErrorMeaning meaning = MeaningOfSqlState(sqlstate);
  if (body_reads_only() && sqlstate == "25006") {  // read_only_sql_transaction
    meaning = {absl::StatusCode::kInternal, Fate::kAlive, "a reading body writes: "};
  }
  if (meaning.fate != Fate::kAlive) fate_ = meaning.fate;
  // Not the error's detail: it quotes values, and those may be personal.
  return absl::Status(meaning.code,
                      absl::StrCat("PostgreSQL: ", AsAbsl(meaning.hint),
                                   message == nullptr ? "error without a message" : message,
                                   " (SQLSTATE ", AsAbsl(sqlstate), ")"));
}

}  // namespace orderflow::database
