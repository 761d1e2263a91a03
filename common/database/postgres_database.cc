#include "common/database/postgres_database.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/database/migrations.h"

namespace orderflow::database {
namespace {

constexpr int kLane = 0;

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresDatabase>> PostgresDatabase::Open(
    const Options& options, absl::Span<const Migration> migrations) {
  if (options.connections < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a database needs at least one connection, not ", options.connections));
  }
  std::unique_ptr<PostgresDatabase> database(new PostgresDatabase(options));
  const PostgresConnection::Settings settings{
      .url = options.url,
      .application_name = absl::StrCat("orderflow ", options.name),
      .statement_timeout = options.statement_timeout,
      .pause = [self = database.get()](std::chrono::steady_clock::time_point until) {
        return !self->serving_ || self->queue_.SleepUntil(until);
      }};
  for (int i = 0; i < options.connections; ++i) {
    ORDERFLOW_ASSIGN_OR_RETURN(auto connection, PostgresConnection::Create(settings));
    database->connections_.push_back(std::move(connection));
  }
  // Whoever opens a database learns at once that it cannot be reached; what is lost later is waited
  // for.
  PostgresConnection& first = *database->connections_.front();
  ORDERFLOW_RETURN_IF_ERROR(first.Ready());
  ORDERFLOW_RETURN_IF_ERROR(Migrate(first, options.name, migrations));
  database->serving_ = true;
  for (const auto& connection : database->connections_) {
    database->threads_.emplace_back(
        [self = database.get(), connection = connection.get()] { self->Serve(*connection); });
  }
  return database;
}

PostgresDatabase::~PostgresDatabase() {
  queue_.ShutDown();
  for (std::thread& thread : threads_) thread.join();
}

void PostgresDatabase::Submit(Body body, StatusCallback done) {
  queue_.Push(
      kLane,
      Job{.body = std::move(body), .done = std::move(done), .read_only = false, .outcome = {}});
}

void PostgresDatabase::SubmitRead(Body body, StatusCallback done) {
  queue_.Push(
      kLane,
      Job{.body = std::move(body), .done = std::move(done), .read_only = true, .outcome = {}});
}

void PostgresDatabase::Serve(PostgresConnection& connection) {
  while (true) {
    std::vector<Job> jobs = queue_.Take(kLane, max_batch_, connections_.size());
    if (jobs.empty()) return;
    RunBatch(connection, jobs, jobs.front().read_only ? reads_ : counters_);
    queue_.Finish(std::move(jobs));
  }
}

Statistics PostgresDatabase::statistics() const { return counters_.Read(queue_.queued()); }

}  // namespace orderflow::database
