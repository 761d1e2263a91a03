#include "orchestrator/asl/history.h"

namespace orderflow::asl {
namespace {

using json::Members;
using json::Value;

Value NotTruncated() { return Value::Object({{"truncated", false}}); }

Value NoDetails() { return Value::Object({}); }

void AddFailure(Members& members, const std::optional<std::string>& error,
                const std::optional<std::string>& cause) {
  if (error.has_value()) members.push_back({"error", *error});
  if (cause.has_value()) members.push_back({"cause", *cause});
}

void AddService(Members& members, const Resource& resource) {
  if (!resource.events->names_service) return;
  members.push_back({"resourceType", resource.type});
  members.push_back({"resource", resource.action});
}

}  // namespace

template <typename MakeDetails>
int64_t History::Add(int64_t previous, std::string_view type, std::string_view details_name,
                     MakeDetails make_details) {
  const int64_t id = ++state_.events;
  if (sink_ != nullptr) {
    sink_->OnEvent(HistoryEvent{id, previous, now_, type, details_name,
                                details_name.empty() ? NoDetails() : make_details()});
  }
  return id;
}

template <typename MakeDetails>
int64_t History::AddBeside(const Branch& branch, std::string_view type,
                           std::string_view details_name, MakeDetails make_details) {
  full_ = full_ || state_.events + 1 >= state_.limits.max_events;
  return full_ ? branch.last_event : Add(branch.last_event, type, details_name, make_details);
}

template <typename MakeDetails>
void History::AddTo(Branch& branch, std::string_view type, std::string_view details_name,
                    MakeDetails make_details) {
  branch.last_event = AddBeside(branch, type, details_name, make_details);
}

// arn:aws:states:REGION:...
std::string_view History::Region() const {
  std::string_view arn = state_.context->execution_arn;
  for (int i = 0; i < 3 && !arn.empty(); ++i)
    arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
  return arn.substr(0, arn.find(':'));
}

void History::ExecutionStarted(Branch& branch) {
  AddTo(branch, "ExecutionStarted", "executionStartedEventDetails", [&] {
    return Value::Object({{"input", json::Serialize(state_.input)},
                          {"inputDetails", NotTruncated()},
                          {"roleArn", state_.context->role_arn}});
  });
  branch.last_event = 0;  // the first state's event names no predecessor either
}

void History::ExecutionRedriven() {
  Add(state_.events, "ExecutionRedriven", "executionRedrivenEventDetails", [&] {
    return Value::Object({{"redriveCount", state_.redrives}});
  });
}

void History::StateEntered(Branch& branch) {
  AddTo(branch, EnteredEventType(branch.state->type), "stateEnteredEventDetails", [&] {
    return Value::Object({{"name", branch.state->name},
                          {"input", json::Serialize(branch.input)},
                          {"inputDetails", NotTruncated()}});
  });
  branch.entered_event = branch.last_event;
}

void History::StateExited(Branch& branch, const Value& output, const Value& assigned) {
  AddTo(branch, ExitedEventType(branch.state->type), "stateExitedEventDetails", [&] {
    Members members = {{"name", branch.state->name},
                       {"output", json::Serialize(output)},
                       {"outputDetails", NotTruncated()}};
    if (assigned.size() > 0) {
      Members texts;
      for (const json::Member& variable : assigned.AsMembers())
        texts.push_back({variable.key, json::Serialize(variable.value)});
      members.push_back({"assignedVariables", Value::FromMembers(std::move(texts))});
      members.push_back({"assignedVariablesDetails", NotTruncated()});
    }
    return Value::FromMembers(std::move(members));
  });
}

void History::TaskScheduled(Branch& branch, const TaskState& task,
                            std::optional<int64_t> timeout_seconds, const Value& credentials) {
  const TaskEventNames& names = *task.resource.events;
  AddTo(branch, names.scheduled, names.scheduled_details, [&] {
    Members members;
    AddService(members, task.resource);
    if (names.names_service) members.push_back({"region", Value(Region())});
    if (!names.names_service) members.push_back({"resource", task.resource.text});
    members.push_back({std::string(names.input), json::Serialize(branch.attempt.input)});
    if (names.has_input_details) members.push_back({"inputDetails", NotTruncated()});
    if (timeout_seconds.has_value()) members.push_back({"timeoutInSeconds", *timeout_seconds});
    const int64_t heartbeat = branch.attempt.heartbeat_seconds;
    if (heartbeat > 0) members.push_back({"heartbeatInSeconds", heartbeat});
    if (const Value* role = credentials.Find("RoleArn"))
      members.push_back({"taskCredentials", Value::Object({{"roleArn", *role}})});
    return Value::FromMembers(std::move(members));
  });
}

void History::TaskStarted(Branch& branch, const TaskState& task) {
  const TaskEventNames& names = *task.resource.events;
  AddTo(branch, names.started, names.started_details, [&] {
    Members members;
    AddService(members, task.resource);
    return Value::FromMembers(std::move(members));
  });
}

void History::ActivityStarted(Branch& branch, const std::optional<std::string>& worker) {
  AddTo(branch, "ActivityStarted", "activityStartedEventDetails", [&] {
    Members members;
    if (worker.has_value()) members.push_back({"workerName", *worker});
    return Value::FromMembers(std::move(members));
  });
}

void History::TaskSubmitted(Branch& branch, const TaskState& task, const Value& output) {
  AddTo(branch, "TaskSubmitted", "taskSubmittedEventDetails", [&] {
    Members members;
    AddService(members, task.resource);
    members.push_back({"output", json::Serialize(output)});
    members.push_back({"outputDetails", NotTruncated()});
    return Value::FromMembers(std::move(members));
  });
}

void History::TaskSucceeded(Branch& branch, const TaskState& task, const Value& output) {
  const TaskEventNames& names = *task.resource.events;
  AddTo(branch, names.succeeded, names.succeeded_details, [&] {
    Members members;
    AddService(members, task.resource);
    members.push_back({"output", json::Serialize(output)});
    members.push_back({"outputDetails", NotTruncated()});
    return Value::FromMembers(std::move(members));
  });
}

void History::TaskFailed(Branch& branch, const TaskState& task, const Failure& failure) {
  const TaskEventNames& names = *task.resource.events;
  AddTo(branch, names.failed, names.failed_details, [&] {
    Members members;
    AddService(members, task.resource);
    AddFailure(members, failure.error, failure.cause);
    return Value::FromMembers(std::move(members));
  });
}

void History::TaskTimedOut(Branch& branch, const TaskState& task) {
  const TaskEventNames& names = *task.resource.events;
  AddTo(branch, names.timed_out, names.timed_out_details, [&] {
    Members members;
    AddService(members, task.resource);
    AddFailure(members, kErrorTimeout, std::nullopt);
    return Value::FromMembers(std::move(members));
  });
}

void History::ParallelStarted(Branch& branch) {
  AddTo(branch, "ParallelStateStarted", "", NoDetails);
}

void History::MapStarted(Branch& branch, int64_t length) {
  AddTo(branch, "MapStateStarted", "mapStateStartedEventDetails", [&] {
    return Value::Object({{"length", length}});
  });
}

int64_t History::ForkSucceeded(const Branch& branch) {
  return AddBeside(branch, SucceededEventType(branch.state->type), "", NoDetails);
}

void History::ForkFailed(Branch& branch) {
  AddTo(branch, FailedEventType(branch.state->type), "", NoDetails);
}

int64_t History::AddIteration(const Branch& lane, std::string_view type,
                              std::string_view details_name) {
  return AddBeside(lane, type, details_name, [&] {
    return Value::Object({{"name", lane.parent->state->name}, {"index", lane.index}});
  });
}

void History::IterationStarted(Branch& lane) {
  lane.last_event = AddIteration(lane, "MapIterationStarted", "mapIterationStartedEventDetails");
}

int64_t History::IterationSucceeded(const Branch& lane) {
  return AddIteration(lane, "MapIterationSucceeded", "mapIterationSucceededEventDetails");
}

void History::IterationFailed(const Branch& lane) {
  AddIteration(lane, "MapIterationFailed", "mapIterationFailedEventDetails");
}

void History::IterationAborted(const Branch& lane) {
  AddIteration(lane, "MapIterationAborted", "mapIterationAbortedEventDetails");
}

void History::StateAborted(Branch& branch) {
  const std::string_view type = AbortedEventType(branch.state->type);
  if (!type.empty()) AddTo(branch, type, "", NoDetails);
}

void History::MapRunStarted(Branch& branch, const std::string& arn) {
  AddTo(branch, "MapRunStarted", "mapRunStartedEventDetails", [&] {
    return Value::Object({{"mapRunArn", arn}});
  });
}

void History::MapRunSucceeded(Branch& branch) { AddTo(branch, "MapRunSucceeded", "", NoDetails); }

void History::MapRunFailed(Branch& branch, const Failure& failure) {
  AddTo(branch, "MapRunFailed", "mapRunFailedEventDetails", [&] {
    Members members;
    AddFailure(members, failure.error, failure.cause);
    return Value::FromMembers(std::move(members));
  });
}

void History::MapRunAborted(Branch& branch) { AddTo(branch, "MapRunAborted", "", NoDetails); }

void History::MapRunRedriven(Branch& branch, const MapRunSummary& run) {
  AddTo(branch, "MapRunRedriven", "mapRunRedrivenEventDetails", [&] {
    return Value::Object({{"mapRunArn", run.arn}, {"redriveCount", run.redrives}});
  });
}

void History::ExecutionSucceeded(int64_t previous, const Value& output) {
  Add(previous, "ExecutionSucceeded", "executionSucceededEventDetails", [&] {
    return Value::Object({{"output", json::Serialize(output)}, {"outputDetails", NotTruncated()}});
  });
}

void History::ExecutionEnded(int64_t previous, Status status,
                             const std::optional<std::string>& error,
                             const std::optional<std::string>& cause) {
  const auto details = [&] {
    Members members;
    AddFailure(members, error, cause);
    return Value::FromMembers(std::move(members));
  };
  if (status == Status::kAborted) {
    Add(previous, "ExecutionAborted", "executionAbortedEventDetails", details);
  } else if (status == Status::kTimedOut) {
    Add(previous, "ExecutionTimedOut", "executionTimedOutEventDetails", details);
  } else {
    Add(previous, "ExecutionFailed", "executionFailedEventDetails", details);
  }
}

}  // namespace orderflow::asl
