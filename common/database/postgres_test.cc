// What is particular to PostgreSQL: lost races, lost connections, servers that are not there.

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/database.h"
#include "common/database/postgres_error.h"
#include "common/database/test_database.h"
#include "common/database/test_gate.h"
#include "common/database/test_proxy.h"

namespace orderflow::database {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;
constexpr Migration kMigrations[] = {{1,
                                      "CREATE TABLE item (id BIGINT PRIMARY KEY, count BIGINT NOT "
                                      "NULL); INSERT INTO item VALUES (1, 0), (2, 0)"}};

Database::Body Insert(int64_t id) {
  return [=](Transaction& txn) {
    return txn.Execute("INSERT INTO item (id, count) VALUES ($1, 0)", {id}).status();
  };
}

Database::Body Increment(int64_t id) {
  return [=](Transaction& txn) {
    return txn.Execute("UPDATE item SET count = count + 1 WHERE id = $1", {id}).status();
  };
}

// Instantiated where there is a server.
class PostgresTest : public ::testing::TestWithParam<TestBackend> {
 protected:
  absl::StatusOr<std::unique_ptr<Database>> TryOpen(const std::string& url, int connections) {
    return Database::Open({.url = url, .name = "test", .connections = connections}, kMigrations);
  }
  std::unique_ptr<Database> Open(const std::string& url, int connections = 1) {
    auto db = TryOpen(url, connections);
    EXPECT_THAT(db, IsOk());
    return db.ok() ? *std::move(db) : nullptr;
  }
  std::unique_ptr<Database> Open(int connections = 1) { return Open(url_, connections); }
  // The test's url, by way of a proxy that listens in `directory`.
  std::string UrlThrough(const std::string& directory) {
    const std::string escaped = absl::StrReplaceAll(directory, {{"/", "%2F"}});
    const size_t host = url_.find('@') + 1;
    return absl::StrCat(url_.substr(0, host), escaped, url_.substr(url_.find(':', host)));
  }
  static int64_t Count(Database& db, std::string_view sql) {
    int64_t count = -1;
    EXPECT_THAT(Read(db,
                     [&](Transaction& txn) -> absl::Status {
                       ORDERFLOW_ASSIGN_OR_RETURN(const auto rows, txn.Query(sql, {}));
                       count = rows[0].Int(0);
                       return absl::OkStatus();
                     }),
                IsOk());
    return count;
  }

