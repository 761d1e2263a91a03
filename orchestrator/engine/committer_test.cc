#include "orchestrator/engine/committer.h"

#include <deque>

#include "common/base/test_matchers.h"
#include "gtest/gtest.h"

namespace orderflow::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Keeps what it is given until the test answers.
class HeldJournal final : public store::Journal {
 public:
  void Start(store::ExecutionRecord, Callback<store::StartOutcome>) override { FAIL(); }
  void Append(store::Batch batch, StatusCallback done) override {
    held.push_back({std::move(batch), std::move(done)});
  }

  void AnswerFirst(absl::Status status) {
    auto first = std::move(held.front());
    held.pop_front();
    std::move(first.second)(std::move(status));
  }

  std::deque<std::pair<store::Batch, StatusCallback>> held;
};

class CommitterTest : public ::testing::Test {
 protected:
  Turn ATurn(store::ExecutionKey execution, int64_t sequence) {
    Turn turn;
    turn.execution = execution;
    turn.sequence = sequence;
    turn.input = {kNow, asl::TimerFired{sequence}};
    return turn;
  }
  void Add(store::ExecutionKey execution, int64_t sequence) {
    committer_.Add(ATurn(execution, sequence));
  }

  // Lets the journal answer its oldest batch and hands the answer on.
  Committer::Settled Answer(absl::Status status, absl::Time now = kNow) {
    journal_.AnswerFirst(std::move(status));
    std::vector<Message> messages;
    inbox_->Drain(messages);
    auto& done = std::get<BatchDone>(messages.at(0));
    return committer_.OnDone(done.number, done.status, now);
  }

  std::vector<store::ExecutionKey> Executions(const std::vector<Turn>& turns) {
    std::vector<store::ExecutionKey> keys;
    for (const Turn& turn : turns) keys.push_back(turn.execution);
    return keys;
  }
  std::vector<store::ExecutionKey> Held(size_t index) {
    std::vector<store::ExecutionKey> keys;
    for (const auto& record : journal_.held.at(index).first.records)
      keys.push_back(record.execution);
    return keys;
  }

  HeldJournal journal_;
  std::vector<std::string> reports_;
  std::function<void(std::string)> report_ = [this](std::string text) {
    reports_.push_back(std::move(text));
  };
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  Committer committer_{journal_, inbox_, /*max_in_flight=*/2, report_};
};

TEST_F(CommitterTest, TurnsGatherWhileBatchesAreUnderWay) {
  Add(1, 1);
  committer_.Flush();
  Add(2, 1);
  committer_.Flush();
  Add(3, 1);
  Add(4, 1);
  committer_.Flush();
  ASSERT_EQ(journal_.held.size(), 2u);
  EXPECT_THAT(Executions(Answer(absl::OkStatus()).durable), ElementsAre(1));
  committer_.Flush();
  ASSERT_EQ(journal_.held.size(), 2u);
  EXPECT_THAT(Held(1), ElementsAre(3, 4));
}

TEST_F(CommitterTest, AnEndTravelsWithItsTurn) {
  Turn turn = ATurn(1, 2);
  turn.result = std::make_unique<ExecutionResult>();
  turn.result->status = store::ExecutionStatus::kFailed;
  turn.result->stop_time = kNow;
  turn.result->error = "E";
  committer_.Add(std::move(turn));
  Turn start_only = ATurn(2, 0);
  start_only.result = std::make_unique<ExecutionResult>();
  start_only.result->output = "{}";
  committer_.Add(std::move(start_only));
  committer_.Flush();
  const store::Batch& batch = journal_.held.at(0).first;
  EXPECT_EQ(batch.records.size(), 1u) << "a start is on record already";
  ASSERT_EQ(batch.ends.size(), 2u);
  EXPECT_EQ(batch.ends[0].error, "E");
  EXPECT_EQ(batch.ends[0].output, std::nullopt);
  EXPECT_EQ(batch.ends[1].output, "{}");
}

