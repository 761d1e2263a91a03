#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/base/callback.h"
#include "common/base/mutex.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// What a worker gets.
struct ActivityOffer {
  std::string task_token;
  std::string input;  // JSON text
};

// Hands the tasks of activities to the workers who ask for them: tasks and workers wait in memory,
// each in the order in which they came. A task is offered once it is on record that the worker has
// it; where the worker has gone by then, the next one gets it. Answers come by the task's token,
// not through here: `done` of Run is never called. A task whose activity is deleted goes on
// waiting, for a worker who asks once there is an activity of the name again.
//
// After a restart the engine runs the tasks again that no worker has taken, in the order of their
// executions.
//
// Thread-safe. The callbacks of Options outlive it, and what they call.
class ActivityTasks final : public TaskRunner {
 public:
  struct Options {
    // Puts on record that a worker takes the task. FAILED_PRECONDITION, NOT_FOUND: nobody waits for
    // the task any more.
    std::function<void(const std::string& task_token, std::optional<std::string> worker,
                       StatusCallback done)>
        take;
    // Workers that may wait for one activity.
    size_t max_waiting_workers = 1000;
  };
  // A worker who asks: made by the caller, so that it can end the poll whenever it likes.
  class Poll;

  explicit ActivityTasks(Options options);
  ~ActivityTasks() override;

  std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) override;
  std::optional<std::string> CheckResource(std::string_view resource) const override;

  static std::shared_ptr<Poll> NewPoll();
  // Answers a task, or nothing where the poll is ended first. RESOURCE_EXHAUSTED: too many workers
  // wait. `done` may be called from within.
  void Ask(std::shared_ptr<Poll> poll, const std::string& activity_arn,
           std::optional<std::string> worker, Callback<std::optional<ActivityOffer>> done);
  // Ends the poll: answers nothing if it still waits. A task that is just being handed to it goes
  // to another worker. Before, during and after Ask.
  void End(const std::shared_ptr<Poll>& poll);
  // Ends all polls, and those to come at once.
  void EndAll();

 private:
  struct Task;
  class Handle;
  struct Queue {
    std::deque<std::shared_ptr<Task>> tasks;
    std::deque<std::shared_ptr<Poll>> workers;
  };

  void Offer(std::shared_ptr<Task> task, bool first);
  // Lets the worker wait for its turn, or hands it a task.
  void Admit(std::shared_ptr<Poll> poll, bool first);
  void Hand(std::shared_ptr<Task> task, std::shared_ptr<Poll> poll);
  void OnTaken(std::shared_ptr<Task> task, std::shared_ptr<Poll> poll, const absl::Status& status);
  void Drop(Task& task);
  void TidyUp(const std::string& activity) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Queue> queues_ ABSL_GUARDED_BY(mutex_);  // by activity
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace orderflow::tasks