  const std::string url_ = NewTestUrl(GetParam());
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresTest);

std::vector<TestBackend> OnlyPostgres() {
  std::vector<TestBackend> backends = TestBackends();
  std::erase_if(backends, [](TestBackend backend) { return backend != TestBackend::kPostgres; });
  return backends;
}

INSTANTIATE_TEST_SUITE_P(Databases, PostgresTest, ::testing::ValuesIn(OnlyPostgres()),
                         TestBackendName);

// Changes `first`, waits until the other body has changed what is its first, and then wants that,
// too: a deadlock, unless it runs again.
Database::Body Cross(int64_t first, int64_t second, Gate& mine, Gate& other,
                     std::atomic<int>& runs) {
  return [=, &mine, &other, &runs](Transaction& txn) -> absl::Status {
    ++runs;
    ORDERFLOW_RETURN_IF_ERROR(Increment(first)(txn));
    mine.Open();
    other.Wait();
    return Increment(second)(txn);
  };
}

TEST_P(PostgresTest, ALostRaceIsRunAgain) {
  auto one = Open(), two = Open();
  Gate first, second, finished;
  std::atomic<int> runs = 0;
  absl::Status outcome;
  one->Submit(Cross(1, 2, first, second, runs), [&](absl::Status status) {
    outcome = std::move(status);
    finished.Open();
  });
  EXPECT_THAT(Write(*two, Cross(2, 1, second, first, runs)), IsOk());
  finished.Wait();
  EXPECT_THAT(outcome, IsOk());
  EXPECT_GT(runs, 2) << "there was a deadlock";
  EXPECT_EQ(Count(*one, "SELECT SUM(count) FROM item"), 4);
}

TEST_P(PostgresTest, ABatchThatLosesARaceIsRunAgainAsAWhole) {
  auto one = Open(), two = Open();
  Gate hold, first, second;
  std::atomic<int> runs = 0, succeeded = 0;
  const auto count = [&](absl::Status status) {
    EXPECT_THAT(status, IsOk());
    ++succeeded;
  };
  one->Submit(
      [&](Transaction&) {
        hold.Wait();
        return absl::OkStatus();
      },
      count);
  for (int64_t id = 10; id < 20; ++id) one->Submit(Insert(id), count);
  one->Submit(Cross(1, 2, first, second, runs), count);
  for (int64_t id = 20; id < 30; ++id) one->Submit(Insert(id), count);
  hold.Open();
  EXPECT_THAT(Write(*two, Cross(2, 1, second, first, runs)), IsOk());
  one.reset();
  EXPECT_EQ(succeeded, 22);
  EXPECT_EQ(Count(*two, "SELECT COUNT(*) FROM item"), 22);
}

TEST_P(PostgresTest, AConnectionThatWasLostIsMadeAgain) {
  // A name of its own: other tests use the same server at the same time.
  const std::string name = absl::StrCat("lost_", getpid());
  auto db = Open(absl::StrCat(url_, "&application_name=", name), 2), killer = Open();
  ASSERT_THAT(Write(*db, Insert(3)), IsOk());
  ASSERT_GT(
      Count(*killer,
            absl::StrCat("SELECT COUNT(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity "
                         "WHERE application_name = '",
                         name, "'")),
      0);
  for (int64_t id = 4; id < 10; ++id) EXPECT_THAT(Write(*db, Insert(id)), IsOk());
  EXPECT_EQ(Count(*db, "SELECT COUNT(*) FROM item"), 9);
}

TEST_P(PostgresTest, ABodyWhoseConnectionIsLostBeforeTheCommitRunsAgain) {
  auto db = Open(), killer = Open();
  std::atomic<int> runs = 0;
  EXPECT_THAT(Write(*db,
                    [&](Transaction& txn) -> absl::Status {
                      ORDERFLOW_RETURN_IF_ERROR(Insert(3)(txn));
                      if (++runs == 1) {
                        ORDERFLOW_ASSIGN_OR_RETURN(const auto pid,
                                                   txn.Query("SELECT pg_backend_pid()", {}));
                        Count(*killer, absl::StrCat("SELECT COUNT(pg_terminate_backend(",
                                                    pid[0].Int(0), ", 60000))"));
                      }
                      return Insert(4)(txn);
                    }),
              IsOk());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Count(*db, "SELECT COUNT(*) FROM item"), 4);
}

TEST_P(PostgresTest, ACommitWithoutAnAnswerIsUnavailableAndNotRunAgain) {
  TestProxy proxy(std::getenv("ORDERFLOW_TEST_POSTGRES_DIRECTORY"));
  auto db = Open(UrlThrough(proxy.directory()));
  ASSERT_THAT(Write(*db, Insert(3)), IsOk());
  proxy.DropAnswerTo("COMMIT");
  std::atomic<int> runs = 0;
  EXPECT_THAT(Write(*db,
                    [&](Transaction& txn) {
                      ++runs;
                      return Insert(4)(txn);
                    }),
              StatusIs(kUnavailable, HasSubstr("not known whether")));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(Count(*db, "SELECT COUNT(*) FROM item"), 4) << "here it was";
}

TEST_P(PostgresTest, AServerThatComesBackSoonIsNotMissed) {
  TestProxy proxy(std::getenv("ORDERFLOW_TEST_POSTGRES_DIRECTORY"));
  auto db = Open(UrlThrough(proxy.directory()));
  ASSERT_THAT(Write(*db, Insert(3)), IsOk());
  proxy.GoAway();
  Gate finished;
  absl::Status outcome;
  db->Submit(Insert(4), [&](absl::Status status) {
    outcome = std::move(status);
    finished.Open();
  });
  proxy.ComeBack();
  finished.Wait();
  EXPECT_THAT(outcome, IsOk());
}

