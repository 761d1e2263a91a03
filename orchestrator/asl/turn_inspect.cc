// One state alone, for a test of it: see Inspector.

#include <utility>

#include "orchestrator/asl/turn.h"

namespace orderflow::asl {

using json::Value;

void Turn::EnterAlone(const State& state, Value input) {
  state_.started = true;
  state_.input = input;
  Extent extent;
  std::optional<Failure> failure = CheckSize(input, state.name, extent);
  Arrive(state_.root, state, std::move(input), extent);
  if (failure.has_value()) FailBranch(state_.root, *failure);
  Run(state_.root);
}

void Turn::Answer(const Value& result) {
  Branch& branch = state_.root;
  Extent extent;
  if (std::optional<Failure> failure = CheckSize(result, branch.state->name, extent))
    return Fail(branch, *failure);
  Finish(branch, result, extent);
}

void Turn::Answer(const Failure& failure) { Fail(state_.root, failure); }

void Turn::InspectMap(Branch& branch, const MapState& map, const Scope& scope) {
  const Value* read = state_.inspector->items_read();
  Evaluated<Value> items = read != nullptr ? Evaluated<Value>(*read) : map.items->Items(scope);
  if (!items.ok()) return FailEvaluation(branch, std::move(items).failure());
  MapSettings settings{.iterations = static_cast<int64_t>(items->size())};
  Evaluated<int64_t> limit = CountOf(map.max_concurrency, scope);
  if (!limit.ok()) return FailEvaluation(branch, std::move(limit).failure());
  settings.max_concurrency = *limit;
  std::unique_ptr<MapRun> run;
  if (map.distributed != nullptr) {
    MapRunSummary summary;
    Evaluated<std::unique_ptr<MapRun>> made = ReadMapRun(branch, map, scope, summary);
    if (!made.ok()) return FailEvaluation(branch, std::move(made).failure());
    run = *std::move(made);
    settings.tolerated_failure_count = summary.tolerated_failure_count;
    settings.tolerated_failure_percentage = summary.tolerated_failure_percentage;
  }
  state_.inspector->OnMap(settings);
  std::optional<Failure> failure =
      InspectItems(branch, map, scope, *std::move(items), std::move(run));
  ended_.push_back(std::move(branch.fork));
  if (failure.has_value()) Fail(branch, *failure);
}

std::optional<Failure> Turn::InspectItems(Branch& branch, const MapState& map, const Scope& scope,
                                          Value items, std::unique_ptr<MapRun> run) {
  Fork& fork = MakeFork(branch, 0);
  fork.view = scope.input;
  fork.items = std::move(items);
  fork.run = std::move(run);
  Branch& lane = AddLane(branch, 0);
  const auto count = static_cast<int64_t>(fork.items.size());
  if (map.items->SelectsItems()) {
    json::Array inputs;
    for (lane.index = 0; lane.index < count; ++lane.index) {
      lane.item = fork.items.AsArray()[static_cast<size_t>(lane.index)];
      Evaluated<Sized> input = IterationInput(lane);
      if (!input.ok()) return std::move(input).failure();
      inputs.push_back(std::move(input->value));
    }
    state_.inspector->OnValue(Stage::kAfterItemSelector, Value::FromArray(std::move(inputs)));
  }
  if (map.distributed != nullptr && map.distributed->batches) {
    json::Array batches;
    int64_t items_in_batch = 0;
    while (fork.next < count) {
      Evaluated<Value> batch = NextBatch(lane, items_in_batch);
      if (!batch.ok()) return std::move(batch).failure();
      batches.push_back(*std::move(batch));
    }
    state_.inspector->OnValue(Stage::kAfterItemBatcher, Value::FromArray(std::move(batches)));
  }
  return std::nullopt;
}

}  // namespace orderflow::asl
