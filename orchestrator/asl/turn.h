#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/json/value.h"
#include "orchestrator/asl/execution_state.h"
#include "orchestrator/asl/history.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/intrinsic_functions.h"
#include "orchestrator/asl/random.h"
#include "orchestrator/asl/scope.h"

namespace orderflow::asl {

// One input applied to an execution: decides, writes history, asks for effects, until nothing more
// can be done without another input.
//
// Branches that can go on stand in a queue and take one state each in turn, so that those of a
// Parallel or Map advance side by side and nothing recurses over data.
//
// Each Handle answers whether the input mattered. Borrows everything; lives for one call of
// Execution::Apply.
class Turn {
 public:
  Turn(ExecutionState& state, absl::Time now, std::vector<Effect>& effects, EventSink* sink,
       absl::Span<const std::string> missing_activities = {})
      : state_(state),
        now_(now),
        missing_activities_(missing_activities),
        effects_(effects),
        history_(state, now, sink) {}

  bool Handle(const Start& start);
  bool Handle(const TaskSucceeded& answer);
  bool Handle(const TaskFailed& answer);
  bool Handle(const TimerFired& fired);
  bool Handle(const Heartbeat& heartbeat);
  bool Handle(const Stop& stop);
  bool Handle(const TaskSubmitted& submitted);
  bool Handle(const TaskStarted& started);
  bool Handle(const Redriven& redriven);
  bool Handle(const MapRunUpdated& update);

  // --- One state alone, with an inspector (turn_inspect.cc) ---
  void EnterAlone(const State& state, json::Value input);
  // The result, or the failure, of the Parallel or Map that was entered.
  void Answer(const json::Value& result);
  void Answer(const Failure& failure);

 private:
  // What randomness is used for; each use has its own numbers.
  enum class Use : uint64_t { kArguments, kOutput, kDelay, kItem, kRun };
  uint64_t SeedFor(Use use) const;

  // What an expression sees in a branch at this moment.
  struct Evaluation {
    Evaluation(const ExecutionState& state, const Branch& branch, Use use);
    // The same for the ItemSelector of a Map, whose state `lane.parent` is in.
    Evaluation(const ExecutionState& state, const Branch& lane);
    Scope WithInput(const json::Value& input) {
      return Scope{input, context, random, &variables, inspector};
    }
    ContextObject context;
    Random random;
    BranchVariables variables;
    Inspector* inspector;
  };

  // --- Going from state to state ---
  Branch* OwnerOf(AttemptId attempt) const;  // nullptr: the attempt is not open
  // `handled` is the branch that the input was for.
  void Run(Branch& handled);
  void Arrive(Branch& branch, const State& state, json::Value input, const Extent& extent);
  void Enter(Branch& branch);
  // --- Redrives (turn_redrive.cc) ---
  // The branch is to go on where it ended, when its turn comes.
  void Redrive(Branch& branch);
  void GoOn(Branch& branch);
  void RedriveFork(Branch& owner);

  void Resume(Branch& branch);  // a pause is over
  void EnterKind(Branch& branch, const TaskState& task);
  void EnterKind(Branch& branch, const PassState& pass);
  void EnterKind(Branch& branch, const ChoiceState& choice);
  void EnterKind(Branch& branch, const WaitState& wait);
  void EnterKind(Branch& branch, const SucceedState& succeed);
  void EnterKind(Branch& branch, const FailState& fail);
  void EnterKind(Branch& branch, const ParallelState& parallel);
  void EnterKind(Branch& branch, const MapState& map);

  // What a state without parameters passes on.
  struct Sized {
    json::Value value;
    Extent extent;
  };
  Evaluated<Sized> View(const Branch& branch, Evaluation& evaluation) const;

  // The state's result is known: makes its output, assigns variables and leaves for `next`, or ends
  // the branch where there is none. The exit comes after the branch's last event, if not after
  // another.
  void Finish(Branch& branch, const json::Value& result, const Extent& result_extent,
              const State* next, const Assignment* assign,
              std::optional<int64_t> exit_after = std::nullopt);
  // The same for a state that goes on as its definition says.
  void Finish(Branch& branch, const json::Value& result, const Extent& result_extent) {
    Finish(branch, result, result_extent, branch.state->next, branch.state->assign.get());
  }
  void Leave(Branch& branch, json::Value output, const Extent& extent, const State* next,
             const json::Value& assigned);

  // --- Variables ---
  // What an Assign gives: an object, or null where there is nothing to assign.
  Evaluated<json::Value> Assigned(const Branch& branch, const Assignment* assign,
                                  const Scope& scope, const json::Value& result) const;
  void SetVariables(Branch& branch, json::Value variables);
  // The variables of what is cancelled do not count.
  void SetCancelled(Branch& branch, bool cancelled);

