// What a state does beyond going on: tasks, variables, failures that are retried or caught.

#include <algorithm>
#include <utility>

#include "orchestrator/asl/describe.h"
#include "orchestrator/asl/integration_parameters.h"
#include "orchestrator/asl/turn.h"

namespace orderflow::asl {

using json::Value;

namespace {

size_t BytesOf(const Value& variables) {
  return variables.IsNull() ? size_t{0} : json::SerializedSize(variables);
}

}  // namespace

// --- Variables ---

Evaluated<Value> Turn::Assigned(const Branch& branch, const Assignment* assign, const Scope& scope,
                                const Value& result) const {
  if (assign == nullptr) return Value();
  Evaluated<Value> values = assign->Values(scope, result);
  if (!values.ok()) return InState(branch, std::move(values).failure());
  Extent extent;
  std::optional<Failure> failure = CheckSize(*values, branch.state->name, extent);
  if (!failure.has_value() &&
      state_.variable_bytes + extent.bytes > state_.limits.max_variable_bytes) {
    // Not exact: what is replaced counts until it is.
    failure = Failure{kErrorDataLimitExceeded,
                      "The variables of the execution exceed the maximum number of bytes (" +
                          std::to_string(state_.limits.max_variable_bytes) + ")."};
  }
  if (failure.has_value()) return InState(branch, *std::move(failure));
  return values;
}

void Turn::SetVariables(Branch& branch, Value variables) {
  state_.variable_bytes -= BytesOf(branch.variables);
  state_.variable_bytes += BytesOf(variables);
  branch.variables = std::move(variables);
}

void Turn::SetCancelled(Branch& branch, bool cancelled) {
  if (branch.cancelled == cancelled) return;
  branch.cancelled = cancelled;
  if (cancelled) {
    state_.variable_bytes -= BytesOf(branch.variables);
  } else {
    state_.variable_bytes += BytesOf(branch.variables);
  }
}

// --- Tasks ---

Evaluated<Turn::TaskFields> Turn::EvaluateTask(const Branch& branch, const TaskState& task) const {
  Evaluation evaluation(state_, branch, Use::kArguments);
  const DataFlow& data = *branch.state->data;
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value view, data.View(evaluation.WithInput(branch.input)));
  const auto seconds =
      [&](const std::unique_ptr<const Expression>& field) -> Evaluated<std::optional<int64_t>> {
    if (field == nullptr) return std::optional<int64_t>();
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value value, field->Evaluate(evaluation.WithInput(view)));
    return std::optional<int64_t>(value.AsInt());
  };
  TaskFields fields;
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(fields.timeout, seconds(task.timeout_seconds));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(fields.heartbeat, seconds(task.heartbeat_seconds));
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(fields.arguments, data.Arguments(evaluation.WithInput(view)));
  if (task.credentials != nullptr) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(fields.credentials,
                                 task.credentials->Evaluate(evaluation.WithInput(view)));
  }
  return fields;
}

void Turn::BeginAttempt(Branch& branch, const TaskState& task) {
  ++branch.tries;
  Evaluated<TaskFields> fields = EvaluateTask(branch, task);
  if (!fields.ok()) return FailEvaluation(branch, std::move(fields).failure());
  Extent extent;
  if (!branch.state->data->ArgumentsAreBounded()) {
    if (std::optional<Failure> failure = CheckSize(fields->arguments, branch.state->name, extent))
      return Fail(branch, *failure);
  }
  if (std::optional<Failure> failure = CannotStart(task.resource, fields->arguments))
    return FailEvaluation(branch, *std::move(failure));

  branch.attempt.input = std::move(fields->arguments);
  branch.attempt.heartbeat_seconds = fields->heartbeat.value_or(0);
  history_.TaskScheduled(branch, task, fields->timeout, fields->credentials);
  if (!task.resource.is_activity) history_.TaskStarted(branch, task);
  if (history_.full()) return;
  branch.attempt.id = ++state_.last_attempt;
  state_.attempts.emplace(branch.attempt.id, &branch);
  branch.attempt.deadline = std::nullopt;
  if (fields->timeout) branch.attempt.deadline = now_ + absl::Seconds(*fields->timeout);
  effects_.emplace_back(OpenTask(state_, branch));
  if (branch.attempt.deadline.has_value()) Set(branch, branch.timeout, *branch.attempt.deadline);
  // That of an activity begins to count when a worker takes the task.
  if (!task.resource.is_activity) SetHeartbeat(branch);
}

std::optional<Failure> Turn::CannotStart(const Resource& resource, const Value& arguments) const {
  const bool is_missing =
      resource.is_activity && std::find(missing_activities_.begin(), missing_activities_.end(),
                                        resource.text) != missing_activities_.end();
  if (is_missing) return RuntimeFailure("The activity " + resource.text + " does not exist.");
  const std::optional<std::string> problem = ProblemOfParameters(resource, arguments);
  if (!problem) return std::nullopt;
  return RuntimeFailure("The Parameters '" + DescribeInput(arguments) +
                        "' could not be used to start the Task: [" + *problem + "]");
}

void Turn::CloseAttempt(Branch& branch) {
  if (branch.attempt.id != 0) state_.attempts.erase(branch.attempt.id);
  branch.attempt = Attempt{};
  Cancel(branch.timeout);
  Cancel(branch.heartbeat);
}

