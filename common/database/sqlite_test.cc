// What is particular to SQLite: one writer in order, full disks, failed syncs, the log.

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/database.h"
#include "common/database/test_database.h"
#include "common/database/test_gate.h"

namespace {
std::atomic<bool> syncs_fail = false;
std::atomic<bool> disk_is_full = false;
}  // namespace

// These stand in for libc's, which SQLite calls.
extern "C" int fdatasync(int fd) {
  if (syncs_fail) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  if (disk_is_full) {
    errno = ENOSPC;
    return -1;
  }
  return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

namespace orderflow::database {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;
constexpr Migration kMigrations[] = {{1, "CREATE TABLE item (id BIGINT PRIMARY KEY, text TEXT)"}};

Database::Body Insert(int64_t id, std::string text = "") {
  return [=](Transaction& txn) {
    return txn.Execute("INSERT INTO item (id, text) VALUES ($1, $2)", {id, text}).status();
  };
}

class SqliteTest : public ::testing::Test {
 protected:
  void TearDown() override { syncs_fail = disk_is_full = false; }

  absl::StatusOr<std::unique_ptr<Database>> TryOpen(absl::Duration timeout = absl::Seconds(10)) {
    return Database::Open({.url = url_, .name = "test", .statement_timeout = timeout}, kMigrations);
  }
  std::unique_ptr<Database> Open(absl::Duration timeout = absl::Seconds(10)) {
    auto db = TryOpen(timeout);
    EXPECT_THAT(db, IsOk());
    return db.ok() ? *std::move(db) : nullptr;
  }
  static int64_t CountRows(Database& db) {
    int64_t count = -1;
    EXPECT_THAT(Read(db,
                     [&](Transaction& txn) -> absl::Status {
                       ORDERFLOW_ASSIGN_OR_RETURN(const auto rows,
                                                  txn.Query("SELECT COUNT(*) FROM item", {}));
                       count = rows[0].Int(0);
                       return absl::OkStatus();
                     }),
                IsOk());
    return count;
  }

  const std::string url_ = NewTestUrl(TestBackend::kSqliteFile);
  const std::string path_ = url_.substr(std::string("sqlite:").size());
};

TEST_F(SqliteTest, BodiesOfOneThreadRunInOrder) {
  auto db = Open();
  std::vector<int> order;  // Only the writer's thread touches it until the database has ended.
  for (int i = 0; i < 500; ++i) {
    db->Submit(
        [&order, i](Transaction&) {
          order.push_back(i);
          return absl::OkStatus();
        },
        [](absl::Status) {});
  }
  db.reset();
  for (int i = 0; i < 500; ++i) ASSERT_EQ(order[i], i);
}

TEST_F(SqliteTest, TheFileIsForItsOwnerOnly) {
  Open();
  struct stat file = {}, directory = {};
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  ASSERT_EQ(stat(std::filesystem::path(path_).parent_path().c_str(), &directory), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  EXPECT_EQ(directory.st_mode & 0777, 0700u);
}

TEST_F(SqliteTest, APlainPathIsAnUrl) {
  EXPECT_THAT(Database::Open({.url = path_, .name = "test"}, kMigrations), IsOk());
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SqliteTest, WhatIsNoUrlIsInvalid) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(Database::Open({.url = "", .name = "test"}, {}), StatusIs(kInvalid));
  EXPECT_THAT(Database::Open({.url = "sqlite:", .name = "test"}, {}), StatusIs(kInvalid));
  EXPECT_THAT(Database::Open({.url = "mysql://u:secret@h/d", .name = "test"}, {}),
              StatusIs(kInvalid, ::testing::Not(HasSubstr("secret"))));
}

TEST_F(SqliteTest, WhatCannotBeOpenedIsUnavailableAndNamed) {
  EXPECT_THAT(Database::Open({.url = "sqlite:/proc/nowhere/x.db", .name = "test"}, kMigrations),
              StatusIs(kUnavailable, HasSubstr("/proc/nowhere")));
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path());
  std::ofstream(path_) << std::string(10'000, '?');
  EXPECT_THAT(TryOpen(),
              StatusIs(kUnavailable, AllOf(HasSubstr(path_), HasSubstr("not a database"))));
}

TEST_F(SqliteTest, AnotherProcessesLockIsUnavailableUntilItIsGone) {
  auto db = Open(absl::Milliseconds(20));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_THAT(Write(*db, Insert(1)),
              StatusIs(kUnavailable, HasSubstr("another process holds the lock")));
  EXPECT_EQ(CountRows(*db), 0) << "reads go on";
  sqlite3_close(other);
  EXPECT_THAT(Write(*db, Insert(1)), IsOk());
}

// Limits the file to what it has now and `pages` more.
absl::Status LimitPages(Database& db, int64_t pages) {
  return Write(db, [pages](Transaction& txn) -> absl::Status {
    ORDERFLOW_ASSIGN_OR_RETURN(const auto rows, txn.Query("PRAGMA page_count", {}));
    return txn.Query(absl::StrCat("PRAGMA max_page_count=", rows[0].Int(0) + pages), {}).status();
  });
}

TEST_F(SqliteTest, AFullDatabaseIsUnavailableUntilThereIsSpace) {
  auto db = Open();
  ASSERT_THAT(LimitPages(*db, 10), IsOk());
  EXPECT_THAT(Write(*db, Insert(1, std::string(100'000, 'x'))),
              StatusIs(kUnavailable, HasSubstr("disk full")));
  EXPECT_EQ(CountRows(*db), 0);
  ASSERT_THAT(LimitPages(*db, 1000), IsOk());
  EXPECT_THAT(Write(*db, Insert(1, std::string(100'000, 'x'))), IsOk());
}

TEST_F(SqliteTest, TheBodyThatDoesNotFitFailsAlone) {
  auto db = Open();
  ASSERT_THAT(LimitPages(*db, 10), IsOk());
  std::vector<absl::Status> outcomes(9);
  Gate hold;
  db->Submit(
      [&](Transaction&) {
        hold.Wait();
        return absl::OkStatus();
      },
      [](absl::Status) {});
  for (int i = 0; i < 9; ++i) {
    db->Submit(Insert(i, i == 4 ? std::string(100'000, 'x') : "small"),
               [&, i](absl::Status status) { outcomes[i] = std::move(status); });
  }
  hold.Open();
  db.reset();
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(outcomes[i].code(), i == 4 ? kUnavailable : absl::StatusCode::kOk)
        << i << ": " << outcomes[i];
  }
  EXPECT_EQ(CountRows(*Open()), 8);
}

TEST_F(SqliteTest, AFullDiskIsUnavailableUntilThereIsSpace) {
  auto db = Open();
  ASSERT_THAT(Write(*db, Insert(1)), IsOk());
  disk_is_full = true;
  for (int64_t id = 2; id <= 4; ++id) {
    EXPECT_THAT(Write(*db, Insert(id)), StatusIs(kUnavailable, HasSubstr("disk full")));
  }
  EXPECT_EQ(CountRows(*db), 1) << "reads go on";
  disk_is_full = false;
  EXPECT_THAT(Write(*db, Insert(5)), IsOk());
  EXPECT_EQ(CountRows(*db), 2);
  EXPECT_GE(db->statistics().failed_commits, 3);
  db.reset();
  EXPECT_EQ(CountRows(*Open()), 2);
}

// The process that is to die is the test program started anew: it gets its database from here, so
// that somebody is left to remove it.
TEST(SqliteSyncTest, AFailedSyncEndsTheProcess) {
  constexpr char kUrl[] = "ORDERFLOW_SYNC_TEST_URL";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::string url =
      std::getenv(kUrl) != nullptr ? std::getenv(kUrl) : NewTestUrl(TestBackend::kSqliteFile);
  setenv(kUrl, url.c_str(), 1);
  EXPECT_EXIT(
      {
        auto db = Database::Open({.url = url, .name = "test"}, kMigrations);
        syncs_fail = true;
        Write(**db, Insert(1)).IgnoreError();
      },
      ::testing::ExitedWithCode(70), "FATAL: .* of database .* failed .*not known what is on disk");
  unsetenv(kUrl);
}

TEST_F(SqliteTest, TheLogIsCopiedAndStartedAnewWhileTheWriterIsBusy) {
  constexpr int64_t kRows = 1500;
  constexpr uintmax_t kRoundBytes = kRows / 10 * 4096;  // at least: a row fills most of a page
  constexpr int kMaxRounds = 1000;
  auto db = Open();
  ASSERT_THAT(Write(*db,
                    [](Transaction& txn) -> absl::Status {
                      for (int64_t id = 0; id < kRows; ++id) {
                        ORDERFLOW_RETURN_IF_ERROR(Insert(id, std::string(3000, 'x'))(txn));
                      }
                      return absl::OkStatus();
                    }),
              IsOk());
  // Each of these rewrites a tenth of the pages. How far the log grows before it is copied is the
  // scheduler's affair, so they go on until it has less than half of what was written: its file
  // never shrinks.
  const auto log_bytes = [this] { return std::filesystem::file_size(path_ + "-wal"); };
  int round = 0;
  for (; round < 100 || log_bytes() > round * kRoundBytes / 2; ++round) {
    ASSERT_LT(round, kMaxRounds) << "a log of " << log_bytes() << " bytes";
    ASSERT_THAT(Write(*db,
                      [round](Transaction& txn) {
                        return txn
                            .Execute("UPDATE item SET text = text || 'y' WHERE id % 10 = $1",
                                     {round % 10})
                            .status();
                      }),
                IsOk());
  }
  EXPECT_GE(std::filesystem::file_size(path_), kRows * 3000) << "the pages are in the file itself";
}

}  // namespace
}  // namespace orderflow::database
