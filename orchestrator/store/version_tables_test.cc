#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "orchestrator/store/test_execution_store.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VersionTablesTest : public ExecutionStoreTest {
 protected:
  absl::StatusOr<VersionRecord> Publish(const std::string& arn, const std::string& revision = "",
                                        const std::string& description = "") {
    return Await<VersionRecord>([&](auto done) {
      store().PublishVersion(arn, revision, description, kNow, std::move(done));
    });
  }
  absl::StatusOr<VersionRecord> GetVersion(const std::string& arn, int64_t number) {
    return Await<VersionRecord>(
        [&](auto done) { store().GetVersion(arn, number, std::move(done)); });
  }
  absl::Status DeleteVersion(const std::string& arn, int64_t number) {
    return AwaitStatus([&](auto done) { store().DeleteVersion(arn, number, std::move(done)); });
  }
  std::vector<int64_t> Versions(const std::string& arn) {
    std::vector<int64_t> numbers;
    std::string token;
    do {
      const auto page = Await<Page<VersionRecord>>(
          [&](auto done) { store().ListVersions(arn, 2, token, std::move(done)); });
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const VersionRecord& version : page->items) numbers.push_back(version.number);
      token = page->next.value_or("");
    } while (!token.empty());
    return numbers;
  }
  // Makes a new revision.
  void Change(StateMachineRecord machine, const std::string& definition) {
    machine.definition = definition;
    machine.revision_id = "id-" + definition;
    ASSERT_THAT(Update(machine), IsOk());
  }

  static AliasRecord AnAlias(const std::string& arn, std::vector<AliasRoute> routes,
                             std::string name = "PROD") {
    return {.machine_arn = arn,
            .name = std::move(name),
            .description = "described",
            .routes = std::move(routes),
            .create_time = kNow,
            .update_time = kNow};
  }
  absl::StatusOr<AliasRecord> CreateAlias(const AliasRecord& alias) {
    return Await<AliasRecord>([&](auto done) { store().CreateAlias(alias, std::move(done)); });
  }
  absl::StatusOr<AliasRecord> GetAlias(const std::string& arn, const std::string& name) {
    return Await<AliasRecord>([&](auto done) { store().GetAlias(arn, name, std::move(done)); });
  }
  absl::StatusOr<AliasRecord> UpdateAlias(const std::string& arn, const std::string& name,
                                          const VersionStore::AliasChange& change) {
    return Await<AliasRecord>(
        [&](auto done) { store().UpdateAlias(arn, name, change, std::move(done)); });
  }
  std::vector<std::string> Aliases(const std::string& arn, int64_t version = 0) {
    std::vector<std::string> names;
    std::string token;
    do {
      const auto page = Await<Page<AliasRecord>>(
          [&](auto done) { store().ListAliases(arn, version, 2, token, std::move(done)); });
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const AliasRecord& alias : page->items) names.push_back(alias.name);
      token = page->next.value_or("");
    } while (!token.empty());
    return names;
  }
};

TEST_P(VersionTablesTest, ARevisionGetsOneVersionAndEachNewOneAnother) {
  const StateMachineRecord machine = Machine();
  const auto first = Publish(machine.arn, "", "the first");
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->number, 1);
  EXPECT_EQ(first->revision, machine.revision);
  EXPECT_EQ(Publish(machine.arn)->number, 1);
  for (const char* definition : {"2", "3"}) {
    Change(machine, definition);
    ASSERT_THAT(Publish(machine.arn), IsOk());
  }
  EXPECT_THAT(Versions(machine.arn), ElementsAre(3, 2, 1));
  const auto read = GetVersion(machine.arn, 1);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->description, "the first");
  EXPECT_EQ(read->create_time, kNow);
  EXPECT_THAT(GetVersion(machine.arn, 4), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(VersionTablesTest, ANumberIsNotGivenAgainWhileTheMachineLives) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Publish(machine.arn), IsOk());
  EXPECT_THAT(DeleteVersion(machine.arn, 1), IsOk());
  EXPECT_THAT(DeleteVersion(machine.arn, 1), IsOk());
  EXPECT_EQ(Publish(machine.arn)->number, 2);
  ASSERT_THAT(Delete(machine.arn), IsOk());
  EXPECT_THAT(Publish(machine.arn), StatusIs(absl::StatusCode::kNotFound));
  Machine();
  EXPECT_THAT(Versions(machine.arn), IsEmpty());
  EXPECT_EQ(Publish(machine.arn)->number, 1);
}

TEST_P(VersionTablesTest, OnlyTheRevisionThatIsExpectedIsPublished) {
  const StateMachineRecord machine = Machine();
  EXPECT_THAT(Publish(machine.arn, machine.revision_id), IsOk());
  Change(machine, "2");
  EXPECT_THAT(Publish(machine.arn, machine.revision_id),
              StatusIs(absl::StatusCode::kFailedPrecondition, "id-2"));
  EXPECT_EQ(Publish(machine.arn, "id-2")->number, 2);
}

