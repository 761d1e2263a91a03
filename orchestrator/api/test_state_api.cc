#include "orchestrator/api/test_state_api.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/test_state_messages.h"
#include "orchestrator/api/uuid.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::api {
namespace {

using workflow::v1::TestStateResponse;

absl::StatusOr<TestStateResponse> Concluded(asl::StateTest& test,
                                            workflow::v1::InspectionLevel level) {
  asl::StateTest::Outcome outcome = test.Result();
  if (const auto* refusal = std::get_if<asl::Refusal>(&outcome)) return ToStatus(*refusal);
  return ToResponse(std::get<asl::TestedState>(outcome), level);
}

absl::Status GoingDown() {
  return StatesError("ServiceUnavailable", "the orchestrator is going down");
}

tasks::TaskCall CallOf(asl::RunTask task, const std::string& execution_arn, absl::Time latest) {
  tasks::TaskCall call;
  call.resource = std::move(task.resource);
  call.input = std::move(task.input);
  call.idempotency_key = absl::StrCat(execution_arn, "/", task.task);
  call.execution_arn = execution_arn;
  call.try_number = task.try_number;
  call.deadline = std::min(task.deadline.value_or(absl::InfiniteFuture()), latest);
  return call;
}

}  // namespace

// A test whose Task is under way. Whoever takes it out of UnderWay tells the caller.
class TestStateApi::Running {
 public:
  // `request` is what the task sends, where that is to be shown.
  Running(std::unique_ptr<asl::StateTest> test, workflow::v1::InspectionLevel level,
          std::optional<tasks::ShownRequest> request, Callback<TestStateResponse> done)
      : test_(std::move(test)),
        level_(level),
        request_(std::move(request)),
        done_(std::move(done)) {}

  // The task may be over by now: then the handle is not wanted any more.
  void Keep(std::unique_ptr<tasks::RunningTask> task) {
    MutexLock lock(mutex_);
    if (!over_) task_.swap(task);
  }

  void Finish(tasks::TaskOutcome outcome, absl::Time now) {
    const std::unique_ptr<tasks::RunningTask> task = TakeTask();
    test_->Answer(outcome, now);
    absl::StatusOr<TestStateResponse> response = Concluded(*test_, level_);
    if (response.ok() && request_.has_value())
      SetExchange(*request_, outcome, *response->mutable_inspection_data());
    std::move(done_)(std::move(response));
  }

  void GiveUp() {
    if (const std::unique_ptr<tasks::RunningTask> task = TakeTask()) task->Cancel();
    std::move(done_)(GoingDown());
  }

 private:
  std::unique_ptr<tasks::RunningTask> TakeTask() {
    MutexLock lock(mutex_);
    over_ = true;
    return std::move(task_);
  }

  const std::unique_ptr<asl::StateTest> test_;
  const workflow::v1::InspectionLevel level_;
  const std::optional<tasks::ShownRequest> request_;
  Callback<TestStateResponse> done_;

  Mutex mutex_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<tasks::RunningTask> task_ ABSL_GUARDED_BY(mutex_);
};

// All of them. Thread-safe.
class TestStateApi::UnderWay {
 public:
  using Tests = absl::flat_hash_set<std::shared_ptr<Running>>;

  // False: all have been ended.
  bool Add(const std::shared_ptr<Running>& running) {
    MutexLock lock(mutex_);
    return !ended_ && running_.insert(running).second;
  }

  // False: another has it.
  bool Remove(const std::shared_ptr<Running>& running) {
    MutexLock lock(mutex_);
    return running_.erase(running) > 0;
  }

  Tests End() {
    MutexLock lock(mutex_);
    ended_ = true;
    return std::exchange(running_, {});
  }

 private:
  Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  Tests running_ ABSL_GUARDED_BY(mutex_);
};

TestStateApi::TestStateApi(Options options, const MachineRegistry& registry,
                           tasks::TaskRunner& runner, const Clock& clock)
    : options_(std::move(options)),
      registry_(registry),
      runner_(runner),
      clock_(clock),
      under_way_(std::make_shared<UnderWay>()) {}
TestStateApi::~TestStateApi() = default;

// As if it were an execution of an EXPRESS machine that nobody can find.
asl::ExecutionContext TestStateApi::NewContext(const std::string& role_arn) const {
  asl::ExecutionContext context;
  context.state_machine_name = NewUuid();
  context.state_machine_arn =
      engine::StateMachineArn(options_.region, options_.account, context.state_machine_name);
  context.execution_name = NewUuid();
  context.execution_arn =
      absl::StrCat("arn:aws:states:", options_.region, ":", options_.account,
                   ":express:", context.state_machine_name, ":", context.execution_name);
  context.role_arn = role_arn;
  context.start_time = clock_.Now();
  context.token_key = NewSecret();
  return context;
}

void TestStateApi::Test(const workflow::v1::TestStateRequest& request,
                        Callback<TestStateResponse> done) {
  absl::StatusOr<asl::StateTestRequest> asked =
      ReadTestState(request, options_.limits.max_payload_bytes);
  if (!asked.ok()) return std::move(done)(asked.status());
  asl::ExecutionContext context = NewContext(request.role_arn());
  const std::string execution_arn = context.execution_arn;
  asl::StateTest::Prepared prepared = asl::StateTest::Prepare(
      *std::move(asked), registry_.DefinitionOptions(store::MachineType::kStandard),
      std::move(context), options_.limits);
  if (const auto* refusal = std::get_if<asl::Refusal>(&prepared))
    return std::move(done)(ToStatus(*refusal));
  auto test = std::get<std::unique_ptr<asl::StateTest>>(std::move(prepared));
  const absl::Time now = clock_.Now();
  std::optional<asl::RunTask> task = test->Begin(now);
  if (!task.has_value()) return std::move(done)(Concluded(*test, request.inspection_level()));
  std::optional<tasks::ShownRequest> sent;
  if (request.inspection_level() == workflow::v1::INSPECTION_LEVEL_TRACE)
    sent = runner_.ShowRequest(task->resource, task->input, request.reveal_secrets());
  Run(std::make_shared<Running>(std::move(test), request.inspection_level(), std::move(sent),
                                std::move(done)),
      CallOf(*std::move(task), execution_arn, now + kMaxTestTime));
}

void TestStateApi::Run(std::shared_ptr<Running> running, tasks::TaskCall call) {
  if (!under_way_->Add(running)) return running->GiveUp();
  // The clock is asked only where nobody has ended the tests, so while it is there.
  running->Keep(runner_.Run(std::move(call), [under_way = under_way_, &clock = clock_,
                                              running](tasks::TaskOutcome outcome) {
    if (under_way->Remove(running)) running->Finish(std::move(outcome), clock.Now());
  }));
}

void TestStateApi::EndAll() {
  for (const std::shared_ptr<Running>& test : under_way_->End()) test->GiveUp();
}

}  // namespace orderflow::api
