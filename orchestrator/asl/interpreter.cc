#include "orchestrator/asl/interpreter.h"

#include <utility>

#include "orchestrator/asl/execution_state.h"
#include "orchestrator/asl/random.h"
#include "orchestrator/asl/turn.h"

namespace orderflow::asl {
namespace {

// Whether an open attempt or timer is what an input speaks of.
struct Acceptance {
  ExecutionState& state;

  bool operator()(const Start&) const { return !state.started; }
  bool operator()(const TaskSucceeded& answer) const { return Owner(answer.attempt) != nullptr; }
  bool operator()(const TaskFailed& answer) const { return Owner(answer.attempt) != nullptr; }
  bool operator()(const Heartbeat& heartbeat) const {
    const Branch* branch = Owner(heartbeat.attempt);
    return branch != nullptr && branch->heartbeat.id != 0;
  }
  bool operator()(const TaskSubmitted& submitted) const {
    return MayTake(submitted.attempt, /*by_worker=*/false);
  }
  bool operator()(const TaskStarted& started) const {
    return MayTake(started.attempt, /*by_worker=*/true);
  }
  bool operator()(const Stop&) const { return state.started; }
  bool operator()(const TimerFired& fired) const {
    return fired.timer != 0 &&
           (fired.timer == state.timeout.id || state.timers.contains(fired.timer));
  }

  bool operator()(const Redriven&) const { return IsRedrivable(state); }
  bool operator()(const MapRunUpdated& update) const {
    return FindMapRun(state, update.map_run_arn) != nullptr;
  }

  bool MayTake(AttemptId attempt, bool by_worker) const {
    const Branch* branch = Owner(attempt);
    return branch != nullptr && CanBeTaken(*branch, by_worker);
  }

  const Branch* Owner(AttemptId attempt) const {
    const auto found = state.attempts.find(attempt);
    return found == state.attempts.end() ? nullptr : found->second;
  }
};

}  // namespace

class Execution::Impl {
 public:
  ExecutionState state;
};

Execution::Execution(std::shared_ptr<const StateMachine> machine,
                     std::shared_ptr<const ExecutionContext> context, const Limits& limits)
    : impl_(std::make_unique<Impl>()) {
  impl_->state.seed = Random::Seed(context->execution_arn);
  impl_->state.machine = std::move(machine);
  impl_->state.context = std::move(context);
  impl_->state.limits = limits;
}
Execution::~Execution() = default;
Execution::Execution(Execution&&) noexcept = default;
Execution& Execution::operator=(Execution&&) noexcept = default;

bool Execution::Apply(const Input& input, std::vector<Effect>& effects, EventSink* events) {
  if (!MayTake(input)) return false;
  Turn turn(impl_->state, input.at, effects, events, input.missing_activities);
  return std::visit([&](const auto& what) { return turn.Handle(what); }, input.what);
}

bool Execution::WouldAccept(const Input& input) const {
  if (!MayTake(input)) return false;
  return std::visit(Acceptance{impl_->state}, input.what);
}

// After the end nothing matters but a redrive.
bool Execution::MayTake(const Input& input) const {
  return impl_->state.status == Status::kRunning || std::holds_alternative<Redriven>(input.what);
}

void Execution::AppendOutstanding(std::vector<Effect>& effects) const {
  const ExecutionState& state = impl_->state;
  const auto append = [&](const Timer& timer) {
    if (timer.id != 0) effects.emplace_back(SetTimer{timer.id, timer.due});
  };
  append(state.timeout);
  ForEachBranch(state.root, [&](const Branch& branch) {
    if (branch.attempt.id != 0) effects.emplace_back(OpenTask(state, branch));
    append(branch.timeout);
    append(branch.heartbeat);
    append(branch.resume);
  });
}

Status Execution::status() const { return impl_->state.status; }

std::vector<std::string_view> Execution::CurrentStates() const {
  std::vector<std::string_view> names;
  ForEachBranch(impl_->state.root, [&](const Branch& branch) {
    if (branch.state != nullptr && branch.fork == nullptr) names.push_back(branch.state->name);
  });
  return names;
}

int64_t Execution::event_count() const { return impl_->state.events; }
int64_t Execution::redrive_count() const { return impl_->state.redrives; }
const std::vector<MapRunSummary>& Execution::map_runs() const { return impl_->state.map_runs; }

std::vector<std::string> Execution::PendingRedrives(std::string_view map_run_arn) const {
  std::vector<std::string> names;
  const Branch* owner = FindMapRun(impl_->state, map_run_arn);
  if (owner == nullptr) return names;
  for (const UnfinishedChild& pending : owner->fork->run->pending)
    names.push_back(pending.child->name);
  return names;
}
const StateMachine& Execution::machine() const { return *impl_->state.machine; }
const ExecutionContext& Execution::context() const { return *impl_->state.context; }

}  // namespace orderflow::asl
