#include "orchestrator/store/activity_directory.h"

#include <future>

#include "gmock/gmock.h"
#include "orchestrator/store/test_execution_store.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ActivityRecord Named(const std::string& name) {
  return {.arn = name, .name = name, .tags = "", .create_time = kNow};
}

// Keeps what it is asked until the test answers it.
class HeldActivities final : public ActivityStore {
 public:
  void CreateActivity(ActivityRecord record, Callback<ActivityRecord> done) override {
    asked.push_back("create " + record.arn);
    answers.push_back([record, done = std::move(done)](absl::Status status) mutable {
      if (!status.ok()) return std::move(done)(std::move(status));
      std::move(done)(std::move(record));
    });
  }
  void DeleteActivity(std::string arn, StatusCallback done) override {
    asked.push_back("delete " + arn);
    answers.push_back(std::move(done));
  }
  void ChangeActivityTags(std::string, ActivityTagChange, StatusCallback) override { FAIL(); }
  void GetActivity(std::string, Callback<ActivityRecord>) override { FAIL(); }
  void ListActivities(int, std::string, Callback<Page<ActivityRecord>> done) override {
    std::move(done)(absl::UnavailableError("no database"));
  }

  void AnswerFirst(absl::Status status = absl::OkStatus()) {
    StatusCallback answer = std::move(answers.front());
    answers.pop_front();
    std::move(answer)(std::move(status));
  }

  std::vector<std::string> asked;
  std::deque<StatusCallback> answers;
};

class ActivityDirectoryTest : public ::testing::Test {
 protected:
  void Create(const std::string& name) {
    directory_.CreateActivity(Named(name), [this, name](absl::StatusOr<ActivityRecord> created) {
      Told(name, created.ok() ? "created" : "not created");
    });
  }
  void Delete(const std::string& name) {
    directory_.DeleteActivity(name, [this, name](absl::Status) { Told(name, "deleted"); });
  }
  bool Exists(const std::string& name) { return directory_.Missing({name}).empty(); }
  void Told(const std::string& name, const std::string& what) {
    told_.push_back(name + " " + what + (Exists(name) ? ": exists" : ": is missing"));
  }

  HeldActivities store_;
  ActivityDirectory directory_{store_};
  std::vector<std::string> told_;  // and what the directory knew at that moment
};

TEST_F(ActivityDirectoryTest, WhoIsAnsweredFindsTheChangeMade) {
  Create("a");
  EXPECT_FALSE(Exists("a")) << "nobody was told of it";
  store_.AnswerFirst();
  Delete("a");
  EXPECT_TRUE(Exists("a"));
  store_.AnswerFirst();
  EXPECT_THAT(told_, ElementsAre("a created: exists", "a deleted: is missing"));
  EXPECT_THAT(directory_.Missing({"a", "b"}), ElementsAre("a", "b"));
}

TEST_F(ActivityDirectoryTest, ChangesOfOneActivityAreMadeInTheirOrder) {
  Create("a");
  Delete("a");
  Create("a");
  Create("b");
  EXPECT_THAT(store_.asked, ElementsAre("create a", "create b")) << "the others do not wait";
  store_.AnswerFirst();
  store_.AnswerFirst();
  store_.AnswerFirst();
  store_.AnswerFirst();
  EXPECT_THAT(store_.asked, ElementsAre("create a", "create b", "delete a", "create a"));
  EXPECT_THAT(told_, ElementsAre("a created: exists", "b created: exists", "a deleted: is missing",
                                 "a created: exists"));
  Delete("a");
  EXPECT_EQ(store_.asked.back(), "delete a") << "nothing is under way any more";
}

TEST_F(ActivityDirectoryTest, WhatNobodyKnowsCountsAsExisting) {
  Create("a");
  store_.AnswerFirst(absl::UnavailableError("lost while it committed"));
  EXPECT_THAT(told_, ElementsAre("a not created: exists"));
  Delete("a");
  store_.AnswerFirst(absl::UnavailableError("the same"));
  EXPECT_TRUE(Exists("a"));
}

TEST_F(ActivityDirectoryTest, WhatCannotBeReadIsSaid) {
  absl::Status loaded;
  directory_.Load([&loaded](absl::Status status) { loaded = std::move(status); });
  EXPECT_THAT(loaded, StatusIs(absl::StatusCode::kUnavailable));
}

class LoadedDirectoryTest : public ExecutionStoreTest {};

INSTANTIATE_TEST_SUITE_P(Databases, LoadedDirectoryTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

TEST_P(LoadedDirectoryTest, AllThatTheDatabaseHasIsKnownAfterAStart) {
  std::vector<std::string> names;
  for (int i = 0; i < 1001; ++i) names.push_back(absl::StrCat("a", i));  // more than one page
  std::vector<std::future<void>> made;
  for (const std::string& name : names) {
    auto promise = std::make_shared<std::promise<void>>();
    made.push_back(promise->get_future());
    store().CreateActivity(Named(name), [promise](absl::StatusOr<ActivityRecord> created) {
      EXPECT_THAT(created, IsOk());
      promise->set_value();
    });
  }
  for (std::future<void>& done : made) done.get();

  ActivityDirectory directory(store());
  ASSERT_THAT(AwaitStatus([&](auto done) { directory.Load(std::move(done)); }), IsOk());
  EXPECT_THAT(directory.Missing(names), IsEmpty());
  EXPECT_THAT(directory.Missing({"a7", "b7"}), ElementsAre("b7"));
  ASSERT_THAT(AwaitStatus([&](auto done) { directory.DeleteActivity("a7", std::move(done)); }),
              IsOk());
  EXPECT_THAT(directory.Missing({"a7"}), ElementsAre("a7"));
  store_.reset();  // answers nothing any more
}

}  // namespace
}  // namespace orderflow::store
