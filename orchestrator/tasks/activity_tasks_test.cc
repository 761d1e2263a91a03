#include "orchestrator/tasks/activity_tasks.h"

#include <deque>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"

namespace orderflow::tasks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Answer = absl::StatusOr<std::optional<ActivityOffer>>;

constexpr char kPack[] = "arn:aws:states:us-east-1:000000000000:activity:pack";
constexpr char kSend[] = "arn:aws:states:us-east-1:000000000000:activity:send";

class ActivityTasksTest : public ::testing::Test {
 protected:
  ActivityTasksTest() {
    ActivityTasks::Options options;
    options.max_waiting_workers = 3;
    options.take = [this](const std::string& token, std::optional<std::string> worker,
                          StatusCallback done) {
      taken_.push_back(absl::StrCat(token, " by ", worker.value_or("nobody")));
      takes_.push_back(std::move(done));
      if (!hold_) AnswerTake(absl::OkStatus());
    };
    tasks_.emplace(std::move(options));
  }

  std::unique_ptr<RunningTask> Run(const std::string& token, const char* activity = kPack) {
    TaskCall call;
    call.resource = activity;
    call.task_token = token;
    call.input = json::Value::Object({{"for", token}});
    return tasks_->Run(std::move(call), [](TaskOutcome) { ADD_FAILURE() << "told by its token"; });
  }

  std::shared_ptr<ActivityTasks::Poll> Ask(const std::string& worker,
                                           const char* activity = kPack) {
    auto poll = ActivityTasks::NewPoll();
    Ask(poll, worker, activity);
    return poll;
  }
  void Ask(const std::shared_ptr<ActivityTasks::Poll>& poll, const std::string& worker,
           const char* activity = kPack) {
    tasks_->Ask(poll, activity, worker, [this, worker](Answer answer) {
      answers_.push_back(
          absl::StrCat(worker, ": ",
                       !answer.ok() ? std::string(absl::StatusCodeToString(answer.status().code()))
                       : !answer->has_value() ? "nothing"
                                              : (*answer)->task_token));
    });
  }
  void AnswerTake(absl::Status status) {
    StatusCallback take = std::move(takes_.front());
    takes_.pop_front();
    std::move(take)(std::move(status));
  }

  bool hold_ = false;  // AnswerTake is called by the test
  std::vector<std::string> taken_, answers_;
  std::deque<StatusCallback> takes_;
  std::optional<ActivityTasks> tasks_;
};

TEST_F(ActivityTasksTest, TasksGoOutInTheOrderTheyCame) {
  const auto one = Run("t1");
  const auto two = Run("t2");
  Ask("a");
  Ask("b");
  EXPECT_THAT(answers_, ElementsAre("a: t1", "b: t2"));
  EXPECT_THAT(taken_, ElementsAre("t1 by a", "t2 by b"));
}

TEST_F(ActivityTasksTest, WorkersAreServedInTheOrderTheyCame) {
  Ask("a");
  Ask("b");
  Ask("elsewhere", kSend);
  EXPECT_THAT(answers_, IsEmpty());
  const auto one = Run("t1");
  const auto two = Run("t2");
  EXPECT_THAT(answers_, ElementsAre("a: t1", "b: t2"));
}

TEST_F(ActivityTasksTest, ATaskIsOfferedOnlyWhenItIsOnRecord) {
  hold_ = true;
  const auto task = Run("t1");
  Ask("a");
  EXPECT_THAT(answers_, IsEmpty());
  AnswerTake(absl::OkStatus());
  EXPECT_THAT(answers_, ElementsAre("a: t1"));
}

TEST_F(ActivityTasksTest, AWorkerWhoLeavesWhileItGetsATaskLeavesItToTheNext) {
  hold_ = true;
  const auto first = Ask("a");
  const auto task = Run("t1");
  Ask("b");
  tasks_->End(first);
  AnswerTake(absl::OkStatus());
  EXPECT_THAT(answers_, ElementsAre("b: t1", "a: nothing"));
  EXPECT_THAT(taken_, ElementsAre("t1 by a"));  // it is on record once
}

TEST_F(ActivityTasksTest, AWorkerWhoHasLeftGetsNothing) {
  const auto poll = Ask("a");
  tasks_->End(poll);
  tasks_->End(poll);
  const auto early = ActivityTasks::NewPoll();
  tasks_->End(early);
  Ask(early, "early");
  const auto task = Run("t1");
  EXPECT_THAT(answers_, ElementsAre("a: nothing", "early: nothing"));
  EXPECT_THAT(taken_, IsEmpty());
}

TEST_F(ActivityTasksTest, ATaskThatIsOverIsNotHandedOut) {
  auto one = Run("t1");
  one.reset();
  Ask("a");
  EXPECT_THAT(answers_, IsEmpty());
  const auto two = Run("t2");
  EXPECT_THAT(answers_, ElementsAre("a: t2"));
}

TEST_F(ActivityTasksTest, AWorkerKeepsItsPlaceIfItsTaskIsOverInTheMeantime) {
  hold_ = true;
  Ask("a");
  Ask("b");
  const auto one = Run("t1");
  AnswerTake(absl::FailedPreconditionError("stopped"));
  EXPECT_THAT(answers_, IsEmpty());
  const auto two = Run("t2");
  AnswerTake(absl::OkStatus());
  EXPECT_THAT(answers_, ElementsAre("a: t2"));
}

TEST_F(ActivityTasksTest, WhoCannotWriteTellsTheWorker) {
  hold_ = true;
  Ask("a");
  const auto task = Run("t1");
  AnswerTake(absl::UnavailableError("shutting down"));
  EXPECT_THAT(answers_, ElementsAre("a: UNAVAILABLE"));
}

TEST_F(ActivityTasksTest, TooManyWorkersAreRefused) {
  for (const char* worker : {"a", "b", "c", "d"}) Ask(worker);
  EXPECT_THAT(answers_, ElementsAre("d: RESOURCE_EXHAUSTED"));
  tasks_->EndAll();
  EXPECT_THAT(answers_,
              ElementsAre("d: RESOURCE_EXHAUSTED", "a: nothing", "b: nothing", "c: nothing"));
  Ask("late");
  EXPECT_EQ(answers_.back(), "late: nothing");
}

TEST_F(ActivityTasksTest, OnlyActivitiesAreCarriedOut) {
  EXPECT_EQ(tasks_->CheckResource(kPack), std::nullopt);
  EXPECT_THAT(tasks_->CheckResource("arn:aws:states:us-east-1:1:activity:").value_or(""),
              HasSubstr("is no activity"));
}

}  // namespace
}  // namespace orderflow::tasks
