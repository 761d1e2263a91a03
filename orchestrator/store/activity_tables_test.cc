// Activities and secrets, on each database.

#include "gmock/gmock.h"
#include "orchestrator/store/test_execution_store.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;

class ActivityTablesTest : public ExecutionStoreTest {
 protected:
  static ActivityRecord AnActivity(const std::string& name) {
    return {.arn = absl::StrCat("arn:aws:states:us-east-1:000000000000:activity:", name),
            .name = name,
            .tags = R"([{"key":"a"}])",
            .create_time = kNow};
  }
  absl::StatusOr<ActivityRecord> CreateActivity(const ActivityRecord& record) {
    return Await<ActivityRecord>(
        [&](auto done) { store().CreateActivity(record, std::move(done)); });
  }
  absl::StatusOr<ActivityRecord> GetActivity(const std::string& arn) {
    return Await<ActivityRecord>([&](auto done) { store().GetActivity(arn, std::move(done)); });
  }
  absl::StatusOr<Page<ActivityRecord>> ListActivities(int size, const std::string& token = "") {
    return Await<Page<ActivityRecord>>(
        [&](auto done) { store().ListActivities(size, token, std::move(done)); });
  }
  std::string KeepSecret(const std::string& name, const std::string& proposed) {
    const auto secret =
        Await<std::string>([&](auto done) { store().KeepSecret(name, proposed, std::move(done)); });
    EXPECT_THAT(secret, IsOk());
    return secret.value_or("");
  }
  static std::vector<std::string> Names(const absl::StatusOr<Page<ActivityRecord>>& page) {
    std::vector<std::string> names;
    for (const ActivityRecord& record : page->items) names.push_back(record.name);
    return names;
  }
};

TEST_P(ActivityTablesTest, AnActivityIsMadeOnce) {
  ActivityRecord first = AnActivity("pack");
  ASSERT_THAT(CreateActivity(first), IsOk());
  ActivityRecord again = first;
  again.create_time += absl::Hours(1);
  again.tags = "";
  const auto known = CreateActivity(again);
  ASSERT_THAT(known, IsOk());
  EXPECT_EQ(known->create_time, kNow);
  EXPECT_EQ(known->tags, first.tags);
  EXPECT_EQ(GetActivity(first.arn)->name, "pack");
}

TEST_P(ActivityTablesTest, ADeletedActivityIsGone) {
  const ActivityRecord record = AnActivity("pack");
  ASSERT_THAT(CreateActivity(record), IsOk());
  const auto remove = [&] {
    return AwaitStatus([&](auto done) { store().DeleteActivity(record.arn, std::move(done)); });
  };
  EXPECT_THAT(remove(), IsOk());
  EXPECT_THAT(remove(), IsOk());
  EXPECT_TRUE(absl::IsNotFound(GetActivity(record.arn).status()));
}

TEST_P(ActivityTablesTest, ActivitiesAreListedInTheOrderOfTheirCreation) {
  for (const char* name : {"c", "a", "b"}) ASSERT_THAT(CreateActivity(AnActivity(name)), IsOk());
  const auto first = ListActivities(2);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Names(first), ElementsAre("c", "a"));
  ASSERT_TRUE(first->next.has_value());
  const auto second = ListActivities(2, *first->next);
  ASSERT_THAT(second, IsOk());
  EXPECT_THAT(Names(second), ElementsAre("b"));
  EXPECT_FALSE(second->next.has_value());
  EXPECT_TRUE(absl::IsInvalidArgument(ListActivities(2, "no token").status()));
}

TEST_P(ActivityTablesTest, TagsAreMadeOfThoseThatAreThere) {
  const ActivityRecord record = AnActivity("a");
  ASSERT_THAT(CreateActivity(record), IsOk());
  const auto change = [&](const std::string& arn, ActivityStore::ActivityTagChange make) {
    return AwaitStatus([&](auto done) { store().ChangeActivityTags(arn, make, std::move(done)); });
  };
  const auto append = [](const std::string& tags) -> absl::StatusOr<std::string> {
    return tags + "+";
  };
  EXPECT_THAT(change(record.arn, append), IsOk());
  EXPECT_EQ(GetActivity(record.arn)->tags, record.tags + "+");
  const auto refuse = [](const std::string&) -> absl::StatusOr<std::string> {
    return absl::ResourceExhaustedError("too many");
  };
  EXPECT_TRUE(absl::IsResourceExhausted(change(record.arn, refuse)));
  EXPECT_EQ(GetActivity(record.arn)->tags, record.tags + "+");
  EXPECT_TRUE(absl::IsNotFound(change("none", append)));
}

TEST_P(ActivityTablesTest, TheFirstSecretIsKept) {
  EXPECT_EQ(KeepSecret("tokens", "one"), "one");
  EXPECT_EQ(KeepSecret("tokens", "two"), "one");
  EXPECT_EQ(KeepSecret("others", "two"), "two");
  store_ = nullptr;
  store_ = Open();
  EXPECT_EQ(KeepSecret("tokens", "three"), "one");
}

INSTANTIATE_TEST_SUITE_P(Databases, ActivityTablesTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

}  // namespace
}  // namespace orderflow::store
