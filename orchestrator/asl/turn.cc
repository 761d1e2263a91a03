#include "orchestrator/asl/turn.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "orchestrator/asl/timestamp.h"

namespace orderflow::asl {

using json::Value;

namespace {

bool CountsTries(StateType type) {
  return type == StateType::kTask || type == StateType::kParallel || type == StateType::kMap;
}

// The innermost iteration of a Map that a branch belongs to.
const Branch* IterationOf(const Branch& branch) {
  const Branch* at = &branch;
  while (at->parent != nullptr && at->parent->state->type != StateType::kMap) at = at->parent;
  return at->parent == nullptr ? nullptr : at;
}

ContextObject::Sources SourcesOf(const ExecutionState& state, const Branch& branch,
                                 const Branch* iteration) {
  ContextObject::Sources sources{.execution = state.context.get(),
                                 .execution_input = &state.input,
                                 .redrive_count = state.redrives,
                                 .state_name = branch.state->name,
                                 .state_entered = branch.entered,
                                 .retry_count = std::nullopt};
  if (state.inspector != nullptr) sources.given = &state.inspector->context();
  const auto* task = std::get_if<TaskState>(&branch.state->kind);
  // The token is that of the attempt that is about to begin.
  if (task != nullptr && task->resource.waits_for_token) sources.attempt = state.last_attempt + 1;
  if (CountsTries(branch.state->type)) sources.retry_count = std::max(0, branch.tries - 1);
  if (iteration != nullptr) {
    sources.item = &iteration->item;
    sources.item_index = iteration->index;
  }
  return sources;
}

uint64_t SeedOf(const ExecutionState& state, uint64_t use) {
  return state.seed ^ Random(static_cast<uint64_t>(state.events) * 8 + use).Next();
}

}  // namespace

uint64_t Turn::SeedFor(Use use) const { return SeedOf(state_, static_cast<uint64_t>(use)); }

Turn::Evaluation::Evaluation(const ExecutionState& state, const Branch& branch, Use use)
    : context(SourcesOf(state, branch, IterationOf(branch))),
      random(SeedOf(state, static_cast<uint64_t>(use))),
      variables(branch),
      inspector(state.inspector) {}

Turn::Evaluation::Evaluation(const ExecutionState& state, const Branch& lane)
    : context(SourcesOf(state, *lane.parent, &lane)),
      random(SeedOf(state, static_cast<uint64_t>(Use::kItem))),
      variables(*lane.parent),
      inspector(state.inspector) {}

// --- Inputs ---

bool Turn::Handle(const Start& start) {
  if (state_.started) return false;
  state_.started = true;
  state_.input = start.input;
  Branch& root = state_.root;
  history_.ExecutionStarted(root);
  SetTimeout();
  Extent extent;
  std::optional<Failure> failure = CheckSize(start.input, state_.context->execution_name, extent);
  Arrive(root, state_.machine->start(), start.input, extent);
  if (failure.has_value()) FailBranch(root, *failure);
  Run(root);
  return true;
}

Branch* Turn::OwnerOf(AttemptId attempt) const {
  const auto found = state_.attempts.find(attempt);
  return found == state_.attempts.end() ? nullptr : found->second;
}

bool Turn::Handle(const TaskSucceeded& answer) {
  Branch* const owner = OwnerOf(answer.attempt);
  if (owner == nullptr) return false;
  Branch& branch = *owner;
  if (branch.child != nullptr) {
    ChildSucceeded(branch, answer.output);
    Run(branch);
    return true;
  }
  const auto& task = std::get<TaskState>(branch.state->kind);
  CloseAttempt(branch);
  Extent extent;
  if (std::optional<Failure> failure = CheckSize(answer.output, task.resource.label, extent)) {
    history_.TaskFailed(branch, task, *failure);
    Fail(branch, *failure);
  } else {
    history_.TaskSucceeded(branch, task, answer.output);
    Finish(branch, answer.output, extent);
  }
  Run(branch);
  return true;
}

bool Turn::Handle(const TaskFailed& answer) {
  Branch* const owner = OwnerOf(answer.attempt);
  if (owner == nullptr) return false;
  if (owner->child != nullptr) {
    ChildFailed(*owner, answer.failure);
    Run(*owner);
    return true;
  }
  CloseAttempt(*owner);
  if (CanBeHandled(answer.failure)) {
    history_.TaskFailed(*owner, std::get<TaskState>(owner->state->kind), answer.failure);
    Fail(*owner, answer.failure);
  } else {
    FailEvaluation(*owner, answer.failure);  // the task was never carried out
  }
  Run(*owner);
  return true;
}

bool Turn::Handle(const TimerFired& fired) {
  if (fired.timer == 0) return false;
  if (fired.timer == state_.timeout.id) {
    state_.timeout = Timer{};
    Complete(Status::kTimedOut, Value(), Failure{kErrorTimeout, std::nullopt}, state_.root);
    return true;
  }
  const auto found = state_.timers.find(fired.timer);
  if (found == state_.timers.end()) return false;
  Branch& branch = *found->second;
  state_.timers.erase(found);
  if (fired.timer == branch.resume.id) {
    branch.resume = Timer{};
    Resume(branch);
  } else {
    const bool missed_heartbeat = fired.timer == branch.heartbeat.id;
    (missed_heartbeat ? branch.heartbeat : branch.timeout) = Timer{};
    effects_.emplace_back(CancelTask{branch.attempt.id});
    CloseAttempt(branch);
    history_.TaskTimedOut(branch, std::get<TaskState>(branch.state->kind));
    Fail(branch, Failure{kErrorTimeout, std::nullopt, missed_heartbeat});
  }
  Run(branch);
  return true;
}

bool Turn::Handle(const Heartbeat& heartbeat) {
  Branch* const owner = OwnerOf(heartbeat.attempt);
  if (owner == nullptr || owner->heartbeat.id == 0) return false;
  SetHeartbeat(*owner);
  return true;
}

bool Turn::Handle(const TaskSubmitted& submitted) {
  Branch* const owner = OwnerOf(submitted.attempt);
  if (owner == nullptr || !CanBeTaken(*owner, /*by_worker=*/false)) return false;
  owner->attempt.taken = true;
  history_.TaskSubmitted(*owner, std::get<TaskState>(owner->state->kind), submitted.output);
  Run(*owner);
  return true;
}

bool Turn::Handle(const TaskStarted& started) {
  Branch* const owner = OwnerOf(started.attempt);
  if (owner == nullptr || !CanBeTaken(*owner, /*by_worker=*/true)) return false;
  owner->attempt.taken = true;
  history_.ActivityStarted(*owner, started.worker);
  SetHeartbeat(*owner);
  Run(*owner);
  return true;
}

bool Turn::Handle(const Stop& stop) {
  if (!state_.started) return false;
  Complete(Status::kAborted, Value(), Failure{stop.error, stop.cause}, state_.root);
  return true;
}

// --- Going from state to state ---

void Turn::Run(Branch& handled) {
  const Branch* at = &handled;
  while (state_.status == Status::kRunning) {
    if (history_.full()) {
      return Complete(
          Status::kFailed, Value(),
          RuntimeFailure("The execution reached the maximum number of history events (" +
                         std::to_string(state_.limits.max_events) + ")."),
          *at);
    }
    if (ready_.empty()) return;
    Branch& next = *ready_.front();
    ready_.pop_front();
    if (next.cancelled) continue;
    at = &next;
    if (std::exchange(next.redriven, false)) {
      GoOn(next);
    } else {
      Enter(next);
    }
  }
}

void Turn::Arrive(Branch& branch, const State& state, Value input, const Extent& extent) {
  branch.state = &state;
  branch.input = std::move(input);
  branch.extent = extent;
  ready_.push_back(&branch);
}

void Turn::Enter(Branch& branch) {
  branch.entered = now_;
  branch.tries = branch.earlier_tries = 0;
  branch.retries.assign(branch.state->retriers.size(),
                        state_.inspector == nullptr ? 0 : state_.inspector->used_retries());
  history_.StateEntered(branch);
  if (history_.full()) return;
  branch.entered_state = true;
  std::visit([&](const auto& kind) { EnterKind(branch, kind); }, branch.state->kind);
}

void Turn::Resume(Branch& branch) {
  if (const auto* task = std::get_if<TaskState>(&branch.state->kind)) {
    BeginAttempt(branch, *task);
  } else {
    std::visit([&](const auto& kind) { EnterKind(branch, kind); }, branch.state->kind);
  }
}

void Turn::EnterKind(Branch& branch, const TaskState& task) {
  branch.task = ++state_.last_task;
  BeginAttempt(branch, task);
}

void Turn::EnterKind(Branch& branch, const PassState& pass) {
  Evaluation evaluation(state_, branch, Use::kArguments);
  const DataFlow& data = *branch.state->data;
  Evaluated<Value> view = data.View(evaluation.WithInput(branch.input));
  if (!view.ok()) return FailEvaluation(branch, std::move(view).failure());
  Evaluated<Value> arguments = data.Arguments(evaluation.WithInput(*view));
  if (!arguments.ok()) return FailEvaluation(branch, std::move(arguments).failure());
  const Value result = pass.result.has_value() ? *pass.result : *std::move(arguments);
  Extent extent = branch.extent;
  if (pass.result.has_value() || !data.ArgumentsAreBounded()) {
    if (std::optional<Failure> failure = CheckSize(result, branch.state->name, extent))
      return Fail(branch, *failure);
  }
  Finish(branch, result, extent);
}

Evaluated<Turn::Sized> Turn::View(const Branch& branch, Evaluation& evaluation) const {
  Sized view{.value = {}, .extent = branch.extent};
  Evaluated<Value> value = branch.state->data->View(evaluation.WithInput(branch.input));
  if (!value.ok()) return InState(branch, std::move(value).failure());
  view.value = *std::move(value);
  if (branch.state->data->ArgumentsAreBounded()) return view;
  std::optional<Failure> failure = CheckSize(view.value, branch.state->name, view.extent);
  if (failure.has_value()) return *std::move(failure);
  return view;
}

void Turn::EnterKind(Branch& branch, const ChoiceState& choice) {
  Evaluation evaluation(state_, branch, Use::kArguments);
  Evaluated<Sized> view = View(branch, evaluation);
  if (!view.ok()) return Fail(branch, view.failure());
  const Scope scope = evaluation.WithInput(view->value);
  const State* next = choice.default_next;
  const Assignment* assign = branch.state->assign.get();  // what goes with the default
  for (const ChoiceRule& rule : choice.rules) {
    Evaluated<bool> holds = rule.condition->Holds(scope);
    if (!holds.ok()) return FailEvaluation(branch, std::move(holds).failure());
    if (*holds) {
      next = rule.next;
      assign = rule.assign.get();
      break;
    }
  }
  if (next == nullptr) {
    return FailEvaluation(
        branch,
        RuntimeFailure("Failed to transition out of the state. The state does not point to a next "
                       "state."));
  }
  Finish(branch, view->value, view->extent, next, assign);
}

Evaluated<absl::Time> Turn::WaitEnds(const WaitState& wait, const Scope& scope) const {
  if (wait.seconds != nullptr) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value seconds, wait.seconds->Evaluate(scope));
    return scope.context.state_entered() + absl::Seconds(seconds.AsInt());
  }
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value timestamp, wait.timestamp->Evaluate(scope));
  const std::optional<absl::Time> ends = ParseTimestamp(timestamp.AsString());
  ORDERFLOW_CHECK(ends.has_value());  // the expression promises it
  return *ends;
}