TEST_P(VersionTablesTest, AnAliasKeepsItsRoutesAndItsVersions) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Publish(machine.arn), IsOk());
  Change(machine, "2");
  ASSERT_THAT(Publish(machine.arn), IsOk());
  const AliasRecord alias = AnAlias(machine.arn, {{1, 70}, {2, 30}});
  ASSERT_THAT(CreateAlias(alias), IsOk());
  EXPECT_THAT(CreateAlias(alias), IsOk());
  EXPECT_THAT(CreateAlias(AnAlias(machine.arn, {{1, 60}, {2, 40}})),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(GetAlias(machine.arn, "PROD")->routes, alias.routes);
  EXPECT_THAT(DeleteVersion(machine.arn, 2),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("PROD")));
  ASSERT_THAT(
      UpdateAlias(machine.arn, "PROD",
                  {.description = {}, .routes = {{{1, 100}}}, .now = kNow + absl::Hours(1)}),
      IsOk());
  const auto updated = GetAlias(machine.arn, "PROD");
  EXPECT_THAT(updated->routes, ElementsAre(AliasRoute{1, 100}));
  EXPECT_EQ(updated->description, "described");
  EXPECT_EQ(updated->create_time, kNow);
  EXPECT_EQ(updated->update_time, kNow + absl::Hours(1));
  EXPECT_THAT(DeleteVersion(machine.arn, 2), IsOk());
  EXPECT_THAT(
      UpdateAlias(machine.arn, "PROD", {.description = {}, .routes = {{{2, 100}}}, .now = kNow}),
      StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(VersionTablesTest, AliasesAreListedInTheOrderOfTheirCreation) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Publish(machine.arn), IsOk());
  Change(machine, "2");
  ASSERT_THAT(Publish(machine.arn), IsOk());
  for (const char* name : {"c", "a", "b"}) {
    ASSERT_THAT(CreateAlias(AnAlias(machine.arn, {{1, 100}}, name)), IsOk());
  }
  ASSERT_THAT(CreateAlias(AnAlias(machine.arn, {{2, 100}}, "d")), IsOk());
  EXPECT_THAT(Aliases(machine.arn), ElementsAre("c", "a", "b", "d"));
  EXPECT_THAT(Aliases(machine.arn, 2), ElementsAre("d"));
  EXPECT_THAT(
      AwaitStatus([&](auto done) { store().DeleteAlias(machine.arn, "a", std::move(done)); }),
      IsOk());
  EXPECT_THAT(Aliases(machine.arn), ElementsAre("c", "b", "d"));
  ASSERT_THAT(Delete(machine.arn), IsOk());
  Machine();
  EXPECT_THAT(Aliases(machine.arn), IsEmpty());
}

TEST_P(VersionTablesTest, ExecutionsAreListedByWhatTheyWereStartedBy) {
  const StateMachineRecord machine = Machine();
  ASSERT_THAT(Publish(machine.arn), IsOk());
  for (const int64_t key : {1, 2, 3, 4}) {
    ExecutionRecord execution = AnExecution(machine, key);
    if (key > 1) execution.version = 1;
    if (key > 2) execution.alias = "PROD";
    ASSERT_THAT(Start(execution), IsOk());
  }
  ASSERT_THAT(Append({}, {Success(4)}), IsOk());
  ExecutionFilter filter;
  filter.state_machine_arn = machine.arn;
  EXPECT_THAT(Keys(filter), ElementsAre(4, 3, 2, 1));
  filter.version = 1;
  EXPECT_THAT(Keys(filter, 2), ElementsAre(4, 3, 2));
  filter.statuses = {ExecutionStatus::kRunning};
  EXPECT_THAT(Keys(filter), ElementsAre(3, 2));
  filter.version = 0;
  filter.alias = "PROD";
  EXPECT_THAT(Keys(filter), ElementsAre(3));
  filter.statuses = {ExecutionStatus::kSucceeded};
  EXPECT_THAT(Keys(filter), ElementsAre(4));
  const auto read = GetExecution(AnExecution(machine, 4).arn);
  EXPECT_EQ(read->version, 1);
  EXPECT_EQ(read->alias, "PROD");
}

TEST_P(VersionTablesTest, TagsAreChangedWhereTheyAre) {
  const StateMachineRecord machine = Machine();
  const auto change = [&](const VersionStore::TagChange& body) {
    return AwaitStatus([&](auto done) { store().ChangeTags(machine.arn, body, std::move(done)); });
  };
  EXPECT_THAT(change([](const std::string& tags) { return tags + "+"; }), IsOk());
  EXPECT_EQ(Get(machine.arn)->tags, machine.tags + "+");
  EXPECT_THAT(change([](const std::string&) -> absl::StatusOr<std::string> {
                return absl::ResourceExhaustedError("too many");
              }),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(Get(machine.arn)->tags, machine.tags + "+");
}

INSTANTIATE_TEST_SUITE_P(Databases, VersionTablesTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

}  // namespace
}  // namespace orderflow::store
