#include "common/database/sqlite_database.h"

#include <utility>

#include "common/base/status.h"
#include "common/database/migrations.h"

namespace orderflow::database {
namespace {

constexpr int kWriteLane = 0;
constexpr int kReadLane = 1;
// Reads that share a snapshot wait for each other's answers, so they are few.
constexpr size_t kMaxReadBatch = 16;

constexpr int kWriterCacheKib = 4000;
constexpr int kReaderCacheKib = 2000;
constexpr int kCheckpointerCacheKib = 100;

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(
    const std::string& path, const Options& options, absl::Span<const Migration> migrations) {
  SqliteConnection::Settings settings{
      .path = path, .busy_timeout = options.statement_timeout, .cache_kib = kWriterCacheKib};
  ORDERFLOW_ASSIGN_OR_RETURN(auto writer, SqliteConnection::Open(settings));
  ORDERFLOW_RETURN_IF_ERROR(Migrate(*writer, options.name, migrations));
  std::unique_ptr<SqliteConnection> reader, checkpointer;
  if (path != ":memory:") {
    settings.cache_kib = kReaderCacheKib;
    ORDERFLOW_ASSIGN_OR_RETURN(reader, SqliteConnection::Open(settings));
    settings.cache_kib = kCheckpointerCacheKib;
    ORDERFLOW_ASSIGN_OR_RETURN(checkpointer, SqliteConnection::Open(settings));
  }
  return std::unique_ptr<SqliteDatabase>(
      new SqliteDatabase(options, std::move(writer), std::move(reader), std::move(checkpointer)));
}

SqliteDatabase::SqliteDatabase(const Options& options, std::unique_ptr<SqliteConnection> writer,
                               std::unique_ptr<SqliteConnection> reader,
                               std::unique_ptr<SqliteConnection> checkpointer)
    : max_batch_(options.max_batch),
      writer_(std::move(writer)),
      reader_(std::move(reader)),
      queue_(/*lanes=*/2, options.max_queued) {
  if (checkpointer != nullptr)
    checkpointer_ = std::make_unique<Checkpointer>(std::move(checkpointer));
  threads_.emplace_back([this] { ServeWrites(); });
  if (reader_ != nullptr) threads_.emplace_back([this] { ServeReads(); });
}

SqliteDatabase::~SqliteDatabase() {
  queue_.ShutDown();
  for (std::thread& thread : threads_) thread.join();
}

void SqliteDatabase::Submit(Body body, StatusCallback done) {
  queue_.Push(
      kWriteLane,
      Job{.body = std::move(body), .done = std::move(done), .read_only = false, .outcome = {}});
}

void SqliteDatabase::SubmitRead(Body body, StatusCallback done) {
  const int lane = reader_ == nullptr ? kWriteLane : kReadLane;
  queue_.Push(
      lane,
      Job{.body = std::move(body), .done = std::move(done), .read_only = true, .outcome = {}});
}

void SqliteDatabase::ServeWrites() {
  while (true) {
    std::vector<Job> jobs = queue_.Take(kWriteLane, max_batch_, /*sharers=*/1);
    if (jobs.empty()) return;
    RunBatch(*writer_, jobs, counters_);
    queue_.Finish(std::move(jobs));
    if (checkpointer_ != nullptr) checkpointer_->AfterCommit(*writer_);
  }
}

void SqliteDatabase::ServeReads() {
  Counters reads;  // Statistics tell of what was written.
  while (true) {
    std::vector<Job> jobs = queue_.Take(kReadLane, kMaxReadBatch, /*sharers=*/1);
    if (jobs.empty()) return;
    RunBatch(*reader_, jobs, reads);
    queue_.Finish(std::move(jobs));
  }
}

Statistics SqliteDatabase::statistics() const { return counters_.Read(queue_.queued()); }

}  // namespace orderflow::database
