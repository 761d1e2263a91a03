// Distributed Map: child executions as a map run. Each is a task of the parent, answered when the
// child has ended; the parent's history tells of the run as a whole only.

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "orchestrator/asl/turn.h"

namespace orderflow::asl {

using json::Value;

namespace {

// The name of a child execution or of a map run: looks like a UUID, and is the same after a replay.
std::string NameFrom(Random& random) {
  const IntrinsicFunction* uuid = FindIntrinsicFunction("States.UUID");
  return (*uuid->apply({}, random)).AsString();
}

// Whoever gives both thresholds wants both kept.
bool IsTolerated(const MapRun& run, double items) {
  if (!run.tolerated_count.has_value() && !run.tolerated_percentage.has_value()) return false;
  if (run.tolerated_count.has_value() && run.failed_items > *run.tolerated_count) return false;
  return !run.tolerated_percentage.has_value() ||
         static_cast<double>(run.failed_items) * 100 <= *run.tolerated_percentage * items;
}

}  // namespace

Evaluated<int64_t> Turn::CountOf(const std::unique_ptr<const Expression>& field,
                                 const Scope& scope) {
  if (field == nullptr) return int64_t{0};
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value value, field->Evaluate(scope));
  return value.AsInt();
}

Evaluated<std::unique_ptr<MapRun>> Turn::ReadMapRun(const Branch& branch, const DistributedMap& map,
                                                    const Scope& scope) const {
  auto run = std::make_unique<MapRun>();
  if (map.tolerated_failure_count != nullptr) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(run->tolerated_count, CountOf(map.tolerated_failure_count, scope));
  }
  if (map.tolerated_failure_percentage != nullptr) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value percentage,
                                 map.tolerated_failure_percentage->Evaluate(scope));
    run->tolerated_percentage = percentage.AsDouble();
  }
  if (map.batches) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(run->max_items, CountOf(map.max_items_per_batch, scope));
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t bytes, CountOf(map.max_bytes_per_batch, scope));
    run->max_bytes = static_cast<size_t>(bytes);
    if (map.batch_input != nullptr) {
      ORDERFLOW_ASL_ASSIGN_OR_FAIL(run->batch_input, map.batch_input->Evaluate(scope));
    }
  }
  run->arn = MapRunArn(branch, map);
  return run;
}

// arn:PARTITION:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID, after the execution's ARN.
std::string Turn::MapRunArn(const Branch& branch, const DistributedMap& map) const {
  const std::vector<std::string> parts =
      absl::StrSplit(state_.context->execution_arn, absl::MaxSplits(':', 5));
  std::string arn;
  for (size_t i = 0; i < 5 && i < parts.size(); ++i) arn += parts[i] + ":";
  Random random(SeedFor(Use::kRun));
  const std::string label = map.label.empty() ? NameFrom(random) : map.label;
  arn += "mapRun:" + state_.context->state_machine_name + "/" + label + ":";
  Random second(SeedFor(Use::kRun) ^ static_cast<uint64_t>(branch.entered_event));
  return arn + NameFrom(second);
}

void Turn::EnterDistributed(Branch& branch, const MapState& map, const Scope& scope, Value items) {
  const auto count = static_cast<int64_t>(items.size());
  int64_t lanes = count;
  if (state_.limits.max_distributed_concurrency > 0)
    lanes = std::min(lanes, state_.limits.max_distributed_concurrency);
  Evaluated<int64_t> limit = CountOf(map.max_concurrency, scope);
  if (!limit.ok()) return FailEvaluation(branch, std::move(limit).failure());
  if (*limit > 0) lanes = std::min(lanes, *limit);
  history_.MapStarted(branch, count);
  Evaluated<std::unique_ptr<MapRun>> run = ReadMapRun(branch, *map.distributed, scope);
  if (!run.ok()) return FailEvaluation(branch, std::move(run).failure());
  history_.MapRunStarted(branch, (*run)->arn);
  if (history_.full()) return;
  Fork& fork = MakeFork(branch, 0);
  fork.view = scope.input;
  fork.items = std::move(items);
  fork.run = *std::move(run);
  for (int64_t i = 0; i < lanes && fork.next < count; ++i) {
    if (!StartChild(AddLane(branch, i))) return;
  }
  if (fork.run->open == 0) FinishMapRun(branch);
}

