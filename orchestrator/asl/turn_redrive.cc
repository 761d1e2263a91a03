// Redrives: an execution that has ended without success goes on. The tree of its branches is as it
// was at the end: what succeeded keeps its results, and each branch that did not goes on with the
// state that it was in.

#include <utility>

#include "orchestrator/asl/turn.h"

namespace orderflow::asl {

bool Turn::Handle(const Redriven&) {
  if (!IsRedrivable(state_)) return false;
  ++state_.redrives;
  state_.status = Status::kRunning;
  history_.ExecutionRedriven();
  SetTimeout();
  Redrive(state_.root);
  Run(state_.root);
  return true;
}

void Turn::Redrive(Branch& branch) {
  SetCancelled(branch, false);
  branch.redriven = true;
  branch.earlier_tries += std::exchange(branch.tries, 0);
  branch.retries.assign(branch.state->retriers.size(), 0);
  ready_.push_back(&branch);
}

// A task keeps its number: to its service the redrive is one more try.
void Turn::GoOn(Branch& branch) {
  if (!branch.entered_state) return Enter(branch);
  if (branch.fork != nullptr) return RedriveFork(branch);
  if (branch.state->type == StateType::kFail) return Enter(branch);
  Resume(branch);
}

void Turn::RedriveFork(Branch& owner) {
  ++owner.tries;
  Fork& fork = *owner.fork;
  fork.aborted = false;
  if (fork.run != nullptr) return RedriveMapRun(owner);
  std::vector<Branch*> restarts;
  for (const auto& lane : fork.lanes) {
    SetCancelled(*lane, false);
    if (lane->state != nullptr) {
      Redrive(*lane);
    } else if (!fork.results[static_cast<size_t>(lane->index)].has_value()) {
      restarts.push_back(lane.get());  // could not be given its item
    }
  }
  for (Branch* lane : restarts) {
    if (!RestartIteration(*lane)) return;
  }
  AddIterations(owner);
}

}  // namespace orderflow::asl
