#include "orchestrator/asl/execution_state.h"

namespace orderflow::asl {

Branch::Branch() = default;
Branch::~Branch() = default;

RunTask OpenTask(const Branch& branch) {
  const auto& task = std::get<TaskState>(branch.state->kind);
  return RunTask{.attempt = branch.attempt.id,
                 .task = branch.task,
                 .try_number = branch.tries,
                 .state = branch.state,
                 .resource = task.resource.text,
                 .input = branch.attempt.input,
                 .deadline = branch.attempt.deadline};
}

}  // namespace orderflow::asl
