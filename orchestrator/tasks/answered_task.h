#pragma once

#include <memory>
#include <utility>

#include "common/base/mutex.h"
#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// Who waits for an answer: told once, or not at all after Drop.
//
// Thread-safe.
class Waiter {
 public:
  explicit Waiter(TaskDone done) : done_(std::move(done)) {}

  void Tell(TaskOutcome outcome) {
    if (TaskDone done = Take()) std::move(done)(std::move(outcome));
  }
  // Whether there was somebody to tell.
  bool Drop() { return Take() != nullptr; }

 private:
  TaskDone Take() {
    MutexLock lock(mutex_);
    return std::exchange(done_, nullptr);
  }

  Mutex mutex_;
  TaskDone done_ ABSL_GUARDED_BY(mutex_);
};

// A call whose outcome was found without asking anybody: told later, from `callbacks`.
inline std::unique_ptr<RunningTask> AnswerLater(CallbackThread& callbacks, TaskOutcome outcome,
                                                TaskDone done) {
  class Answered final : public RunningTask {
   public:
    explicit Answered(std::shared_ptr<Waiter> waiter) : waiter_(std::move(waiter)) {}
    ~Answered() override { Cancel(); }
    void Cancel() override { waiter_->Drop(); }

   private:
    const std::shared_ptr<Waiter> waiter_;
  };
  auto waiter = std::make_shared<Waiter>(std::move(done));
  callbacks.Post(
      [waiter, outcome = std::move(outcome)]() mutable { waiter->Tell(std::move(outcome)); });
  return std::make_unique<Answered>(std::move(waiter));
}

}  // namespace orderflow::tasks