TEST_F(CommitterTest, AnOutageLosesNothingAndHoldsTheRestBack) {
  Add(1, 1);
  committer_.Flush();
  EXPECT_THAT(Answer(absl::UnavailableError("disk full")).durable, IsEmpty());
  EXPECT_EQ(committer_.counters().failing, 1);
  EXPECT_EQ(reports_.size(), 1u);
  Add(2, 1);
  committer_.Flush();
  EXPECT_TRUE(journal_.held.empty()) << "the open batch waits for the end of the outage";

  ASSERT_TRUE(committer_.NextRetry());
  committer_.Retry(*committer_.NextRetry() - absl::Microseconds(1));
  EXPECT_TRUE(journal_.held.empty());
  committer_.Retry(*committer_.NextRetry());
  EXPECT_THAT(Held(0), ElementsAre(1));
  EXPECT_THAT(Executions(Answer(absl::OkStatus()).durable), ElementsAre(1));
  EXPECT_EQ(committer_.counters().failing, 0);
  EXPECT_EQ(reports_.size(), 2u);
  committer_.Flush();
  EXPECT_THAT(Held(0), ElementsAre(2));
}

TEST_F(CommitterTest, PausesGrowUpToALimitAndStartAnewAfterASuccess) {
  Add(1, 1);
  committer_.Flush();
  absl::Time now = kNow;
  absl::Duration last;
  for (int i = 0; i < 10; ++i) {
    Answer(absl::UnavailableError("disk full"), now);
    const absl::Duration pause = *committer_.NextRetry() - now;
    EXPECT_GE(pause, last);
    EXPECT_LE(pause, absl::Seconds(5));
    last = pause;
    now += pause;
    committer_.Retry(now);
  }
  EXPECT_EQ(last, absl::Seconds(5));
  Answer(absl::OkStatus(), now);
  Add(1, 2);
  committer_.Flush();
  Answer(absl::UnavailableError("disk full"), now);
  EXPECT_LT(*committer_.NextRetry() - now, absl::Seconds(1));
}

TEST_F(CommitterTest, OnlyTheExecutionOfAnotherWriterIsLetGoOf) {
  Add(1, 1);
  Add(2, 1);
  Add(1, 2);
  committer_.Flush();
  Committer::Settled settled = Answer(absl::AbortedError("another writer"));
  EXPECT_TRUE(settled.durable.empty() && settled.fenced.empty()) << "not known yet which one it is";
  ASSERT_EQ(journal_.held.size(), 2u);
  EXPECT_THAT(Held(0), ElementsAre(1, 1)) << "in their order";
  EXPECT_THAT(Executions(Answer(absl::AbortedError("another writer")).fenced), ElementsAre(1, 1));
  EXPECT_THAT(Executions(Answer(absl::OkStatus()).durable), ElementsAre(2));
  EXPECT_TRUE(committer_.idle());
}

TEST_F(CommitterTest, ARecordThatTheJournalCannotTakeDoesNotHoldTheOthersBack) {
  Add(1, 1);
  Add(2, 1);
  committer_.Flush();
  Answer(absl::InternalError("no such text"));
  Answer(absl::InternalError("no such text"));
  EXPECT_THAT(Executions(Answer(absl::OkStatus()).durable), ElementsAre(2));
  EXPECT_EQ(committer_.counters().failing, 1);
  Add(3, 1);
  committer_.Flush();
  EXPECT_THAT(Executions(Answer(absl::OkStatus()).durable), ElementsAre(3));
  EXPECT_FALSE(committer_.idle()) << "the bad one is kept";
}

TEST_F(CommitterTest, AtTheEndWhatFailsIsDropped) {
  Add(1, 1);
  committer_.Flush();
  Answer(absl::UnavailableError("disk full"));
  Add(2, 1);
  committer_.StopRetrying();
  EXPECT_TRUE(committer_.idle());
}

TEST_F(CommitterTest, AtTheEndWhatIsUnderWayIsWaitedFor) {
  Add(1, 1);
  committer_.Flush();
  committer_.StopRetrying();
  EXPECT_FALSE(committer_.idle());
  Add(2, 1);
  EXPECT_TRUE(Answer(absl::UnavailableError("disk full")).durable.empty());
  EXPECT_TRUE(committer_.idle()) << "with the disk full, nothing else can be saved";
}

}  // namespace
}  // namespace orderflow::engine