// Entered twice: at first, and when the time has come.
void Turn::EnterKind(Branch& branch, const WaitState& wait) {
  Evaluation evaluation(state_, branch, Use::kArguments);
  Evaluated<Sized> view = View(branch, evaluation);
  if (!view.ok()) return Fail(branch, view.failure());
  Evaluated<absl::Time> ends = WaitEnds(wait, evaluation.WithInput(view->value));
  if (!ends.ok()) return FailEvaluation(branch, std::move(ends).failure());
  if (*ends > now_) return Set(branch, branch.resume, *ends);
  Finish(branch, view->value, view->extent);
}

void Turn::EnterKind(Branch& branch, const SucceedState&) {
  Evaluation evaluation(state_, branch, Use::kArguments);
  Evaluated<Sized> view = View(branch, evaluation);
  if (!view.ok()) return Fail(branch, view.failure());
  Finish(branch, view->value, view->extent);
}

void Turn::EnterKind(Branch& branch, const FailState& fail) {
  Evaluation evaluation(state_, branch, Use::kArguments);
  const auto evaluate =
      [&](const std::unique_ptr<const Expression>& field) -> Evaluated<std::optional<std::string>> {
    if (field == nullptr) return std::optional<std::string>();
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value text,
                                 field->Evaluate(evaluation.WithInput(branch.input)));
    return std::optional<std::string>(text.AsString());
  };
  Evaluated<std::optional<std::string>> error = evaluate(fail.error);
  if (!error.ok()) return FailEvaluation(branch, std::move(error).failure());
  Evaluated<std::optional<std::string>> cause = evaluate(fail.cause);
  if (!cause.ok()) return FailEvaluation(branch, std::move(cause).failure());
  Fail(branch, Failure{*std::move(error), *std::move(cause)});
}

