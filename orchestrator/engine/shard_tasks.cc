// What a shard does about tasks: has them carried out, takes their answers, and what those who
// hold a task's token say.

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/engine/running_execution.h"
#include "orchestrator/engine/shard.h"

namespace orderflow::engine {
namespace {

AttemptEnd EndOf(const tasks::TaskOutcome& outcome) {
  const auto* failure = std::get_if<asl::Failure>(&outcome);
  if (failure == nullptr) return AttemptEnd::kSucceeded;
  return failure->error == asl::kErrorTimeout ? AttemptEnd::kTimedOut : AttemptEnd::kFailed;
}

asl::AttemptId AttemptOf(const TaskSignal& signal) {
  return std::visit([](const auto& what) { return what.attempt; }, signal);
}

// StartRequest::origin of what the task starts: of a child of a map run, or a nested execution.
std::string OriginOf(const std::string& arn, const asl::RunTask& task) {
  return absl::StrCat(arn, "/", task.task, "/", task.try_number);
}

}  // namespace

absl::Status TaskClosed() {
  return absl::FailedPreconditionError("the task has been answered, has timed out or was stopped");
}

// --- Tasks begin ---

void Shard::Do(Running& running, asl::RunTask effect) {
  if (halted_) return;  // the restart issues it again
  // A later input of the same batch may have cancelled it (a stop): then it is not to happen any
  // more.
  if (!running.execution.WouldAccept({now_, asl::TaskSucceeded{effect.attempt, {}}})) return;
  if (effect.child != nullptr) return RunChild(running, std::move(effect));
  const asl::Resource& resource = std::get<asl::TaskState>(effect.state->kind).resource;
  if (options_.meter != nullptr) options_.meter->OnAttempt(resource, effect.try_number);
  Bump(counters_.open_tasks);
  running.tasks.push_back({effect.attempt, &resource, now_, nullptr});
  if (WasTaken(running, effect.attempt, resource)) return;

  tasks::TaskCall call;
  call.resource = std::move(effect.resource);
  call.input = std::move(effect.input);
  call.idempotency_key = absl::StrCat(running.arn(), "/", effect.task);
  call.execution_arn = running.arn();
  call.traceparent = running.traceparent;
  call.try_number = effect.try_number;
  call.deadline = effect.deadline;
  if (resource.waits_for_token || resource.is_activity)
    call.task_token = asl::TaskToken(running.execution.context(), effect.attempt);
  if (resource.is_submitted && !resource.waits_for_token) {
    call.submitted = [inbox = inbox_, key = running.key,
                      attempt = effect.attempt](json::Value output) {
      inbox->Post(TaskAccepted{key, attempt, std::move(output)});
    };
  }
  running.tasks.back().handle = runner_.Run(
      std::move(call),
      [inbox = inbox_, key = running.key, attempt = effect.attempt](tasks::TaskOutcome outcome) {
        inbox->Post(TaskAnswered{key, attempt, std::move(outcome)});
      });
}

void Shard::RunChild(Running& running, asl::RunTask effect) {
  Bump(counters_.open_tasks);
  running.tasks.push_back({effect.attempt, nullptr, now_, nullptr});
  ChildCall call{.parent = running.machine,
                 .child = std::move(effect.child),
                 .map_state = effect.state->name,
                 .input = std::move(effect.input),
                 .origin = OriginOf(running.arn(), effect),
                 .redrive = effect.try_number > 1,
                 .traceparent = running.traceparent};
  running.tasks.back().handle = children_.RunChild(
      std::move(call),
      [inbox = inbox_, key = running.key, attempt = effect.attempt](tasks::TaskOutcome outcome) {
        inbox->Post(TaskAnswered{key, attempt, std::move(outcome)});
      });
}

// Whether the attempt, issued again after a restart, waits for nothing but the holder of its token:
// its service has accepted it, or a worker has it.
bool Shard::WasTaken(const Running& running, asl::AttemptId attempt,
                     const asl::Resource& resource) const {
  if (resource.is_activity)
    return !running.execution.WouldAccept({now_, asl::TaskStarted{attempt, std::nullopt}});
  return resource.waits_for_token &&
         !running.execution.WouldAccept({now_, asl::TaskSubmitted{attempt, {}}});
}

// --- Answers come ---

void Shard::On(TaskAnswered message) {
  Running* running = halted_ ? nullptr : Find(message.key);
  if (running == nullptr) return;
  Running::OpenTask* task = running->FindTask(message.attempt);
  if (task == nullptr) return;  // was cancelled
  auto* output = std::get_if<json::Value>(&message.outcome);
  if (output != nullptr && task->resource != nullptr && task->resource->waits_for_token) {
    // The service has accepted it; whoever gets the token answers it.
    task->handle = nullptr;
    return Take(*running, {now_, asl::TaskSubmitted{message.attempt, std::move(*output)}});
  }
  EndTask(*running, message.attempt, EndOf(message.outcome));
  if (output != nullptr) {
    Take(*running, {now_, asl::TaskSucceeded{message.attempt, std::move(*output)}});
  } else {
    Take(*running, {now_, asl::TaskFailed{message.attempt,
                                          std::get<asl::Failure>(std::move(message.outcome))}});
  }
}

void Shard::On(TaskAccepted message) {
  Running* running = halted_ ? nullptr : Find(message.key);
  if (running == nullptr || running->FindTask(message.attempt) == nullptr) return;
  Take(*running, {now_, asl::TaskSubmitted{message.attempt, std::move(message.output)}});
}

void Shard::On(TaskSignalled message) {
  if (halted_) return std::move(message.done)(Halting());
  Running* running = Find(message.arn);
  if (running == nullptr) return std::move(message.missing)(std::move(message.done));
  const Running::OpenTask* task = running->FindTask(AttemptOf(message.signal));
  if (task == nullptr || task->resource == nullptr ||
      !(task->resource->waits_for_token || task->resource->is_activity))
    return std::move(message.done)(TaskClosed());
  asl::Input input{now_, {}};
  std::visit([&input](auto& what) { input.what = std::move(what); }, message.signal);
  Take(*running, std::move(input), std::move(message.done));
}

void Shard::On(ChildrenTakenUp message) {
  if (halted_) return;
  absl::flat_hash_set<std::string> wanted;
  if (const Running* running = Find(message.parent_arn)) {
    std::vector<asl::Effect> open;
    running->execution.AppendOutstanding(open);
    for (const asl::Effect& effect : open) {
      const auto* task = std::get_if<asl::RunTask>(&effect);
      if (task != nullptr) wanted.insert(OriginOf(message.parent_arn, *task));
    }
  }
  for (const ChildrenTakenUp::Child& child : message.children) {
    if (!wanted.contains(child.origin)) message.stop(child.arn);
  }
}

// The answer to whoever told of an input that changed nothing.
absl::Status Shard::Ignored(const Running& running, const asl::Input& input) const {
  if (const auto* update = std::get_if<asl::MapRunUpdated>(&input.what))
    return absl::NotFoundError(absl::StrCat("no such map run is under way: ", update->map_run_arn));
  // A sign of life that nobody waits for is welcome all the same.
  const auto* heartbeat = std::get_if<asl::Heartbeat>(&input.what);
  const bool open = heartbeat != nullptr && running.execution.WouldAccept(
                                                {now_, asl::TaskSucceeded{heartbeat->attempt, {}}});
  return open ? absl::OkStatus() : TaskClosed();
}

// --- Answers are durable ---

// An answer that came by the task's token leaves the call that handed the token out, and its place
// among the open tasks.
void Shard::CloseAnswered(Running& running, const asl::Input& input) {
  if (running.tasks.empty()) return;
  if (const auto* success = std::get_if<asl::TaskSucceeded>(&input.what))
    return EndTask(running, success->attempt, AttemptEnd::kSucceeded);
  if (const auto* failure = std::get_if<asl::TaskFailed>(&input.what))
    EndTask(running, failure->attempt, AttemptEnd::kFailed);
}

// Tells those whose inputs are durable now.
void Shard::TellUpTo(Running& running, int64_t sequence) {
  auto& told = running.told;
  const auto end = std::find_if(told.begin(), told.end(), [sequence](const auto& waiting) {
    return waiting.sequence > sequence;
  });
  for (auto at = told.begin(); at != end; ++at) std::move(at->done)(absl::OkStatus());
  told.erase(told.begin(), end);
}

// Tells everybody whose input will not become durable here.
void Shard::TellAll(Running& running, const absl::Status& status) {
  for (auto& waiting : std::exchange(running.told, {})) std::move(waiting.done)(status);
  for (auto& held : std::exchange(running.held, {})) {
    if (held.done) std::move(held.done)(status);
  }
}

// --- Tasks end ---

void Shard::Do(Running& running, const asl::CancelTask& effect) {
  Running::OpenTask* task = running.FindTask(effect.attempt);
  if (task == nullptr) return;
  if (task->handle != nullptr) task->handle->Cancel();
  EndTask(running, effect.attempt, AttemptEnd::kCancelled);
}

void Shard::EndTask(Running& running, asl::AttemptId attempt, AttemptEnd end) {
  Running::OpenTask* task = running.FindTask(attempt);
  if (task == nullptr) return;
  EndAttempt(task->resource, task->started, end);
  *task = std::move(running.tasks.back());
  running.tasks.pop_back();
  Bump(counters_.open_tasks, -1);
}

void Shard::EndAttempt(const asl::Resource* resource, absl::Time started, AttemptEnd end) {
  if (options_.meter == nullptr || resource == nullptr) return;
  // Clocks go back at times.
  options_.meter->OnAttemptEnded(*resource, end, std::max(now_ - started, absl::ZeroDuration()));
}

}  // namespace orderflow::engine
