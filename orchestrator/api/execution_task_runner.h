#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/api/machine_registry.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/store/version_store.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::api {

inline constexpr std::string_view kStartExecution = "arn:aws:states:::states:startExecution";

// Carries out tasks that are executions of other state machines here:
//   arn:aws:states:::states:startExecution                   answers when it has been started
//   arn:aws:states:::states:startExecution.waitForTaskToken  the same; the token answers
//   arn:aws:states:::states:startExecution.sync              answers its end; stopped with the task
//   arn:aws:states:::states:startExecution.sync:2            the same, with JSON instead of text
//
// Parameters: StateMachineArn, also a version's or an alias's, and if wanted Input and Name.
// Without a name one is made from the attempt's key. Failures: "StepFunctions." and the name of the
// API's error and "Exception"; States.TaskFailed where an execution that is waited for ends in any
// way but well, its description as the cause.
//
// Thread-safe. Borrows the registry, the versions, and the engine that Bind gives, before the first
// task.
class ExecutionTaskRunner final : public tasks::TaskRunner {
 public:
  ExecutionTaskRunner(MachineRegistry& registry, store::VersionStore& versions)
      : registry_(registry), versions_(versions) {}
  void Bind(engine::Engine& engine) { engine_ = &engine; }

  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall call, tasks::TaskDone done) override;
  std::optional<std::string> CheckResource(std::string_view resource) const override;

 private:
  MachineRegistry& registry_;
  store::VersionStore& versions_;
  engine::Engine* engine_ = nullptr;
};

}  // namespace orderflow::api
