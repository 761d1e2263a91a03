// The contract of Database, on every database.

#include "common/database/database.h"

#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/await.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"
#include "common/database/test_gate.h"

namespace orderflow::database {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Migration kMigrations[] = {
    {1,
     "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT UNIQUE, bytes BYTEA, "
     "count BIGINT NOT NULL DEFAULT 0 CHECK (count >= 0));"
     "CREATE TABLE part (id BIGINT PRIMARY KEY, item BIGINT NOT NULL REFERENCES item (id))"},
};

constexpr char kInsert[] = "INSERT INTO item (id, name) VALUES ($1, $2)";

Database::Body Insert(int64_t id) {
  return [=](Transaction& txn) {
    return txn.Execute(kInsert, {id, absl::StrCat("item ", id)}).status();
  };
}

// Runs one statement as a body of its own.
absl::Status WriteSql(Database& db, std::string_view sql, std::vector<Parameter> parameters) {
  return Write(db, [&](Transaction& txn) {
    return txn.Execute(sql, absl::MakeConstSpan(parameters)).status();
  });
}

absl::StatusOr<std::vector<Row>> ReadSql(Database& db, std::string_view sql,
                                         std::vector<Parameter> parameters) {
  absl::StatusOr<std::vector<Row>> rows;
  const absl::Status status = Read(db, [&](Transaction& txn) {
    rows = txn.Query(sql, absl::MakeConstSpan(parameters));
    return rows.status();
  });
  if (!status.ok()) return status;
  return rows;
}

std::vector<int64_t> Ids(Database& db) {
  std::vector<int64_t> ids;
  const auto rows = ReadSql(db, "SELECT id FROM item ORDER BY id", {});
  EXPECT_THAT(rows, IsOk());
  for (const Row& row : *rows) ids.push_back(row.Int(0));
  return ids;
}

class DatabaseTest : public ::testing::TestWithParam<TestBackend> {
 protected:
  // One connection, so that a body that waits holds up all others.
  Options NewOptions() { return {.url = NewTestUrl(GetParam()), .name = "test", .connections = 1}; }
  std::unique_ptr<Database> Open(Options options) {
    absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(std::move(options), kMigrations);
    EXPECT_THAT(db, IsOk());
    return db.ok() ? *std::move(db) : nullptr;
  }
  std::unique_ptr<Database> OpenNew() { return Open(NewOptions()); }
};

INSTANTIATE_TEST_SUITE_P(Databases, DatabaseTest, ::testing::ValuesIn(AllTestBackends()),
                         TestBackendName);

TEST_P(DatabaseTest, EveryTypeComesBackAsItWent) {
  auto db = OpenNew();
  const Blob bytes{std::string("\0\xff'\\x00", 7)};
  const std::string text = "Größe \xf0\x9f\x93\xa6 'quoted' \\ $1";
  for (const int64_t id :
       {std::numeric_limits<int64_t>::min(), int64_t{0}, std::numeric_limits<int64_t>::max()}) {
    ASSERT_THAT(
        WriteSql(*db, "INSERT INTO item (id, name, bytes) VALUES ($1, $2, $3)",
                 {id, id == 0 ? Parameter() : Parameter(id < 0 ? std::string_view(text) : ""),
                  id == 0 ? Parameter() : Parameter(id < 0 ? bytes : Blob{})}),
        IsOk());
  }

  const auto rows = ReadSql(*db, "SELECT id, name, bytes FROM item ORDER BY id", {});

  ASSERT_THAT(rows, IsOk());
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].Int(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ((*rows)[0].Text(1), text);
  EXPECT_EQ((*rows)[0].Bytes(2), bytes.bytes);
  EXPECT_TRUE((*rows)[1].IsNull(1));
  EXPECT_TRUE((*rows)[1].IsNull(2));
  EXPECT_EQ((*rows)[1].OptionalText(1), std::nullopt);
  EXPECT_EQ((*rows)[2].Int(0), std::numeric_limits<int64_t>::max());
  EXPECT_EQ((*rows)[2].OptionalText(1), "");
  EXPECT_EQ((*rows)[2].Bytes(2), "");
}

TEST_P(DatabaseTest, ParametersGoByTheirNumber) {
  auto db = OpenNew();
  const auto rows = ReadSql(
      *db,
      "SELECT CAST($2 AS TEXT), CAST($1 AS BIGINT), CAST($2 AS TEXT) WHERE CAST($3 AS BIGINT) = 3",
      {1, "two", 3});
  ASSERT_THAT(rows, IsOk());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].Text(0), "two");
  EXPECT_EQ((*rows)[0].Int(1), 1);
  EXPECT_EQ((*rows)[0].Text(2), "two");
}

