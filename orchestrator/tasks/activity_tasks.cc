#include "orchestrator/tasks/activity_tasks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "orchestrator/asl/resource.h"

namespace orderflow::tasks {

// Guarded by the mutex of ActivityTasks, but for what does not change.
struct ActivityTasks::Task {
  std::string activity;
  std::string token;
  std::string input;
  bool taken = false;  // on record: a worker has it
  bool gone = false;   // nobody waits for it any more
};

class ActivityTasks::Poll {
 public:
  std::string activity;
  std::optional<std::string> worker;
  Callback<std::optional<ActivityOffer>> done;  // until it is answered
  bool ended = false;                           // the worker has gone
};

// The engine's end of a task.
class ActivityTasks::Handle final : public RunningTask {
 public:
  Handle(ActivityTasks& tasks, std::shared_ptr<Task> task)
      : tasks_(tasks), task_(std::move(task)) {}
  ~Handle() override { Cancel(); }
  void Cancel() override { tasks_.Drop(*task_); }

 private:
  ActivityTasks& tasks_;
  const std::shared_ptr<Task> task_;
};

ActivityTasks::ActivityTasks(Options options) : options_(std::move(options)) {}
ActivityTasks::~ActivityTasks() { EndAll(); }

std::optional<std::string> ActivityTasks::CheckResource(std::string_view resource) const {
  const asl::Resource parsed = asl::ParseResource(resource);
  constexpr std::string_view kKind = ":activity:";
  const size_t name = resource.rfind(kKind);
  if (parsed.is_activity && name + kKind.size() < resource.size()) return std::nullopt;
  return absl::StrCat(Quote(resource, 200),
                      " is no activity; expected arn:aws:states:REGION:ACCOUNT:activity:NAME");
}

// --- Tasks come ---

std::unique_ptr<RunningTask> ActivityTasks::Run(TaskCall call, TaskDone) {
  auto task = std::make_shared<Task>();
  task->activity = std::move(call.resource);
  task->token = std::move(call.task_token);
  task->input = json::Serialize(call.input);
  auto handle = std::make_unique<Handle>(*this, task);
  Offer(std::move(task), /*first=*/false);
  return handle;
}

void ActivityTasks::Offer(std::shared_ptr<Task> task, bool first) {
  std::shared_ptr<Poll> poll;
  {
    MutexLock lock(mutex_);
    if (task->gone) return;
    Queue& queue = queues_[task->activity];
    if (queue.workers.empty()) {
      first ? queue.tasks.push_front(std::move(task)) : queue.tasks.push_back(std::move(task));
      return;
    }
    poll = std::move(queue.workers.front());
    queue.workers.pop_front();
    TidyUp(task->activity);
  }
  Hand(std::move(task), std::move(poll));
}

void ActivityTasks::Drop(Task& task) {
  MutexLock lock(mutex_);
  task.gone = true;
  const auto queue = queues_.find(task.activity);
  if (queue == queues_.end()) return;
  std::erase_if(queue->second.tasks,
                [&task](const auto& waiting) { return waiting.get() == &task; });
  TidyUp(task.activity);
}

void ActivityTasks::TidyUp(const std::string& activity) {
  const auto queue = queues_.find(activity);
  if (queue != queues_.end() && queue->second.tasks.empty() && queue->second.workers.empty())
    queues_.erase(queue);
}

// --- Workers come ---

std::shared_ptr<ActivityTasks::Poll> ActivityTasks::NewPoll() { return std::make_shared<Poll>(); }

void ActivityTasks::Ask(std::shared_ptr<Poll> poll, const std::string& activity_arn,
                        std::optional<std::string> worker,
                        Callback<std::optional<ActivityOffer>> done) {
  {
    MutexLock lock(mutex_);
    poll->activity = activity_arn;
    poll->worker = std::move(worker);
    poll->done = std::move(done);
  }
  Admit(std::move(poll), /*first=*/false);
}

void ActivityTasks::Admit(std::shared_ptr<Poll> poll, bool first) {
  std::shared_ptr<Task> task;
  Callback<std::optional<ActivityOffer>> refused;
  absl::StatusOr<std::optional<ActivityOffer>> answer = std::optional<ActivityOffer>();
  {
    MutexLock lock(mutex_);
    Queue& queue = queues_[poll->activity];
    if (poll->ended || closed_) {
      refused = std::exchange(poll->done, nullptr);
    } else if (!queue.tasks.empty()) {
      task = std::move(queue.tasks.front());
      queue.tasks.pop_front();
    } else if (first) {
      queue.workers.push_front(poll);
    } else if (queue.workers.size() < options_.max_waiting_workers) {
      queue.workers.push_back(poll);
    } else {
      refused = std::exchange(poll->done, nullptr);
      answer = absl::ResourceExhaustedError(
          absl::StrCat("as many workers wait for the activity as may at a time (",
                       options_.max_waiting_workers, ")"));
    }
    TidyUp(poll->activity);
  }
  if (refused) return std::move(refused)(std::move(answer));
  if (task != nullptr) Hand(std::move(task), std::move(poll));
}

void ActivityTasks::End(const std::shared_ptr<Poll>& poll) {
  Callback<std::optional<ActivityOffer>> done;
  {
    MutexLock lock(mutex_);
    poll->ended = true;
    const auto queue = queues_.find(poll->activity);
    if (queue == queues_.end()) return;
    // Where it does not wait, a task is being handed to it, or it was answered.
    if (std::erase(queue->second.workers, poll) == 0) return;
    done = std::exchange(poll->done, nullptr);
    TidyUp(poll->activity);
  }
  std::move(done)(std::optional<ActivityOffer>());
}

void ActivityTasks::EndAll() {
  std::vector<std::shared_ptr<Poll>> waiting;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    for (const auto& [activity, queue] : queues_)
      waiting.insert(waiting.end(), queue.workers.begin(), queue.workers.end());
  }
  for (const std::shared_ptr<Poll>& poll : waiting) End(poll);
}

// --- Tasks meet workers ---

void ActivityTasks::Hand(std::shared_ptr<Task> task, std::shared_ptr<Poll> poll) {
  bool taken = false;
  {
    MutexLock lock(mutex_);
    taken = task->taken;
  }
  if (taken) return OnTaken(std::move(task), std::move(poll), absl::OkStatus());
  const std::string token = task->token;
  std::optional<std::string> worker = poll->worker;
  options_.take(
      token, std::move(worker),
      [this, task = std::move(task), poll = std::move(poll)](absl::Status status) mutable {
        OnTaken(std::move(task), std::move(poll), status);
      });
}

void ActivityTasks::OnTaken(std::shared_ptr<Task> task, std::shared_ptr<Poll> poll,
                            const absl::Status& status) {
  if (absl::IsFailedPrecondition(status) || absl::IsNotFound(status)) {
    // The task was over in the meantime: the worker goes on waiting, before all others.
    return Admit(std::move(poll), /*first=*/true);
  }
  Callback<std::optional<ActivityOffer>> done;
  bool again = false;
  {
    MutexLock lock(mutex_);
    task->taken = task->taken || status.ok();
    again = status.ok() && poll->ended;
    done = std::exchange(poll->done, nullptr);
  }
  if (again) Offer(task, /*first=*/true);
  if (!status.ok()) return std::move(done)(status);
  std::move(done)(again ? std::nullopt
                        : std::make_optional(ActivityOffer{task->token, task->input}));
}

}  // namespace orderflow::tasks