  // --- Parallel and Map (turn_fork.cc) ---
  Fork& MakeFork(Branch& owner, size_t results);
  // What was kept of a state that has failed and goes on all the same is let go of.
  void DropFork(Branch& owner);
  Branch& AddLane(Branch& owner, int64_t index);
  // Adds lanes for the next items, as many as there may be.
  void AddIterations(Branch& owner);
  // Begins the next item of the owner's Map in an idle lane. False where that failed, and with it
  // the Map.
  bool StartIteration(Branch& lane);
  bool RestartIteration(Branch& lane);  // the same for the item that the lane has
  Evaluated<Sized> IterationInput(const Branch& lane) const;
  // A branch or an iteration is at its end.
  void FinishLane(Branch& lane, json::Value output, const Extent& extent);
  void FinishFork(Branch& owner);
  void FailFork(Branch& lane, const Failure& failure);
  // --- Distributed Map (turn_map_run.cc) ---
  // 0 where there is no such field.
  static Evaluated<int64_t> CountOf(const std::unique_ptr<const Expression>& field,
                                    const Scope& scope);
  void EnterDistributed(Branch& branch, const MapState& map, const Scope& scope, json::Value items);
  // What the Map's fields say about the map run; nothing after a failure, which was handled.
  Evaluated<std::unique_ptr<MapRun>> ReadMapRun(const Branch& branch, const MapState& map,
                                                const Scope& scope, MapRunSummary& summary);
  std::string MapRunArn(const Branch& branch, const DistributedMap& map) const;
  MapRunSummary& SummaryOf(const Branch& owner) const;
  // Begins as many child executions as there may be now; ends the Map after the last one.
  void StartChildren(Branch& owner);
  // Begins one more. False where that failed, and with it the Map.
  bool StartChild(Branch& lane);
  void RestartChild(Branch& lane, UnfinishedChild unfinished);
  void OpenChild(Branch& lane, json::Value input, std::shared_ptr<const ChildExecution> child);
  Evaluated<json::Value> NextBatch(Branch& lane, int64_t& items);
  void ChildSucceeded(Branch& lane, const json::Value& output);
  void ChildFailed(Branch& lane, const Failure& failure);
  // The lane's child has ended without success, in the way that `counts` names.
  void KeepUnfinished(Branch& lane, int64_t MapRunSummary::Counts::*way);
  void GoOnIfTolerated(Branch& owner);
  void FinishMapRun(Branch& owner);
  void EndMapRun(const Branch& owner, Status status);
  void RedriveMapRun(Branch& owner);

  // Tells the inspector what the Map would run.
  void InspectMap(Branch& branch, const MapState& map, const Scope& scope);
  std::optional<Failure> InspectItems(Branch& branch, const MapState& map, const Scope& scope,
                                      json::Value items, std::unique_ptr<MapRun> run);
  // Shows what `next` makes of the items up to `count`.
  template <typename Next>
  std::optional<Failure> InspectInputs(const Fork& fork, int64_t count, Stage stage, Next next);

  // Ends what runs within the owner's state, with events that say so.
  void AbortFork(Branch& owner, Branch* failed);
  void AbortLane(Branch& lane);
  // Cancels the branch's task and timers, and those of all branches within it.
  void CancelAll(Branch& branch);

  // --- Tasks ---
  // What the expressions of a Task amount to.
  struct TaskFields {
    json::Value arguments;
    json::Value credentials;
    std::optional<int64_t> timeout;  // seconds
    std::optional<int64_t> heartbeat;
  };
  Evaluated<TaskFields> EvaluateTask(const Branch& branch, const TaskState& task) const;
  void BeginAttempt(Branch& branch, const TaskState& task);
  // Why a task is not even scheduled: of an activity that does not exist, or with parameters that
  // its integration does not take.
  std::optional<Failure> CannotStart(const Resource& resource, const json::Value& arguments) const;
  void CloseAttempt(Branch& branch);
  Evaluated<absl::Time> WaitEnds(const WaitState& wait, const Scope& scope) const;

  // --- Failing ---
  // A failure of the state's own making: names the state, then as Fail.
  void FailEvaluation(Branch& branch, Failure failure);
  // Retry, Catch, or the end of the branch.
  void Fail(Branch& branch, const Failure& failure);
  bool TryRetry(Branch& branch, const Failure& failure);
  bool TryCatch(Branch& branch, const Failure& failure);
  // The end of the branch: of the execution, or of the Parallel or Map that it is in.
  void FailBranch(Branch& branch, const Failure& failure);
  Failure InState(const Branch& branch, Failure failure) const;

  // Measure values that came into being here; a value beyond the limits is a failure.
  std::optional<Failure> CheckSize(const json::Value& value, std::string_view what,
                                   Extent& extent) const;
  std::optional<Failure> CheckOutput(const Branch& branch, const json::Value& output,
                                     const Extent& result, Extent& extent) const;

  // --- Effects ---
  void Set(Branch& branch, Timer& timer, absl::Time due);
  void SetTimeout();                  // of the execution
  void SetHeartbeat(Branch& branch);  // anew, if one is expected
  void Cancel(Timer& timer);
  // `failure` is empty if the execution succeeded; `branch` is the one that ends it.
  void Complete(Status status, json::Value output, const Failure& failure, const Branch& branch);

  ExecutionState& state_;
  const absl::Time now_;
  const absl::Span<const std::string> missing_activities_;
  std::vector<Effect>& effects_;
  History history_;
  std::deque<Branch*> ready_;  // arrived at a state; to enter it
  // What has ended, kept until the turn ends: callers up the stack may be in it.
  std::vector<std::unique_ptr<Fork>> ended_;
};

}  // namespace orderflow::asl