TEST_P(DatabaseTest, SumsAndCountsAreIntegers) {
  auto db = OpenNew();
  for (int64_t id = 1; id <= 3; ++id) ASSERT_THAT(Write(*db, Insert(id)), IsOk());
  const auto rows =
      ReadSql(*db, "SELECT COUNT(*), SUM(id), COALESCE(MAX(id), 0), 1 = 1 FROM item", {});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ((*rows)[0].Int(0), 3);
  EXPECT_EQ((*rows)[0].Int(1), 6);
  EXPECT_EQ((*rows)[0].OptionalInt(2), 3);
  EXPECT_EQ((*rows)[0].Int(3), 1);
}

TEST_P(DatabaseTest, ExecuteCountsChangedRows) {
  auto db = OpenNew();
  for (int64_t id = 1; id <= 3; ++id) ASSERT_THAT(Write(*db, Insert(id)), IsOk());
  EXPECT_THAT(
      Write(*db,
            [](Transaction& txn) -> absl::Status {
              EXPECT_THAT(txn.Execute("UPDATE item SET count = 1 WHERE id > $1", {1}),
                          IsOkAndHolds(2));
              EXPECT_THAT(txn.Execute("UPDATE item SET count = 1 WHERE id > $1", {9}),
                          IsOkAndHolds(0));
              EXPECT_THAT(txn.Execute("SELECT id FROM item", {}), IsOkAndHolds(0));
              EXPECT_THAT(
                  txn.Execute("INSERT INTO item (id) VALUES (1) ON CONFLICT DO NOTHING", {}),
                  IsOkAndHolds(0));
              EXPECT_THAT(txn.Execute("DELETE FROM item", {}), IsOkAndHolds(3));
              return absl::OkStatus();
            }),
      IsOk());
}

TEST_P(DatabaseTest, ReturningAnswersTheRowsOfAWrite) {
  auto db = OpenNew();
  EXPECT_THAT(Write(*db,
                    [](Transaction& txn) -> absl::Status {
                      const auto rows = txn.Query(
                          "INSERT INTO item (id, name) VALUES ($1, $2) RETURNING id, name",
                          {5, "five"});
                      ORDERFLOW_RETURN_IF_ERROR(rows.status());
                      EXPECT_EQ((*rows)[0].Int(0), 5);
                      EXPECT_EQ((*rows)[0].Text(1), "five");
                      return absl::OkStatus();
                    }),
              IsOk());
  EXPECT_THAT(Ids(*db), ElementsAre(5));
}

TEST_P(DatabaseTest, SeveralStatementsGoInOneCall) {
  auto db = OpenNew();
  ASSERT_THAT(Write(*db, Insert(1)), IsOk());
  EXPECT_THAT(Write(*db,
                    [](Transaction& txn) -> absl::Status {
                      const auto changed =
                          txn.ExecuteAll({{kInsert, {2, "two"}},
                                          {kInsert, {3, "three"}},
                                          {"UPDATE item SET count = $1", {7}},
                                          {"DELETE FROM item WHERE id > $1", {9}}});
                      EXPECT_THAT(changed, IsOkAndHolds(ElementsAre(1, 1, 3, 0)));
                      return changed.status();
                    }),
              IsOk());
  EXPECT_THAT(Ids(*db), ElementsAre(1, 2, 3));
}

