#include "common/database/test_database.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/mutex.h"

namespace orderflow::database {
namespace {

const char* PostgresUrl() { return std::getenv("ORDERFLOW_TEST_POSTGRES"); }

void RunOnServer(const std::string& sql) {
  PGconn* connection = PQconnectdb(PostgresUrl());
  PGresult* result = PQexec(connection, sql.c_str());
  if (PQresultStatus(result) != PGRES_COMMAND_OK) {
    std::fprintf(stderr, "%s: %s\n", sql.c_str(), PQerrorMessage(connection));
    std::abort();
  }
  PQclear(result);
  PQfinish(connection);
}

// Removes at the end of the process what NewTestUrl made. A forked child (a death test) leaves it
// alone. Thread-safe.
class Leftovers {
 public:
  ~Leftovers() {
    if (getpid() != owner_) return;
    MutexLock lock(mutex_);
    std::error_code ignored;
    for (const std::string& directory : directories_)
      std::filesystem::remove_all(directory, ignored);
    for (const std::string& schema : schemas_) {
      RunOnServer(
          absl::StrCat("SET client_min_messages TO error; DROP SCHEMA ", schema, " CASCADE"));
    }
  }

  std::string NewDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "orderflow-test-XXXXXX").string();
    ORDERFLOW_CHECK(mkdtemp(path.data()) != nullptr);
    MutexLock lock(mutex_);
    directories_.push_back(path);
    return path;
  }

  std::string NewSchema() {
    std::string schema;
    {
      MutexLock lock(mutex_);
      schema = absl::StrCat("test_", getpid(), "_", schemas_.size());
      schemas_.push_back(schema);
    }
    RunOnServer(absl::StrCat("CREATE SCHEMA ", schema));
    return schema;
  }

 private:
  const pid_t owner_ = getpid();
  Mutex mutex_;
  std::vector<std::string> directories_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> schemas_ ABSL_GUARDED_BY(mutex_);
};

Leftovers& TheLeftovers() {
  static Leftovers leftovers;
  return leftovers;
}

}  // namespace

std::vector<TestBackend> TestBackends() {
  std::vector<TestBackend> backends = {TestBackend::kSqliteFile};
  if (PostgresUrl() != nullptr) backends.push_back(TestBackend::kPostgres);
  return backends;
}

std::vector<TestBackend> AllTestBackends() {
  std::vector<TestBackend> backends = TestBackends();
  backends.push_back(TestBackend::kSqliteMemory);
  return backends;
}

std::string NewTestUrl(TestBackend backend) {
  switch (backend) {
    case TestBackend::kSqliteFile:
      return absl::StrCat("sqlite:", TheLeftovers().NewDirectory(), "/data/test.db");
    case TestBackend::kSqliteMemory:
      return "sqlite::memory:";
    case TestBackend::kPostgres: {
      const std::string url = PostgresUrl();
      // Every connection of this url sees the new schema only.
      return absl::StrCat(url, url.find('?') == std::string::npos ? "?" : "&",
                          "options=-csearch_path%3D", TheLeftovers().NewSchema());
    }
  }
  std::abort();
}

std::string TestBackendName(const ::testing::TestParamInfo<TestBackend>& info) {
  switch (info.param) {
    case TestBackend::kSqliteFile:
      return "SqliteFile";
    case TestBackend::kSqliteMemory:
      return "SqliteMemory";
    case TestBackend::kPostgres:
      return "Postgres";
  }
  std::abort();
}

absl::Status Write(Database& db, Database::Body body) {
  return AwaitStatus([&](StatusCallback done) { db.Submit(std::move(body), std::move(done)); });
}

absl::Status Read(Database& db, Database::Body body) {
  return AwaitStatus([&](StatusCallback done) { db.SubmitRead(std::move(body), std::move(done)); });
}

}  // namespace orderflow::database
