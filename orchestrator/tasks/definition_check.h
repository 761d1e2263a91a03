#pragma once

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// Checks a definition against what its tasks take and answer (typecheck/type_check.h): asks
// `runner` for the types behind all resources at once, which takes as long as the slowest one is
// given. `done` is called once, from within or on a thread of the runner's. Borrows the runner
// until then.
using TypesChecked = absl::AnyInvocable<void(std::vector<asl::Diagnostic>) &&>;
void CheckTypes(std::shared_ptr<const asl::StateMachine> machine, TaskRunner& runner,
                TypesChecked done);

}  // namespace orderflow::tasks