// --- Failing ---

Failure Turn::InState(const Branch& branch, Failure failure) const {
  if (state_.inspector != nullptr) return failure;
  failure.cause = "An error occurred while executing the state '" + branch.state->name +
                  "' (entered at the event id #" + std::to_string(branch.entered_event) + "). " +
                  failure.cause.value_or("");
  return failure;
}

void Turn::FailEvaluation(Branch& branch, Failure failure) {
  Fail(branch, InState(branch, std::move(failure)));
}

void Turn::Fail(Branch& branch, const Failure& failure) {
  if (history_.full()) return;
  // Nobody on the way up may handle it: the execution is over at once.
  if (!CanBeHandled(failure)) return Complete(Status::kFailed, Value(), failure, branch);
  if (branch.fork != nullptr && !branch.fork->aborted) {
    // What fails is the Parallel or Map itself, not what runs within.
    AbortFork(branch, nullptr);
    if (failure.error == kErrorDataLimitExceeded) DropFork(branch);  // a redrive runs all of it
  }
  if (TryRetry(branch, failure)) return;
  if (!FailedEventType(branch.state->type).empty()) history_.ForkFailed(branch);
  if (!history_.full() && !TryCatch(branch, failure)) FailBranch(branch, failure);
}

bool Turn::TryRetry(Branch& branch, const Failure& failure) {
  const std::vector<Retrier>& retriers = branch.state->retriers;
  for (size_t i = 0; i < retriers.size(); ++i) {
    if (!retriers[i].errors.Matches(failure)) continue;
    // The first match decides.
    if (branch.retries[i] >= retriers[i].max_attempts) {
      if (state_.inspector != nullptr) state_.inspector->OnRetry(i, failure, std::nullopt);
      return false;
    }
    ++branch.retries[i];
    DropFork(branch);
    Random random(state_.seed ^ Random(static_cast<uint64_t>(state_.last_attempt) * 8 +
                                       static_cast<uint64_t>(Use::kDelay))
                                    .Next());
    const absl::Duration pause = retriers[i].Delay(branch.retries[i], random);
    if (state_.inspector != nullptr) state_.inspector->OnRetry(i, failure, pause);
    Set(branch, branch.resume, now_ + pause);
    return true;
  }
  return false;
}

bool Turn::TryCatch(Branch& branch, const Failure& failure) {
  const std::vector<Catcher>& catchers = branch.state->catchers;
  for (size_t i = 0; i < catchers.size(); ++i) {
    const Catcher& catcher = catchers[i];
    if (!catcher.errors.Matches(failure)) continue;
    if (state_.inspector != nullptr) state_.inspector->OnCatch(i, failure);
    Evaluation evaluation(state_, branch, Use::kOutput);
    const Value error = ErrorOutput(failure);
    const Scope scope = evaluation.WithInput(branch.input);
    Evaluated<Value> output = catcher.output->Output(scope, error);
    Evaluated<Value> assigned = Assigned(branch, catcher.assign.get(), scope, error);
    std::optional<Failure> second;
    Extent extent;
    if (!output.ok()) {
      second = InState(branch, std::move(output).failure());
    } else if (!assigned.ok()) {
      second = std::move(assigned).failure();
    } else {
      second = CheckSize(*output, branch.state->name, extent);
    }
    if (second.has_value()) {
      FailBranch(branch, *second);
    } else {
      DropFork(branch);
      Leave(branch, *std::move(output), extent, catcher.next, *assigned);
    }
    return true;
  }
  return false;
}

void Turn::FailBranch(Branch& branch, const Failure& failure) {
  if (branch.parent != nullptr && CanBeHandled(failure)) return FailFork(branch, failure);
  Complete(Status::kFailed, Value(), failure, branch);
}

std::optional<Failure> Turn::CheckSize(const Value& value, std::string_view what,
                                       Extent& extent) const {
  const std::string begin = "The state/task '" + std::string(what) + "' returned a result ";
  switch (Measure(value, state_.limits.max_payload_bytes, extent)) {
    case Measured::kFits:
      return std::nullopt;
    case Measured::kTooLarge:
      return Failure{kErrorDataLimitExceeded,
                     begin + "with a size exceeding the maximum number of bytes service limit."};
    case Measured::kTooDeep:
      break;
  }
  return Failure{kErrorDataLimitExceeded,
                 begin + "that nests deeper than " + std::to_string(kMaxValueDepth) + " levels."};
}

std::optional<Failure> Turn::CheckOutput(const Branch& branch, const Value& output,
                                         const Extent& result, Extent& extent) const {
  if (const std::optional<DataFlow::OutputBound> bound = branch.state->data->BoundOfOutput()) {
    const Extent& input = branch.extent;
    extent.bytes = bound->combines ? input.bytes + result.bytes + bound->extra_bytes
                                   : std::max(input.bytes, result.bytes);
    extent.depth = std::max(input.depth, result.depth + bound->extra_depth);
    if (extent.bytes <= state_.limits.max_payload_bytes && extent.depth <= kMaxValueDepth)
      return std::nullopt;
  }
  return CheckSize(output, branch.state->name, extent);
}

}  // namespace orderflow::asl