TEST_P(DatabaseTest, OneOfSeveralStatementsFailsThemAll) {
  auto db = OpenNew();
  for (int attempt = 0; attempt < 2;
       ++attempt) {  // The second time some of them are prepared already.
    EXPECT_THAT(Write(*db,
                      [](Transaction& txn) {
                        return txn
                            .ExecuteAll({{kInsert, {1, "one"}},
                                         {kInsert, {1, "again"}},
                                         {"UPDATE item SET count = $1", {7}}})
                            .status();
                      }),
                StatusIs(absl::StatusCode::kAlreadyExists));
    EXPECT_THAT(Ids(*db), ElementsAre());
  }
  EXPECT_THAT(WriteSql(*db, "UPDATE item SET count = $1", {7}), IsOk());
}

TEST_P(DatabaseTest, ATakenKeyAlreadyExists) {
  auto db = OpenNew();
  ASSERT_THAT(Write(*db, Insert(1)), IsOk());
  EXPECT_THAT(Write(*db, Insert(1)), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(WriteSql(*db, kInsert, {2, "item 1"}), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_P(DatabaseTest, OtherBrokenConstraintsAreAFailedPrecondition) {
  auto db = OpenNew();
  ASSERT_THAT(Write(*db, Insert(1)), IsOk());
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_THAT(WriteSql(*db, "INSERT INTO part (id, item) VALUES ($1, $2)", {1, 99}),
              StatusIs(kFailed));
  EXPECT_THAT(WriteSql(*db, "UPDATE item SET count = $1", {-1}), StatusIs(kFailed));
  EXPECT_THAT(WriteSql(*db, "INSERT INTO part (id, item) VALUES ($1, $2)", {1, Parameter()}),
              StatusIs(kFailed));
}

TEST_P(DatabaseTest, OurOwnMistakesAreInternal) {
  auto db = OpenNew();
  constexpr auto kInternal = absl::StatusCode::kInternal;
  EXPECT_THAT(WriteSql(*db, "INSERT INTO nowhere VALUES ($1)", {1}), StatusIs(kInternal));
  EXPECT_THAT(WriteSql(*db, "SELEKT 1", {}), StatusIs(kInternal));
  EXPECT_THAT(WriteSql(*db, kInsert, {1}), StatusIs(kInternal));
  EXPECT_THAT(WriteSql(*db, kInsert, {1, "one", "more"}), StatusIs(kInternal));
  EXPECT_THAT(WriteSql(*db, "INSERT INTO item (id) VALUES (1); DELETE FROM item", {}),
              StatusIs(kInternal));
  EXPECT_THAT(Write(*db, Insert(1)), IsOk()) << "and the next one goes well";
}

TEST_P(DatabaseTest, TextWithANulIsRefused) {
  auto db = OpenNew();
  EXPECT_THAT(WriteSql(*db, kInsert, {1, std::string_view("a\0b", 3)}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("$2")));
}

TEST_P(DatabaseTest, AReadingBodyCannotWrite) {
  auto db = OpenNew();
  EXPECT_THAT(Read(*db, Insert(1)), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Ids(*db), ElementsAre());
}

TEST_P(DatabaseTest, ABodyThatFailsLeavesNothing) {
  auto db = OpenNew();
  EXPECT_THAT(Write(*db,
                    [](Transaction& txn) -> absl::Status {
                      ORDERFLOW_RETURN_IF_ERROR(Insert(1)(txn));
                      return absl::CancelledError("changed my mind");
                    }),
              StatusIs(absl::StatusCode::kCancelled, "changed my mind"));
  EXPECT_THAT(Ids(*db), ElementsAre());
}

TEST_P(DatabaseTest, ABodyThatOverlooksAFailedStatementFails) {
  auto db = OpenNew();
  ASSERT_THAT(Write(*db, Insert(1)), IsOk());
  EXPECT_THAT(Write(*db,
                    [](Transaction& txn) {
                      EXPECT_THAT(Insert(2)(txn), IsOk());
                      EXPECT_THAT(Insert(1)(txn), StatusIs(absl::StatusCode::kAlreadyExists));
                      EXPECT_THAT(Insert(3)(txn), StatusIs(absl::StatusCode::kAlreadyExists));
                      return absl::OkStatus();
                    }),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(Ids(*db), ElementsAre(1));
}

// Outcomes of bodies that were submitted while the database's only thread was held up.
class Outcomes {
 public:
  StatusCallback Next() {
    return [this, at = next_++](absl::Status status) {
      MutexLock lock(mutex_);
      outcomes_[at] = std::move(status);
      if (--open_ == 0) none_open_.Open();
    };
  }
  const std::vector<absl::Status>& Wait() {
    none_open_.Wait();
    return outcomes_;
  }
  explicit Outcomes(size_t count) : open_(count), outcomes_(count) {}

 private:
  size_t next_ = 0;
  Mutex mutex_;
  size_t open_;
  std::vector<absl::Status> outcomes_;
  Gate none_open_;
};

// Keeps the database's only thread in a body until it is let go.
class HeldDatabase {
 public:
  explicit HeldDatabase(Database& db) {
    db.Submit(
        [this](Transaction&) {
          reached_.Open();
          let_go_.Wait();
          return absl::OkStatus();
        },
        [this](absl::Status) { finished_.Open(); });
    reached_.Wait();
  }
  ~HeldDatabase() {
    let_go_.Open();
    finished_.Wait();
  }
  void LetGo() { let_go_.Open(); }

 private:
  Gate reached_, let_go_, finished_;
};

TEST_P(DatabaseTest, BodiesThatWaitShareOneCommit) {
  auto db = OpenNew();
  Outcomes outcomes(100);
  HeldDatabase held(*db);
  for (int64_t id = 0; id < 100; ++id) db->Submit(Insert(id), outcomes.Next());
  const Statistics before = db->statistics();
  EXPECT_EQ(before.queued, 100);

  held.LetGo();

  for (const absl::Status& outcome : outcomes.Wait()) EXPECT_THAT(outcome, IsOk());
  const Statistics after = db->statistics();
  EXPECT_LE(after.commits - before.commits, 2) << "the held body's and one for the hundred";
  EXPECT_EQ(after.bodies - before.bodies, 101);
  EXPECT_EQ(after.queued, 0);
  EXPECT_EQ(Ids(*db).size(), 100u);
}

TEST_P(DatabaseTest, ABatchTakesNoMoreThanItsLimit) {
  Options options = NewOptions();
  options.max_batch = 10;
  auto db = Open(options);
  Outcomes outcomes(100);
  HeldDatabase held(*db);
  const int64_t before = db->statistics().commits;
  for (int64_t id = 0; id < 100; ++id) db->Submit(Insert(id), outcomes.Next());
  held.LetGo();
  outcomes.Wait();
  EXPECT_EQ(db->statistics().commits - before, 11);
}

TEST_P(DatabaseTest, AFailingBodyDoesNotTakeItsNeighboursAlong) {
  auto db = OpenNew();
  ASSERT_THAT(Write(*db, Insert(3)), IsOk());
  Outcomes outcomes(6);
  {
    HeldDatabase held(*db);
    db->Submit(Insert(1), outcomes.Next());
    db->Submit([](Transaction&) { return absl::CancelledError("before any statement"); },
               outcomes.Next());
    db->Submit(Insert(2), outcomes.Next());
    db->Submit(
        [](Transaction& txn) -> absl::Status {
          ORDERFLOW_RETURN_IF_ERROR(Insert(9)(txn));
          return Insert(3)(txn);
        },
        outcomes.Next());
    db->Submit([](Transaction&) { return absl::OkStatus(); }, outcomes.Next());
    db->Submit(Insert(4), outcomes.Next());
  }
  constexpr auto kOk = absl::StatusCode::kOk;
  EXPECT_THAT(
      outcomes.Wait(),
      ElementsAre(StatusIs(kOk), StatusIs(absl::StatusCode::kCancelled), StatusIs(kOk),
                  StatusIs(absl::StatusCode::kAlreadyExists), StatusIs(kOk), StatusIs(kOk)));
  EXPECT_THAT(Ids(*db), ElementsAre(1, 2, 3, 4));
}

TEST_P(DatabaseTest, BeyondItsLimitTheQueueRefuses) {
  Options options = NewOptions();
  options.max_queued = 2;
  auto db = Open(options);
  Outcomes outcomes(3);
  HeldDatabase held(*db);
  for (int64_t id = 1; id <= 3; ++id) db->Submit(Insert(id), outcomes.Next());
  held.LetGo();
  EXPECT_THAT(outcomes.Wait(),
              ElementsAre(IsOk(), IsOk(),
                          StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("limit is 2"))));
  EXPECT_THAT(Ids(*db), ElementsAre(1, 2));
}

TEST_P(DatabaseTest, ReadsSeeWhatWasAcknowledged) {
  Options options = NewOptions();
  options.connections = 4;
  auto db = Open(options);
  for (int64_t id = 1; id <= 50; ++id) {
    ASSERT_THAT(Write(*db, Insert(id)), IsOk());
    const auto rows = ReadSql(*db, "SELECT name FROM item WHERE id = $1", {id});
    ASSERT_THAT(rows, IsOk());
    ASSERT_EQ(rows->size(), 1u) << id;
  }
}

TEST_P(DatabaseTest, TheValueOfABodyReachesItsCallback) {
  auto db = OpenNew();
  const auto add = [](Transaction& txn) -> absl::StatusOr<std::string> {
    ORDERFLOW_RETURN_IF_ERROR(Insert(7)(txn));
    return std::string("added");
  };
  const auto submit = [&](Callback<std::string> done) {
    db->Submit<std::string>(add, std::move(done));
  };
  EXPECT_THAT(Await<std::string>(submit), IsOkAndHolds("added"));
  EXPECT_THAT(Await<std::string>(submit), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_P(DatabaseTest, TheDestructorWaitsForEverythingSubmitted) {
  auto db = OpenNew();
  std::atomic<int> finished = 0;
  for (int64_t id = 0; id < 200; ++id) {
    db->Submit(Insert(id), [&](absl::Status status) {
      EXPECT_THAT(status, IsOk());
      ++finished;
    });
    db->SubmitRead([](Transaction& txn) { return txn.Query("SELECT 1", {}).status(); },
                   [&](absl::Status) { ++finished; });
  }
  db.reset();
  EXPECT_EQ(finished, 400);
}

TEST_P(DatabaseTest, ACallbackMaySubmitEvenWhileTheDatabaseEnds) {
  auto db = OpenNew();
  std::atomic<int> finished = 0;
  Database* raw = db.get();
  raw->Submit(Insert(1), [&, raw](absl::Status) {
    ++finished;
    raw->SubmitRead([](Transaction& txn) { return txn.Query("SELECT 1", {}).status(); },
                    [&, raw](absl::Status) {
                      ++finished;
                      raw->Submit(Insert(2), [&](absl::Status status) {
                        EXPECT_THAT(status, IsOk());
                        ++finished;
                      });
                    });
  });
  db.reset();
  EXPECT_EQ(finished, 3);
}

TEST_P(DatabaseTest, ManyThreadsMaySubmit) {
  Options options = NewOptions();
  options.connections = 4;
  auto db = Open(options);
  ASSERT_THAT(Write(*db, Insert(1)), IsOk());
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        const absl::Status status = Write(*db, [](Transaction& txn) {
          return txn.Execute("UPDATE item SET count = count + 1", {}).status();
        });
        if (status.ok()) ++succeeded;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 200);
  const auto rows = ReadSql(*db, "SELECT count FROM item", {});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ((*rows)[0].Int(0), 200);
}

using DatabaseOnDiskTest = DatabaseTest;

INSTANTIATE_TEST_SUITE_P(Databases, DatabaseOnDiskTest, ::testing::ValuesIn(TestBackends()),
                         TestBackendName);

TEST_P(DatabaseOnDiskTest, WhatWasAcknowledgedIsThereAfterReopening) {
  const Options options = NewOptions();
  ASSERT_THAT(Write(*Open(options), Insert(1)), IsOk());
  EXPECT_THAT(Ids(*Open(options)), ElementsAre(1));
}

TEST_P(DatabaseTest, CheckAnswersOk) {
  auto db = OpenNew();
  EXPECT_THAT(AwaitStatus([&](StatusCallback done) { db->Check(std::move(done)); }), IsOk());
}

}  // namespace
}  // namespace orderflow::database
