#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/tasks/callback_thread.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// One runner made of several: each takes the resources that begin with its prefix ("grpc://",
// "arn:aws:lambda:"); the longest prefix wins. A resource that nobody takes fails with
// States.Runtime.
//
// Thread-safe once all are added. Owns the runners.
class TaskDispatcher final : public TaskRunner {
 public:
  // Before the first call. The same runner may be added under several prefixes.
  void Add(std::string prefix, std::shared_ptr<TaskRunner> runner);

  std::unique_ptr<RunningTask> Run(TaskCall call, TaskDone done) override;
  std::optional<std::string> CheckResource(std::string_view resource) const override;
  std::optional<std::string> CheckArguments(std::string_view resource,
                                            const json::Value& arguments) const override;
  std::optional<ShownRequest> ShowRequest(std::string_view resource, const json::Value& input,
                                          bool reveal_secrets) const override;
  void FindTypes(std::string_view resource, TypesDone done) override;

 private:
  TaskRunner* Find(std::string_view resource) const;
  std::string UnknownKind(std::string_view resource) const;

  std::vector<std::pair<std::string, std::shared_ptr<TaskRunner>>>
      runners_;  // longest prefix first
  CallbackThread callbacks_;
};

}  // namespace orderflow::tasks
