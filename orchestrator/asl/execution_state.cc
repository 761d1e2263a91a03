#include "orchestrator/asl/execution_state.h"

namespace orderflow::asl {

Branch::Branch() = default;
Branch::~Branch() = default;

const json::Value* BranchVariables::Find(std::string_view name) const {
  for (const Branch* at = &branch_; at != nullptr; at = at->parent) {
    if (const json::Value* value = at->variables.Find(name)) return value;
  }
  return nullptr;
}

bool CanBeTaken(const Branch& branch, bool by_worker) {
  if (branch.child != nullptr) return false;
  const Resource& resource = std::get<TaskState>(branch.state->kind).resource;
  return !branch.attempt.taken && (by_worker ? resource.is_activity : resource.is_submitted);
}

bool IsRedrivable(const ExecutionState& state) {
  return state.started && state.status != Status::kRunning && state.status != Status::kSucceeded &&
         MayBeRedriven(state.events, state.limits);
}

Branch* FindMapRun(ExecutionState& state, std::string_view arn) {
  Branch* found = nullptr;
  ForEachBranch(state.root, [&](Branch& branch) {
    if (branch.fork == nullptr || branch.fork->run == nullptr || branch.fork->aborted) return;
    if (state.map_runs[branch.fork->run->summary].arn == arn) found = &branch;
  });
  return found;
}

RunTask OpenTask(const ExecutionState& state, const Branch& branch) {
  if (branch.child != nullptr) {
    const MapRunSummary& run = state.map_runs[branch.parent->fork->run->summary];
    return RunTask{.attempt = branch.attempt.id,
                   .task = branch.task,
                   .try_number = 1 + static_cast<int>(run.redrives),
                   .state = branch.parent->state,
                   .resource = "",
                   .input = branch.attempt.input,
                   .deadline = std::nullopt,
                   .child = branch.child};
  }
  const auto& task = std::get<TaskState>(branch.state->kind);
  return RunTask{.attempt = branch.attempt.id,
                 .task = branch.task,
                 .try_number = branch.earlier_tries + branch.tries,
                 .state = branch.state,
                 .resource = task.resource.text,
                 .input = branch.attempt.input,
                 .deadline = branch.attempt.deadline};
}

}  // namespace orderflow::asl