void Turn::Finish(Branch& branch, const Value& result, const Extent& result_extent,
                  const State* next, const Assignment* assign, std::optional<int64_t> exit_after) {
  Evaluation evaluation(state_, branch, Use::kOutput);
  Evaluated<Value> output = branch.state->data->Output(evaluation.WithInput(branch.input), result);
  if (!output.ok()) return FailEvaluation(branch, std::move(output).failure());
  Extent extent;
  if (std::optional<Failure> failure = CheckOutput(branch, *output, result_extent, extent)) {
    return Fail(branch, *failure);
  }
  Evaluated<Value> assigned = Assigned(branch, assign, evaluation.WithInput(branch.input), result);
  if (!assigned.ok()) return Fail(branch, std::move(assigned).failure());
  branch.last_event = exit_after.value_or(branch.last_event);
  Leave(branch, *std::move(output), extent, next, *assigned);
}

void Turn::Leave(Branch& branch, Value output, const Extent& extent, const State* next,
                 const Value& assigned) {
  history_.StateExited(branch, output, assigned);
  if (history_.full()) return;
  branch.entered_state = false;
  if (assigned.size() > 0) {
    json::Members members;
    if (!branch.variables.IsNull()) members = branch.variables.AsMembers();
    for (const json::Member& variable : assigned.AsMembers()) members.push_back(variable);
    SetVariables(branch, Value::FromMembers(std::move(members)));
  }
  if (state_.inspector != nullptr) return state_.inspector->OnLeft(output, next, branch.variables);
  if (next != nullptr) return Arrive(branch, *next, std::move(output), extent);
  if (branch.parent != nullptr) return FinishLane(branch, std::move(output), extent);
  Complete(Status::kSucceeded, std::move(output), Failure{}, branch);
}

