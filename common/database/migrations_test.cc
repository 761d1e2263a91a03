#include "common/database/migrations.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/base/test_matchers.h"
#include "common/database/test_database.h"

namespace orderflow::database {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Migration kOne[] = {
    {1, "CREATE TABLE a (id BIGINT PRIMARY KEY); INSERT INTO a (id) VALUES (1)"}};
constexpr Migration kTwo[] = {kOne[0], {2, "INSERT INTO a (id) VALUES (2)"}};
constexpr Migration kBroken[] = {
    kOne[0], {2, "INSERT INTO a (id) VALUES (3); INSERT INTO nowhere VALUES (1)"}};

class MigrationsTest : public ::testing::TestWithParam<TestBackend> {
 protected:
  absl::StatusOr<std::unique_ptr<Database>> Open(absl::Span<const Migration> migrations,
                                                 const std::string& name = "test") {
    return Database::Open({.url = url_, .name = name}, migrations);
  }
  int64_t Sum() {
    auto db = Open({}, "reader");
    int64_t sum = 0;
    EXPECT_THAT(Read(**db,
                     [&](Transaction& txn) -> absl::Status {
                       ORDERFLOW_ASSIGN_OR_RETURN(const auto rows,
                                                  txn.Query("SELECT SUM(id) FROM a", {}));
                       sum = rows[0].Int(0);
                       return absl::OkStatus();
                     }),
                IsOk());
    return sum;
  }

  const std::string url_ = NewTestUrl(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Databases, MigrationsTest, ::testing::ValuesIn(TestBackends()),
                         TestBackendName);

TEST_P(MigrationsTest, EachStepIsTakenOnce) {
  ASSERT_THAT(Open(kOne), IsOk());
  ASSERT_THAT(Open(kOne), IsOk());
  EXPECT_EQ(Sum(), 1);
  ASSERT_THAT(Open(kTwo), IsOk());
  ASSERT_THAT(Open(kTwo), IsOk());
  EXPECT_EQ(Sum(), 3);
}

TEST_P(MigrationsTest, ANewerSchemaIsRefused) {
  ASSERT_THAT(Open(kTwo), IsOk());
  EXPECT_THAT(Open(kOne), StatusIs(absl::StatusCode::kFailedPrecondition,
                                   AllOf(HasSubstr("has version 2"), HasSubstr("newer program"))));
}

TEST_P(MigrationsTest, ABrokenStepLeavesNothing) {
  EXPECT_THAT(Open(kBroken), StatusIs(absl::StatusCode::kInternal, HasSubstr("migration 2")));
  EXPECT_EQ(Sum(), 1);
  ASSERT_THAT(Open(kTwo), IsOk());
  EXPECT_EQ(Sum(), 3);
}

TEST_P(MigrationsTest, OwnersHaveTheirOwnVersions) {
  constexpr Migration kOther[] = {{1, "CREATE TABLE b (id BIGINT PRIMARY KEY)"}};
  ASSERT_THAT(Open(kTwo, "first"), IsOk());
  EXPECT_THAT(Open(kOther, "second"), IsOk());
}

TEST_P(MigrationsTest, ManyMayOpenAtTheSameTime) {
  std::vector<absl::Status> outcomes(4);
  std::vector<std::thread> threads;
  for (absl::Status& outcome : outcomes) {
    threads.emplace_back([&] { outcome = Open(kTwo).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& outcome : outcomes) EXPECT_THAT(outcome, IsOk());
  EXPECT_EQ(Sum(), 3);
}

}  // namespace
}  // namespace orderflow::database
