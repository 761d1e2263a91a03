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
bool IsTolerated(const MapRunSummary& run) {
  const int64_t failed = run.items.failed + run.items.timed_out + run.items.aborted;
  if (failed == 0) return true;
  const std::optional<int64_t> count = run.tolerated_failure_count;
  const std::optional<double> percentage = run.tolerated_failure_percentage;
  if (!count.has_value() && !percentage.has_value()) return false;
  if (count.has_value() && failed > *count) return false;
  return !percentage.has_value() ||
         static_cast<double>(failed) * 100 <= *percentage * static_cast<double>(run.total_items);
}

int64_t AtMost(int64_t limit, int64_t other) {
  if (limit == 0 || other == 0) return std::max(limit, other);
  return std::min(limit, other);
}

// One more child execution that stands in one way, and one less in another.
void Move(MapRunSummary& run, int64_t MapRunSummary::Counts::*from,
          int64_t MapRunSummary::Counts::*to, int64_t items) {
  using Counts = MapRunSummary::Counts;
  for (auto [counts, number] : {std::pair<Counts*, int64_t>{&run.executions, 1},
                                std::pair<Counts*, int64_t>{&run.items, items}}) {
    if (from != nullptr) counts->*from -= number;
    counts->*to += number;
  }
}

}  // namespace

Evaluated<int64_t> Turn::CountOf(const std::unique_ptr<const Expression>& field,
                                 const Scope& scope) {
  if (field == nullptr) return int64_t{0};
  ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value value, field->Evaluate(scope));
  return value.AsInt();
}

Evaluated<std::unique_ptr<MapRun>> Turn::ReadMapRun(const Branch& branch, const MapState& map,
                                                    const Scope& scope, MapRunSummary& summary) {
  const DistributedMap& distributed = *map.distributed;
  auto run = std::make_unique<MapRun>();
  if (distributed.tolerated_failure_count != nullptr) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(summary.tolerated_failure_count,
                                 CountOf(distributed.tolerated_failure_count, scope));
  }
  if (distributed.tolerated_failure_percentage != nullptr) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const Value percentage,
                                 distributed.tolerated_failure_percentage->Evaluate(scope));
    summary.tolerated_failure_percentage = percentage.AsDouble();
  }
  if (distributed.batches) {
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(run->max_items, CountOf(distributed.max_items_per_batch, scope));
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(const int64_t bytes,
                                 CountOf(distributed.max_bytes_per_batch, scope));
    run->max_bytes = static_cast<size_t>(bytes);
    if (distributed.batch_input != nullptr) {
      ORDERFLOW_ASL_ASSIGN_OR_FAIL(run->batch_input, distributed.batch_input->Evaluate(scope));
    }
  }
  summary.arn = MapRunArn(branch, distributed);
  summary.map_state = branch.state->name;
  summary.express = distributed.express;
  summary.start_time = now_;
  run->summary = state_.map_runs.size();
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
  MapRunSummary summary;
  summary.total_items = static_cast<int64_t>(items.size());
  Evaluated<int64_t> limit = CountOf(map.max_concurrency, scope);
  if (!limit.ok()) return FailEvaluation(branch, std::move(limit).failure());
  summary.max_concurrency = *limit;
  history_.MapStarted(branch, summary.total_items);
  Evaluated<std::unique_ptr<MapRun>> run = ReadMapRun(branch, map, scope, summary);
  if (!run.ok()) return FailEvaluation(branch, std::move(run).failure());
  history_.MapRunStarted(branch, summary.arn);
  (*run)->started_event = branch.last_event;
  if (history_.full()) return;
  state_.map_runs.push_back(std::move(summary));
  Fork& fork = MakeFork(branch, 0);
  fork.view = scope.input;
  fork.items = std::move(items);
  fork.run = *std::move(run);
  StartChildren(branch);
}

MapRunSummary& Turn::SummaryOf(const Branch& owner) const {
  return state_.map_runs[owner.fork->run->summary];
}

void Turn::StartChildren(Branch& owner) {
  Fork& fork = *owner.fork;
  MapRun& run = *fork.run;
  const auto count = static_cast<int64_t>(fork.items.size());
  const int64_t limit =
      AtMost(SummaryOf(owner).max_concurrency, state_.limits.max_distributed_concurrency);
  while ((limit == 0 || run.open < limit) && (!run.pending.empty() || fork.next < count)) {
    if (run.idle.empty()) run.idle.push_back(&AddLane(owner, 0));
    Branch& lane = *run.idle.back();
    run.idle.pop_back();
    if (!run.pending.empty()) {
      UnfinishedChild unfinished = std::move(run.pending.front());
      run.pending.pop_front();
      RestartChild(lane, std::move(unfinished));
    } else if (!StartChild(lane)) {
      return;
    }
  }
  if (run.open == 0) FinishMapRun(owner);
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
  const int64_t first = fork.next;
  int64_t items = 0;
  Evaluated<Value> input = NextBatch(lane, items);
  if (!input.ok()) {
    fork.next = first;  // a redrive tries them again
    Fail(owner, input.failure());
    return false;
  }
  const DistributedMap& map = *std::get<MapState>(owner.state->kind).distributed;
  MapRunSummary& summary = SummaryOf(owner);
  lane.index = fork.run->children++;
  fork.results.emplace_back();
  lane.task = ++state_.last_task;
  Random random(SeedFor(Use::kItem) ^ Random(static_cast<uint64_t>(lane.task)).Next());
  Move(summary, nullptr, &MapRunSummary::Counts::running, items);
  OpenChild(lane, *std::move(input),
            std::make_shared<const ChildExecution>(ChildExecution{.machine = map.processor,
                                                                  .express = map.express,
                                                                  .name = NameFrom(random),
                                                                  .map_run_arn = summary.arn,
                                                                  .label = map.label,
                                                                  .items = items}));
  return true;
}