// --- Effects ---

void Turn::Set(Branch& branch, Timer& timer, absl::Time due) {
  timer = Timer{++state_.last_timer, due};
  state_.timers.emplace(timer.id, &branch);
  effects_.emplace_back(SetTimer{timer.id, timer.due});
}

void Turn::SetTimeout() {
  const std::optional<int64_t> seconds = state_.machine->timeout_seconds();
  if (!seconds.has_value()) return;
  state_.timeout = Timer{++state_.last_timer, now_ + absl::Seconds(*seconds)};
  effects_.emplace_back(SetTimer{state_.timeout.id, state_.timeout.due});
}

void Turn::SetHeartbeat(Branch& branch) {
  Cancel(branch.heartbeat);
  if (branch.attempt.heartbeat_seconds > 0)
    Set(branch, branch.heartbeat, now_ + absl::Seconds(branch.attempt.heartbeat_seconds));
}

void Turn::Cancel(Timer& timer) {
  if (timer.id == 0) return;
  state_.timers.erase(timer.id);
  effects_.emplace_back(CancelTimer{timer.id});
  timer = Timer{};
}

void Turn::CancelAll(Branch& branch) {
  if (branch.attempt.id != 0) effects_.emplace_back(CancelTask{branch.attempt.id});
  if (branch.child != nullptr) KeepUnfinished(branch, &MapRunSummary::Counts::aborted);
  CloseAttempt(branch);
  Cancel(branch.resume);
  if (branch.fork == nullptr) return;
  if (branch.fork->run != nullptr) EndMapRun(branch, Status::kAborted);
  for (const auto& lane : branch.fork->lanes) CancelAll(*lane);
}

void Turn::Complete(Status status, Value output, const Failure& failure, const Branch& branch) {
  if (status == Status::kSucceeded) {
    history_.ExecutionSucceeded(branch.last_event, output);
  } else {
    // What comes from outside of the states follows no event of theirs.
    history_.ExecutionEnded(status == Status::kFailed ? branch.last_event : 0, status,
                            failure.error, failure.cause);
  }
  CancelAll(state_.root);
  Cancel(state_.timeout);
  state_.status = status;
  // A lane between two items is in no state of its own.
  const State& last = branch.state != nullptr ? *branch.state : *branch.parent->state;
  effects_.emplace_back(asl::Complete{.status = status,
                                      .output = std::move(output),
                                      .error = failure.error,
                                      .cause = failure.cause,
                                      .state = status == Status::kSucceeded ? "" : last.name});
}

}  // namespace orderflow::asl