TEST_P(PostgresTest, AServerThatStaysAwayIsUnavailable) {
  TestProxy proxy(std::getenv("ORDERFLOW_TEST_POSTGRES_DIRECTORY"));
  auto db = Open(UrlThrough(proxy.directory()));
  proxy.GoAway();
  EXPECT_THAT(Write(*db, Insert(3)), StatusIs(kUnavailable, HasSubstr("cannot be reached")));
  EXPECT_THAT(AwaitStatus([&](StatusCallback done) { db->Check(std::move(done)); }),
              StatusIs(kUnavailable));
  proxy.ComeBack();
  absl::Status status;
  do {  // The next attempt may have to be due first.
    status = Write(*db, Insert(3));
  } while (absl::IsUnavailable(status));
  EXPECT_THAT(status, IsOk());
}

TEST_P(PostgresTest, TheDestructorDoesNotWaitForAServerThatIsAway) {
  TestProxy proxy(std::getenv("ORDERFLOW_TEST_POSTGRES_DIRECTORY"));
  auto db = Open(UrlThrough(proxy.directory()), 2);
  proxy.GoAway();
  std::atomic<int> unavailable = 0;
  for (int64_t id = 10; id < 20; ++id) {
    db->Submit(Insert(id),
               [&](absl::Status status) { unavailable += absl::IsUnavailable(status) ? 1 : 0; });
  }
  db.reset();
  EXPECT_EQ(unavailable, 10);
}

TEST_P(PostgresTest, AStatementThatTakesTooLongIsUnavailable) {
  ASSERT_NE(Open(), nullptr);  // the migrations have no need to be that fast
  auto db = Database::Open(
      {.url = url_, .name = "test", .connections = 1, .statement_timeout = absl::Seconds(2)},
      kMigrations);
  ASSERT_THAT(db, IsOk());
  EXPECT_THAT(
      Write(**db,
            [](Transaction& txn) { return txn.Query("SELECT 1 FROM pg_sleep(60)", {}).status(); }),
      StatusIs(kUnavailable, HasSubstr("took too long")));
  absl::Status status;
  do {  // The limit is for this one, too.
    status = Write(**db, Insert(3));
  } while (absl::IsUnavailable(status));
  EXPECT_THAT(status, IsOk());
}

TEST_P(PostgresTest, ManyDifferentStatementsAreForgottenAgain) {
  auto db = Open();
  EXPECT_THAT(
      Write(*db,
            [](Transaction& txn) -> absl::Status {
              for (int i = 0; i < 1200; ++i) {
                ORDERFLOW_RETURN_IF_ERROR(txn.Query(absl::StrCat("SELECT ", i), {}).status());
              }
              return absl::OkStatus();
            }),
      IsOk());
  EXPECT_LE(Count(*db, "SELECT COUNT(*) FROM pg_prepared_statements"), 500);
}

TEST(PostgresUrlTest, AnUnreachableServerIsUnavailableAndItsPasswordIsNotTold) {
  EXPECT_THAT(Database::Open({.url = "postgresql://u:secret@%2Fnowhere:1/d", .name = "test"}, {}),
              StatusIs(kUnavailable, AllOf(HasSubstr("/nowhere"), Not(HasSubstr("secret")))));
}

TEST(PostgresUrlTest, AnUnreadableUrlIsInvalidAndItsPasswordIsNotTold) {
  EXPECT_THAT(Database::Open({.url = "postgresql://u:secret@[h:1/d?x", .name = "test"}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr("secret"))));
}

TEST(PostgresErrorTest, EachSqlStateHasItsMeaning) {
  EXPECT_EQ(MeaningOfSqlState("40001").fate, Fate::kRaceLost);
  EXPECT_EQ(MeaningOfSqlState("40P01").fate, Fate::kRaceLost);
  EXPECT_EQ(MeaningOfSqlState("40003").fate, Fate::kUnknown);
  EXPECT_EQ(MeaningOfSqlState("23505").code, absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(MeaningOfSqlState("23503").code, absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(MeaningOfSqlState("22021").code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MeaningOfSqlState("42601").code, absl::StatusCode::kInternal);
  EXPECT_EQ(MeaningOfSqlState("08006").code, kUnavailable);
  EXPECT_EQ(MeaningOfSqlState("08P01").code, absl::StatusCode::kInternal);
  EXPECT_EQ(MeaningOfSqlState("53100").hint, "disk full: ");
  EXPECT_EQ(MeaningOfSqlState("").code, absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace orderflow::database