void Turn::RestartChild(Branch& lane, UnfinishedChild unfinished) {
  lane.index = unfinished.index;
  lane.task = unfinished.task;
  Move(SummaryOf(*lane.parent), &MapRunSummary::Counts::pending_redrive,
       &MapRunSummary::Counts::running, unfinished.child->items);
  OpenChild(lane, std::move(unfinished.input), std::move(unfinished.child));
}

void Turn::OpenChild(Branch& lane, Value input, std::shared_ptr<const ChildExecution> child) {
  ++lane.parent->fork->run->open;
  lane.child = std::move(child);
  lane.attempt.id = ++state_.last_attempt;
  lane.attempt.input = std::move(input);
  state_.attempts.emplace(lane.attempt.id, &lane);
  effects_.emplace_back(OpenTask(state_, lane));
}

void Turn::ChildSucceeded(Branch& lane, const Value& output) {
  using Counts = MapRunSummary::Counts;
  Branch& owner = *lane.parent;
  Fork& fork = *owner.fork;
  Extent extent;
  if (std::optional<Failure> failure = CheckSize(output, owner.state->name, extent)) {
    KeepUnfinished(lane, &Counts::failed);
    return Fail(owner, *failure);
  }
  Move(SummaryOf(owner), &Counts::running, &Counts::succeeded, lane.child->items);
  CloseAttempt(lane);
  lane.child = nullptr;
  fork.results[static_cast<size_t>(lane.index)] = output;
  fork.extent.bytes += extent.bytes + 1;
  fork.extent.depth = std::max(fork.extent.depth, extent.depth + 1);
  --fork.run->open;
  fork.run->idle.push_back(&lane);
  StartChildren(owner);
}

void Turn::ChildFailed(Branch& lane, const Failure& failure) {
  using Counts = MapRunSummary::Counts;
  Branch& owner = *lane.parent;
  int64_t Counts::*way = &Counts::failed;
  if (failure.child_end == ChildEnd::kTimedOut) way = &Counts::timed_out;
  if (failure.child_end == ChildEnd::kAborted) way = &Counts::aborted;
  KeepUnfinished(lane, way);
  GoOnIfTolerated(owner);
}

void Turn::KeepUnfinished(Branch& lane, int64_t MapRunSummary::Counts::*way) {
  MapRun& run = *lane.parent->fork->run;
  Move(SummaryOf(*lane.parent), &MapRunSummary::Counts::running, way, lane.child->items);
  run.unfinished.push_back({.index = lane.index,
                            .task = lane.task,
                            .input = std::move(lane.attempt.input),
                            .child = std::exchange(lane.child, nullptr)});
  CloseAttempt(lane);
  --run.open;
  run.idle.push_back(&lane);
}

void Turn::GoOnIfTolerated(Branch& owner) {
  if (IsTolerated(SummaryOf(owner))) return StartChildren(owner);
  const Failure failure{kErrorExceedToleratedFailureThreshold,
                        "The specified tolerated failure threshold was exceeded"};
  history_.MapRunFailed(owner, failure);
  Fail(owner, failure);
}

void Turn::FinishMapRun(Branch& owner) {
  history_.MapRunSucceeded(owner);
  if (history_.full()) return;
  EndMapRun(owner, Status::kSucceeded);
  FinishFork(owner);
}

void Turn::EndMapRun(const Branch& owner, Status status) {
  MapRunSummary& run = SummaryOf(owner);
  if (run.status != Status::kRunning) return;
  run.status = status;
  run.stop_time = now_;
}

bool Turn::Handle(const MapRunUpdated& update) {
  Branch* const owner = FindMapRun(state_, update.map_run_arn);
  if (owner == nullptr) return false;
  MapRunSummary& run = SummaryOf(*owner);
  if (update.max_concurrency.has_value()) run.max_concurrency = *update.max_concurrency;
  if (update.tolerated_failure_count.has_value())
    run.tolerated_failure_count = update.tolerated_failure_count;
  if (update.tolerated_failure_percentage.has_value())
    run.tolerated_failure_percentage = update.tolerated_failure_percentage;
  GoOnIfTolerated(*owner);
  Run(*owner);
  return true;
}

void Turn::RedriveMapRun(Branch& owner) {
  Fork& fork = *owner.fork;
  MapRun& run = *fork.run;
  MapRunSummary& summary = SummaryOf(owner);
  ++summary.redrives;
  summary.redrive_time = now_;
  summary.status = Status::kRunning;
  summary.stop_time.reset();
  history_.MapRunRedriven(owner, summary);
  if (history_.full()) return;
  run.pending.insert(run.pending.end(), std::make_move_iterator(run.unfinished.begin()),
                     std::make_move_iterator(run.unfinished.end()));
  run.unfinished.clear();
  std::sort(run.pending.begin(), run.pending.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  for (MapRunSummary::Counts* counts : {&summary.executions, &summary.items}) {
    counts->pending_redrive += counts->failed + counts->timed_out + counts->aborted;
    counts->failed = counts->timed_out = counts->aborted = 0;
  }
  run.idle.clear();
  for (auto lane = fork.lanes.rbegin(); lane != fork.lanes.rend(); ++lane) {
    SetCancelled(**lane, false);
    run.idle.push_back(lane->get());
  }
  StartChildren(owner);
}

}  // namespace orderflow::asl