Evaluated<Value> Turn::NextBatch(Branch& lane, int64_t& items) {
  Fork& fork = *lane.parent->fork;
  const MapRun& run = *fork.run;
  const auto count = static_cast<int64_t>(fork.items.size());
  json::Array batch;
  size_t bytes = 2;
  items = 0;
  while (fork.next < count && (run.max_items == 0 || items < run.max_items)) {
    lane.index = fork.next;
    lane.item = fork.items.AsArray()[static_cast<size_t>(fork.next)];
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(Sized input, IterationInput(lane));
    // One item always goes, however large it is.
    if (run.max_bytes > 0 && items > 0 && bytes + input.extent.bytes + 1 > run.max_bytes) break;
    bytes += input.extent.bytes + 1;
    batch.push_back(std::move(input.value));
    ++fork.next;
    ++items;
    // It does not fit, whatever else would go into it: CheckSize says so below.
    if (bytes > state_.limits.max_payload_bytes) break;
  }
  const auto& map = std::get<MapState>(lane.parent->state->kind);
  if (!map.distributed->batches) return batch.front();
  json::Members members;
  if (!run.batch_input.IsNull()) members.push_back({"BatchInput", run.batch_input});
  members.push_back({"Items", Value::FromArray(std::move(batch))});
  Value input = Value::FromMembers(std::move(members));
  Extent extent;
  std::optional<Failure> failure = CheckSize(input, lane.parent->state->name, extent);
  if (failure.has_value()) return *std::move(failure);
  return input;
}

bool Turn::StartChild(Branch& lane) {
  Branch& owner = *lane.parent;
  Fork& fork = *owner.fork;
  int64_t items = 0;
  Evaluated<Value> input = NextBatch(lane, items);
  if (!input.ok()) {
    Fail(owner, input.failure());
    return false;
  }
  const DistributedMap& map = *std::get<MapState>(owner.state->kind).distributed;
  MapRun& run = *fork.run;
  lane.index = run.children++;
  ++run.open;
  fork.results.emplace_back();
  lane.task = ++state_.last_task;
  lane.attempt.id = ++state_.last_attempt;
  lane.attempt.input = *std::move(input);
  state_.attempts.emplace(lane.attempt.id, &lane);
  Random random(SeedFor(Use::kItem) ^ Random(static_cast<uint64_t>(lane.task)).Next());
  lane.child = std::make_shared<const ChildExecution>(ChildExecution{.machine = map.processor,
                                                                     .express = map.express,
                                                                     .name = NameFrom(random),
                                                                     .map_run_arn = run.arn,
                                                                     .label = map.label,
                                                                     .items = items});
  effects_.emplace_back(OpenTask(lane));
  return true;
}

void Turn::ChildSucceeded(Branch& lane, const Value& output) {
  Branch& owner = *lane.parent;
  Fork& fork = *owner.fork;
  CloseAttempt(lane);
  lane.child = nullptr;
  Extent extent;
  if (std::optional<Failure> failure = CheckSize(output, owner.state->name, extent))
    return Fail(owner, *failure);
  fork.results[static_cast<size_t>(lane.index)] = output;
  fork.extent.bytes += extent.bytes + 1;
  fork.extent.depth = std::max(fork.extent.depth, extent.depth + 1);
  --fork.run->open;
  if (fork.next < static_cast<int64_t>(fork.items.size())) {
    StartChild(lane);
  } else if (fork.run->open == 0) {
    FinishMapRun(owner);
  }
}

void Turn::ChildFailed(Branch& lane) {
  Branch& owner = *lane.parent;
  Fork& fork = *owner.fork;
  MapRun& run = *fork.run;
  CloseAttempt(lane);
  run.failed_items += lane.child->items;
  lane.child = nullptr;
  --run.open;
  if (!IsTolerated(run, static_cast<double>(fork.items.size()))) {
    const Failure failure{kErrorExceedToleratedFailureThreshold,
                          "The specified tolerated failure threshold was exceeded"};
    history_.MapRunFailed(owner, failure);
    return Fail(owner, failure);
  }
  if (fork.next < static_cast<int64_t>(fork.items.size())) {
    StartChild(lane);
  } else if (run.open == 0) {
    FinishMapRun(owner);
  }
}

void Turn::FinishMapRun(Branch& owner) {
  history_.MapRunSucceeded(owner);
  if (!history_.full()) FinishFork(owner);
}

}  // namespace orderflow::asl
