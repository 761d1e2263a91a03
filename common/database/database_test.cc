#include "common/database/database.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/await.h"
#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"

namespace orderflow::database {
namespace {

constexpr Migration kMigrations[] = {
    {1, "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT UNIQUE, bytes BYTEA)"},
};

class DatabaseTest : public ::testing::TestWithParam<TestBackend> {
 protected:
  std::unique_ptr<Database> Open(Options options) {
    absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(std::move(options), kMigrations);
    EXPECT_THAT(db, IsOk());
    return db.ok() ? *std::move(db) : nullptr;
  }
  std::unique_ptr<Database> OpenNew() { return Open({.url = NewTestUrl(GetParam()), .name = "test"}); }
};

INSTANTIATE_TEST_SUITE_P(Databases, DatabaseTest, ::testing::ValuesIn(AllTestBackends()), TestBackendName);

Database::Body Insert(int64_t id, std::string name) {
  return [=](Transaction& txn) {
    return txn.Execute("INSERT INTO item (id, name) VALUES ($1, $2)", {id, name}).status();
  };
}

TEST_P(DatabaseTest, ACommittedRowIsRead) {
  auto db = OpenNew();
  ASSERT_THAT(Write(*db, Insert(7, "seven")), IsOk());
  const absl::StatusOr<std::string> name = Await<std::string>([&](Callback<std::string> done) {
    db->SubmitRead<std::string>(
        [](Transaction& txn) -> absl::StatusOr<std::string> {
          ORDERFLOW_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                                     txn.Query("SELECT name FROM item WHERE id = $1", {7}));
          if (rows.empty()) return absl::NotFoundError("no item 7");
          return rows[0].Text(0);
        },
        std::move(done));
  });
  EXPECT_THAT(name, IsOkAndHolds("seven"));
}

}  // namespace
}  // namespace orderflow::database
