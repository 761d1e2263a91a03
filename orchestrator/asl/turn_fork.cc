// Parallel and Map: branches within a branch.

#include <algorithm>
#include <utility>

#include "orchestrator/asl/turn.h"

namespace orderflow::asl {

using json::Value;

Fork& Turn::MakeFork(Branch& owner, size_t results) {
  owner.fork = std::make_unique<Fork>();
  owner.fork->results.resize(results);
  owner.fork->unfinished = static_cast<int64_t>(results);
  owner.fork->extent = Extent{.bytes = 2, .depth = 1};
  return *owner.fork;
}

void Turn::DropFork(Branch& owner) {
  if (owner.fork != nullptr) ended_.push_back(std::move(owner.fork));
}

Branch& Turn::AddLane(Branch& owner, int64_t index) {
  Branch& lane = *owner.fork->lanes.emplace_back(std::make_unique<Branch>());
  lane.parent = &owner;
  lane.index = index;
  lane.last_event = owner.last_event;
  return lane;
}

void Turn::EnterKind(Branch& branch, const ParallelState& parallel) {
  ++branch.tries;
  Evaluation evaluation(state_, branch, Use::kArguments);
  const DataFlow& data = *branch.state->data;
  Evaluated<Value> view = data.View(evaluation.WithInput(branch.input));
  if (!view.ok()) return FailEvaluation(branch, std::move(view).failure());
  Evaluated<Value> arguments = data.Arguments(evaluation.WithInput(*view));
  if (!arguments.ok()) return FailEvaluation(branch, std::move(arguments).failure());
  Extent extent = branch.extent;
  if (!data.ArgumentsAreBounded()) {
    if (std::optional<Failure> failure = CheckSize(*arguments, branch.state->name, extent))
      return Fail(branch, *failure);
  }
  history_.ParallelStarted(branch);
  if (history_.full() || state_.inspector != nullptr) return;
  MakeFork(branch, parallel.branches.size());
  for (size_t i = 0; i < parallel.branches.size(); ++i) {
    Branch& lane = AddLane(branch, static_cast<int64_t>(i));
    Arrive(lane, *parallel.branches[i].start, *arguments, extent);
  }
}

void Turn::EnterKind(Branch& branch, const MapState& map) {
  ++branch.tries;
  Evaluation evaluation(state_, branch, Use::kArguments);
  Evaluated<Value> view = branch.state->data->View(evaluation.WithInput(branch.input));
  if (!view.ok()) return FailEvaluation(branch, std::move(view).failure());
  const Scope scope = evaluation.WithInput(*view);
  if (state_.inspector != nullptr) return InspectMap(branch, map, scope);
  Evaluated<Value> items = map.items->Items(scope);
  if (!items.ok()) return FailEvaluation(branch, std::move(items).failure());
  if (map.distributed != nullptr) return EnterDistributed(branch, map, scope, *std::move(items));
  const auto count = static_cast<int64_t>(items->size());
  int64_t lanes = count;
  if (state_.limits.max_inline_concurrency > 0)
    lanes = std::min(lanes, state_.limits.max_inline_concurrency);
  if (map.max_concurrency != nullptr) {
    Evaluated<Value> limit = map.max_concurrency->Evaluate(scope);
    if (!limit.ok()) return FailEvaluation(branch, std::move(limit).failure());
    if (limit->AsInt() > 0) lanes = std::min(lanes, limit->AsInt());
  }
  history_.MapStarted(branch, count);
  if (history_.full()) return;
  Fork& fork = MakeFork(branch, items->size());
  fork.view = *std::move(view);
  fork.items = *std::move(items);
  if (count == 0) return FinishFork(branch);
  fork.max_lanes = lanes;
  fork.lanes.reserve(static_cast<size_t>(lanes));
  AddIterations(branch);
}

void Turn::AddIterations(Branch& owner) {
  const Fork& fork = *owner.fork;
  const auto count = static_cast<int64_t>(fork.results.size());
  while (static_cast<int64_t>(fork.lanes.size()) < fork.max_lanes && fork.next < count) {
    if (!StartIteration(AddLane(owner, fork.next))) return;
  }
}

Evaluated<Turn::Sized> Turn::IterationInput(const Branch& lane) const {
  const Branch& owner = *lane.parent;
  const ItemFlow& items = *std::get<MapState>(owner.state->kind).items;
  Sized input{.value = lane.item, .extent = {}};
  if (items.SelectsItems()) {
    Evaluation evaluation(state_, lane);
    Evaluated<Value> selected = items.Item(evaluation.WithInput(owner.fork->view));
    if (!selected.ok()) return InState(owner, std::move(selected).failure());
    input.value = *std::move(selected);
  }
  // Measured even if it is a part of the Map's input: a bound as large as that on every item would
  // make it necessary to measure each of their outputs.
  std::optional<Failure> failure = CheckSize(input.value, owner.state->name, input.extent);
  if (failure.has_value()) return *std::move(failure);
  return input;
}

bool Turn::StartIteration(Branch& lane) {
  Fork& fork = *lane.parent->fork;
  lane.index = fork.next++;
  lane.item = fork.items.AsArray()[static_cast<size_t>(lane.index)];
  return RestartIteration(lane);
}

bool Turn::RestartIteration(Branch& lane) {
  Branch& owner = *lane.parent;
  Evaluated<Sized> input = IterationInput(lane);
  if (!input.ok()) {
    Fail(owner, input.failure());
    return false;
  }
  history_.IterationStarted(lane);
  if (history_.full()) return false;
  const auto& map = std::get<MapState>(owner.state->kind);
  Arrive(lane, *map.processor.start, std::move(input->value), input->extent);
  return true;
}

void Turn::FinishLane(Branch& lane, Value output, const Extent& extent) {
  Branch& owner = *lane.parent;
  Fork& fork = *owner.fork;
  fork.results[static_cast<size_t>(lane.index)] = std::move(output);
  fork.extent.bytes += extent.bytes + 1;
  fork.extent.depth = std::max(fork.extent.depth, extent.depth + 1);
  lane.state = nullptr;
  lane.input = Value();
  SetVariables(lane, Value());
  // The history goes on from whoever comes last.
  owner.last_event = lane.last_event;
  if (owner.state->type == StateType::kMap) {
    owner.last_event = history_.IterationSucceeded(lane);
    if (history_.full()) return;
    if (fork.next < static_cast<int64_t>(fork.results.size())) {
      --fork.unfinished;
      StartIteration(lane);
      return;
    }
  }
  if (--fork.unfinished == 0) FinishFork(owner);
}

void Turn::FinishFork(Branch& owner) {
  // A failure of the Parallel or Map itself comes after this event, its exit beside it.
  int64_t exit_after = std::exchange(owner.last_event, history_.ForkSucceeded(owner));
  if (history_.full()) return;
  Fork& fork = *owner.fork;
  // As recorded: the exit names the map run's start where another state led to the Map, and its end
  // where the machine starts with it. (All recordings of the second kind are of before autumn 2024,
  // when the service did so in both cases.)
  if (fork.run != nullptr && owner.state != &state_.machine->start())
    exit_after = fork.run->started_event;
  const Extent extent = fork.extent;
  json::Array outputs;
  outputs.reserve(fork.results.size());
  for (std::optional<Value>& result : fork.results) {
    if (result.has_value()) outputs.push_back(*std::move(result));
  }
  Value results = Value::FromArray(std::move(outputs));
  ended_.push_back(std::move(owner.fork));
  Finish(owner, results, extent, owner.state->next, owner.state->assign.get(), exit_after);
}

void Turn::FailFork(Branch& lane, const Failure& failure) {
  Branch& owner = *lane.parent;
  owner.last_event = lane.last_event;
  AbortFork(owner, &lane);
  Fail(owner, failure);
}

void Turn::AbortFork(Branch& owner, Branch* failed) {
  const bool is_map = owner.state->type == StateType::kMap;
  if (failed != nullptr) {
    if (failed->entered_state) history_.StateAborted(*failed);
    if (is_map) history_.IterationFailed(*failed);
  }
  for (const auto& lane : owner.fork->lanes) {
    if (lane.get() == failed || lane->state == nullptr) continue;
    AbortLane(*lane);
    if (is_map) history_.IterationAborted(*lane);
  }
  if (owner.fork->run != nullptr) EndMapRun(owner, Status::kFailed);
  for (const auto& lane : owner.fork->lanes) {
    CancelAll(*lane);
    ForEachBranch(*lane, [this](Branch& branch) { SetCancelled(branch, true); });
  }
  owner.fork->aborted = true;
}

void Turn::AbortLane(Branch& branch) {
  if (branch.fork != nullptr) {
    for (const auto& lane : branch.fork->lanes) {
      if (lane->state == nullptr) continue;
      AbortLane(*lane);
      if (branch.state->type == StateType::kMap) history_.IterationAborted(*lane);
    }
    if (branch.fork->run != nullptr) {
      history_.MapRunAborted(branch);
      EndMapRun(branch, Status::kAborted);
    }
  }
  if (branch.entered_state) history_.StateAborted(branch);
}

}  // namespace orderflow::asl
