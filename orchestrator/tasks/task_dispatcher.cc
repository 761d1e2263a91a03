#include "orchestrator/tasks/task_dispatcher.h"

#include <algorithm>

#include "common/base/quote.h"
#include "orchestrator/tasks/answered_task.h"

namespace orderflow::tasks {
namespace {

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

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
  return AnswerLater(callbacks_, asl::Failure{"States.Runtime", UnknownKind(call.resource)},
                     std::move(done));
}

std::optional<std::string> TaskDispatcher::CheckResource(std::string_view resource) const {
  const TaskRunner* runner = Find(resource);
  return runner == nullptr ? UnknownKind(resource) : runner->CheckResource(resource);
}

std::optional<std::string> TaskDispatcher::CheckArguments(std::string_view resource,
                                                          const json::Value& arguments) const {
  const TaskRunner* runner = Find(resource);
  return runner == nullptr ? std::nullopt : runner->CheckArguments(resource, arguments);
}

std::optional<ShownRequest> TaskDispatcher::ShowRequest(std::string_view resource,
                                                        const json::Value& input,
                                                        bool reveal_secrets) const {
  const TaskRunner* runner = Find(resource);
  return runner == nullptr ? std::nullopt : runner->ShowRequest(resource, input, reveal_secrets);
}

void TaskDispatcher::FindTypes(std::string_view resource, TypesDone done) {
  if (TaskRunner* runner = Find(resource)) return runner->FindTypes(resource, std::move(done));
  std::move(done)(std::optional<typecheck::TaskTypes>());
}

}  // namespace orderflow::tasks
