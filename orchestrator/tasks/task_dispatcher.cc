#include "orchestrator/tasks/task_dispatcher.h"

#include <algorithm>

#include "common/base/quote.h"

namespace orderflow::tasks {
namespace {

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// A call that has its answer already and only waits to tell it.
class Answered final : public RunningTask {
 public:
  explicit Answered(TaskDone done) : shared_(std::make_shared<Shared>()) {
    MutexLock lock(shared_->mutex);
    shared_->done = std::move(done);
  }
  ~Answered() override { Cancel(); }

  void Cancel() override { TaskDone dropped = Take(*shared_); }

  CallbackThread::Callback Tell(asl::Failure failure) {
    return [shared = shared_, failure = std::move(failure)]() mutable {
      if (TaskDone done = Take(*shared)) std::move(done)(std::move(failure));
    };
  }

 private:
  struct Shared {
    Mutex mutex;
    TaskDone done ABSL_GUARDED_BY(mutex);
  };
  static TaskDone Take(Shared& shared) {
    MutexLock lock(shared.mutex);
    return std::exchange(shared.done, nullptr);
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace

void TaskDispatcher::Add(std::string prefix, std::shared_ptr<TaskRunner> runner) {
  runners_.emplace_back(std::move(prefix), std::move(runner));
  std::stable_sort(runners_.begin(), runners_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

TaskRunner* TaskDispatcher::Find(std::string_view resource) const {
  for (const auto& [prefix, runner] : runners_) {
    if (StartsWith(resource, prefix)) return runner.get();
  }
  return nullptr;
}

std::string TaskDispatcher::UnknownKind(std::string_view resource) const {
  std::string message = "unknown kind of resource " + Quote(resource, 200) + "; expected";
  for (size_t i = 0; i < runners_.size(); ++i) {
    message.append(i == 0 ? " " : " or ").append(runners_[i].first).append("...");
  }
  return message;
}

std::unique_ptr<RunningTask> TaskDispatcher::Run(TaskCall call, TaskDone done) {
  if (TaskRunner* runner = Find(call.resource))
    return runner->Run(std::move(call), std::move(done));
  auto answered = std::make_unique<Answered>(std::move(done));
  callbacks_.Post(answered->Tell(asl::Failure{"States.Runtime", UnknownKind(call.resource)}));
  return answered;
}

std::optional<std::string> TaskDispatcher::CheckResource(std::string_view resource) const {
  const TaskRunner* runner = Find(resource);
  return runner == nullptr ? UnknownKind(resource) : runner->CheckResource(resource);
}

void TaskDispatcher::FindTypes(std::string_view resource, TypesDone done) {
  if (TaskRunner* runner = Find(resource)) return runner->FindTypes(resource, std::move(done));
  std::move(done)(std::optional<typecheck::TaskTypes>());
}

}  // namespace orderflow::tasks
