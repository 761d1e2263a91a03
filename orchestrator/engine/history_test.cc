#include "orchestrator/engine/history.h"

#include <algorithm>

#include "common/base/test_matchers.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/execution_log.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/journal_codec.h"
#include "orchestrator/engine/test_machines.h"

namespace orderflow::engine {
namespace {

using ::testing::ElementsAre;

constexpr char kTwoTasks[] = R"({"StartAt": "A", "States": {
    "A": {"Type": "Task", "Resource": "${First}", "Next": "B"},
    "B": {"Type": "Task", "Resource": "${Second}", "End": true}}})";

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() {
    record_.arn = "arn:aws:states:us-east-1:000000000000:execution:test:1";
    record_.name = "1";
    record_.revision = 1;
    record_.input = R"({"x":1})";
    record_.start_time = absl::FromUnixSeconds(1'700'000'000);
  }

  store::JournalRecord Success(int64_t sequence, asl::AttemptId attempt) {
    return EncodeInput(1, sequence,
                       {record_.start_time + absl::Seconds(sequence),
                        asl::TaskSucceeded{attempt, json::Value::Object({{"y", sequence}})}});
  }

  // The attempt that is open now, as the replay itself numbers it.
  asl::AttemptId OpenAttempt(const HistoryReplayer& replayer) {
    std::vector<asl::Effect> effects;
    replayer.execution().AppendOutstanding(effects);
    for (const asl::Effect& effect : effects) {
      if (const auto* task = std::get_if<asl::RunTask>(&effect)) return task->attempt;
    }
    return -1;
  }

  std::vector<std::string> Types() {
    std::vector<std::string> types;
    for (const auto& event : events_) types.emplace_back(event.type);
    return types;
  }

  const MachinePtr machine_ = TestMachine(kTwoTasks);
  store::ExecutionRecord record_;
  std::vector<asl::HistoryEvent> events_;
  EventBuffer sink_{events_};
};

TEST_F(HistoryTest, GrowsAsTheJournalIsFed) {
  HistoryReplayer replayer(machine_, record_, {});
  ASSERT_THAT(replayer.Start(sink_), IsOk());
  EXPECT_EQ(events_.front().type, "ExecutionStarted");
  const size_t at_start = events_.size();

  ASSERT_THAT(replayer.Feed({Success(1, OpenAttempt(replayer))}, sink_), IsOk());
  EXPECT_EQ(replayer.sequence(), 1);
  EXPECT_GT(events_.size(), at_start);
  ASSERT_THAT(replayer.Feed({Success(2, OpenAttempt(replayer))}, sink_), IsOk());
  EXPECT_EQ(events_.back().type, "ExecutionSucceeded");
  EXPECT_EQ(replayer.execution().status(), asl::Status::kSucceeded);
  for (size_t i = 0; i < events_.size(); ++i) EXPECT_EQ(events_[i].id, static_cast<int64_t>(i) + 1);
}

TEST_F(HistoryTest, IsTheSameWhetherFedAtOnceOrInPieces) {
  HistoryReplayer pieces(machine_, record_, {});
  ASSERT_THAT(pieces.Start(sink_), IsOk());
  const store::JournalRecord first = Success(1, OpenAttempt(pieces));
  ASSERT_THAT(pieces.Feed({first}, sink_), IsOk());
  const store::JournalRecord second = Success(2, OpenAttempt(pieces));
  ASSERT_THAT(pieces.Feed({second}, sink_), IsOk());
  const std::vector<std::string> expected = Types();

  events_.clear();
  HistoryReplayer whole(machine_, record_, {});
  ASSERT_THAT(whole.Start(sink_), IsOk());
  ASSERT_THAT(whole.Feed({first, second}, sink_), IsOk());
  EXPECT_EQ(Types(), expected);
}

// As it was journaled when only the attempt to run the task could find that out.
TEST_F(HistoryTest, AnActivityThatWasFoundMissingAfterItsScheduleStaysSo) {
  HistoryReplayer replayer(TestMachine(R"({"StartAt": "A", "States": {"A": {"Type": "Task",
      "Resource": "arn:aws:states:us-east-1:1:activity:gone", "End": true}}})"),
                           record_, {});
  ASSERT_THAT(replayer.Start(sink_), IsOk());
  const store::JournalRecord old = {
      .execution = 1,
      .sequence = 1,
      .kind = store::JournalRecord::Kind::kTaskFailed,
      .at = record_.start_time,
      .subject = 1,
      .payload = R"({"error":"States.Runtime","cause":"The activity is gone."})"};
  ASSERT_THAT(replayer.Feed({old}, sink_), IsOk());
  EXPECT_THAT(Types(), ElementsAre("ExecutionStarted", "TaskStateEntered", "ActivityScheduled",
                                   "ExecutionFailed"));
  EXPECT_EQ(events_.back().previous_id, 3);
}

TEST_F(HistoryTest, AGapInTheJournalIsDataLoss) {
  HistoryReplayer replayer(machine_, record_, {});
  ASSERT_THAT(replayer.Start(sink_), IsOk());
  EXPECT_THAT(replayer.Feed({Success(2, OpenAttempt(replayer))}, sink_),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(HistoryTest, ARecordThatDoesNotFollowIsDataLoss) {
  HistoryReplayer replayer(machine_, record_, {});
  ASSERT_THAT(replayer.Start(sink_), IsOk());
  EXPECT_THAT(replayer.Feed({Success(1, 12345)}, sink_), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace orderflow::engine
