// What ExecutionStore promises about lists of executions, on every database.

#include "orchestrator/store/test_execution_store.h"

namespace orderflow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Twelve executions of two machines in all statuses: 1..6 of "orders", 7..12 of "other", each
// running, succeeded, failed with E1, failed with E2, timed out, aborted.
class ExecutionListTest : public ExecutionStoreTest {
 protected:
  void SetUp() override {
    orders_ = Machine("orders").arn;
    const StateMachineRecord orders = *Get(orders_), other = Machine("other");
    for (ExecutionKey key = 1; key <= 12; ++key) {
      ASSERT_THAT(Start(AnExecution(key <= 6 ? orders : other, key)), IsOk());
    }
    for (const ExecutionKey base : {0, 6}) {
      ASSERT_THAT(Append({}, {Success(base + 2), Failure(base + 3, "E1"), Failure(base + 4, "E2"),
                              Failure(base + 5, "E1", ExecutionStatus::kTimedOut),
                              Failure(base + 6, "E2", ExecutionStatus::kAborted)}),
                  IsOk());
    }
  }
  std::string orders_;
};

INSTANTIATE_TEST_SUITE_P(Databases, ExecutionListTest,
                         ::testing::ValuesIn(database::TestBackends()), database::TestBackendName);

TEST_P(ExecutionListTest, EachFilterGivesItsExecutionsNewestFirst) {
  using S = ExecutionStatus;
  EXPECT_THAT(Keys({}), ElementsAre(12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
  EXPECT_THAT(Keys({orders_, {}, ""}), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(Keys({"", {S::kRunning}, ""}), ElementsAre(7, 1));
  EXPECT_THAT(Keys({orders_, {S::kRunning}, ""}), ElementsAre(1));
  EXPECT_THAT(Keys({"", {S::kSucceeded}, ""}), ElementsAre(8, 2));
  EXPECT_THAT(Keys({"", {S::kFailed}, ""}), ElementsAre(10, 9, 4, 3));
  EXPECT_THAT(Keys({orders_, {S::kFailed}, ""}), ElementsAre(4, 3));
  EXPECT_THAT(Keys({orders_, {S::kTimedOut}, ""}), ElementsAre(5));
  EXPECT_THAT(Keys({orders_, {S::kAborted}, ""}), ElementsAre(6));
  EXPECT_THAT(Keys({"", {}, "E1"}), ElementsAre(11, 9, 5, 3));
  EXPECT_THAT(Keys({orders_, {}, "E2"}), ElementsAre(6, 4));
  EXPECT_THAT(Keys({orders_, {S::kFailed}, "E2"}), ElementsAre(4));
  EXPECT_THAT(Keys({"", {S::kTimedOut}, "E1"}), ElementsAre(11, 5));
  EXPECT_THAT(Keys({"", {S::kSucceeded}, "E1"}), IsEmpty());
  EXPECT_THAT(Keys({"", {S::kTimedOut, S::kAborted}, ""}), ElementsAre(12, 11, 6, 5));
  EXPECT_THAT(Keys({orders_, {S::kFailed, S::kTimedOut, S::kAborted}, "E1"}), ElementsAre(5, 3));
  EXPECT_THAT(Keys({"", {}, "unknown"}), IsEmpty());
  EXPECT_THAT(Keys({MachineArn("nobody"), {}, ""}), IsEmpty());
}

TEST_P(ExecutionListTest, EveryPageSizeGivesTheSameList) {
  const std::vector<ExecutionKey> all = Keys({}, 100);
  for (int size = 1; size <= 13; ++size) EXPECT_EQ(Keys({}, size), all) << size;
  EXPECT_FALSE(List({}, 12)->next.has_value()) << "the last page says that it is the last";
}

TEST_P(ExecutionListTest, AListedExecutionIsComplete) {
  const auto page = List({orders_, {ExecutionStatus::kFailed}, "E1"}, 10);
  ASSERT_THAT(page, IsOk());
  ASSERT_THAT(page->items, SizeIs(1));
  EXPECT_EQ(page->items[0].input, R"({"n":3})");
  EXPECT_EQ(page->items[0].state_machine_arn, orders_);
  EXPECT_EQ(page->items[0].error, "E1");
  EXPECT_EQ(page->items[0].failed_state, "Charge");
}

TEST_P(ExecutionListTest, AForeignTokenIsRefused) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const std::string token = *List({orders_, {}, ""}, 2)->next;
  EXPECT_THAT(List({orders_, {}, ""}, 2, token), IsOk());
  EXPECT_THAT(List({}, 2, token), StatusIs(kInvalid));
  EXPECT_THAT(List({orders_, {ExecutionStatus::kFailed}, ""}, 2, token), StatusIs(kInvalid));
  EXPECT_THAT(List({orders_, {}, "E1"}, 2, token), StatusIs(kInvalid));
  EXPECT_THAT(ListMachines(2, token), StatusIs(kInvalid));
  std::string tampered = token;
  tampered.back() = tampered.back() == 'A' ? 'B' : 'A';
  EXPECT_THAT(List({orders_, {}, ""}, 2, tampered), StatusIs(kInvalid));
  EXPECT_THAT(List({orders_, {}, ""}, 2, "nonsense"), StatusIs(kInvalid));
  EXPECT_THAT(List({}, -1), StatusIs(kInvalid));
  EXPECT_THAT(List({}, 1001), StatusIs(kInvalid));
}

TEST_P(ExecutionListTest, APageOfLargeExecutionsIsShort) {
  const StateMachineRecord machine = Machine("large");
  for (ExecutionKey key = 101; key <= 140; ++key) {
    ExecutionRecord large = AnExecution(machine, key);
    large.input = std::string(250'000, 'x');
    ASSERT_THAT(Start(large), IsOk());
  }
  const auto page = List({machine.arn, {}, ""}, 40);
  ASSERT_THAT(page, IsOk());
  EXPECT_LT(page->items.size(), 40u);
  EXPECT_TRUE(page->next.has_value());
  EXPECT_THAT(Keys({machine.arn, {}, ""}, 40), SizeIs(40));
}

constexpr char kRun[] = "arn:aws:states:us-east-1:000000000000:mapRun:orders/each:1";

// A child execution of the map run, with two items.
ExecutionRecord AChild(const StateMachineRecord& machine, ExecutionKey key) {
  ExecutionRecord record = AnExecution(machine, key);
  record.origin = absl::StrCat(ExecutionArn(machine.name, "parent"), "/", key, "/1");
  record.map_run_arn = kRun;
  record.map_state = "Each";
  record.items = 2;
  return record;
}

TEST_P(ExecutionListTest, ChildrenOfAMapRunAreListedByTheRunOnly) {
  const StateMachineRecord machine = Machine("each");
  ASSERT_THAT(Start(AnExecution(machine, 101)), IsOk());
  for (ExecutionKey key : {102, 103, 104}) ASSERT_THAT(Start(AChild(machine, key)), IsOk());
  ASSERT_THAT(Append({ARecord(103, 1)}, {Success(103)}), IsOk());
  EXPECT_THAT(Keys({machine.arn, {}, ""}), ElementsAre(101));
  EXPECT_THAT(Keys({machine.arn, {ExecutionStatus::kSucceeded}, ""}), IsEmpty());
  EXPECT_THAT(Keys({.map_run_arn = kRun}, 2), ElementsAre(104, 103, 102));
  EXPECT_THAT(Keys({.statuses = {ExecutionStatus::kRunning}, .map_run_arn = kRun}),
              ElementsAre(104, 102));
  EXPECT_THAT(Keys({.statuses = {ExecutionStatus::kSucceeded}, .map_run_arn = kRun}),
              ElementsAre(103));

  const auto child = GetExecution(AChild(machine, 102).arn);
  ASSERT_THAT(child, IsOk());
  EXPECT_EQ(child->origin, AChild(machine, 102).origin);
  EXPECT_EQ(child->map_run_arn, kRun);
  EXPECT_EQ(child->map_state, "Each");
  EXPECT_EQ(child->items, 2);
  EXPECT_EQ(child->state_machine_arn, machine.arn);
  ASSERT_EQ(Unfinished(101, 10).size(), 2u);
  EXPECT_EQ(Unfinished(101, 10)[0].execution.map_run_arn, kRun);
}

TEST_P(ExecutionListTest, AMapRunIsKnownByItsChildren) {
  const StateMachineRecord machine = Machine("each");
  const auto parent = [&] {
    return Await<std::string>([&](auto done) { store().GetMapRunParent(kRun, std::move(done)); });
  };
  EXPECT_TRUE(absl::IsNotFound(parent().status()));
  ASSERT_THAT(Start(AChild(machine, 101)), IsOk());
  EXPECT_THAT(parent(), IsOkAndHolds(ExecutionArn(machine.name, "parent")));
}

}  // namespace
}  // namespace orderflow::store
