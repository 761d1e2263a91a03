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

// A list that is larger than any payload may be is not shown, and its rest not looked at: each item
// may be large, and there may be many.
template <typename Next>
std::optional<Failure> Turn::InspectInputs(const Fork& fork, int64_t count, Stage stage,
                                           Next next) {
  json::Array inputs;
  size_t bytes = 2;
  while (fork.next < count) {
    Evaluated<Value> input = next();
    if (!input.ok()) return std::move(input).failure();
    bytes += json::SerializedSize(*input) + 1;
    if (bytes > state_.limits.max_payload_bytes) return std::nullopt;
    inputs.push_back(*std::move(input));
  }
  state_.inspector->OnValue(stage, Value::FromArray(std::move(inputs)));
  return std::nullopt;
}

std::optional<Failure> Turn::InspectItems(Branch& branch, const MapState& map, const Scope& scope,
                                          Value items, std::unique_ptr<MapRun> run) {
  Fork& fork = MakeFork(branch, 0);
  fork.view = scope.input;
  fork.items = std::move(items);
  fork.run = std::move(run);
  Branch& lane = AddLane(branch, 0);
  const auto count = static_cast<int64_t>(fork.items.size());
  const auto one_input = [&]() -> Evaluated<Value> {
    lane.index = fork.next++;
    lane.item = fork.items.AsArray()[static_cast<size_t>(lane.index)];
    ORDERFLOW_ASL_ASSIGN_OR_FAIL(Sized input, IterationInput(lane));
    return std::move(input.value);
  };
  const auto one_batch = [&]() -> Evaluated<Value> {
    int64_t items_in_batch = 0;
    return NextBatch(lane, items_in_batch);
  };
  std::optional<Failure> failure;
  if (map.items->SelectsItems())
    failure = InspectInputs(fork, count, Stage::kAfterItemSelector, one_input);
  fork.next = 0;
  if (!failure.has_value() && map.distributed != nullptr && map.distributed->batches)
    failure = InspectInputs(fork, count, Stage::kAfterItemBatcher, one_batch);
  return failure;
}

}  // namespace orderflow::asl
