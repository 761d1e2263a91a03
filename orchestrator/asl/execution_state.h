#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/inspector.h"
#include "orchestrator/asl/interpreter.h"
#include "orchestrator/asl/measure.h"
#include "orchestrator/asl/state.h"

namespace orderflow::asl {

struct Fork;
struct MapRun;

// An open timer; id 0: none.
struct Timer {
  TimerId id = 0;
  absl::Time due;
};

// The open try at a task; id 0: none.
struct Attempt {
  AttemptId id = 0;
  json::Value input;
  std::optional<absl::Time> deadline;
  int64_t heartbeat_seconds = 0;  // 0: none is expected
  bool taken = false;             // submitted to its service, or taken by an activity's worker
};

// One path of an execution through a graph of states. The root is the execution itself; a branch
// that is in a Parallel or Map state owns the branches within it, as a Fork. The tree is no deeper
// than the definition nests. Stays where it is: others point to it.
struct Branch {
  Branch();
  ~Branch();
  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;

  Branch* parent = nullptr;  // the branch in whose Parallel or Map state this one runs
  int64_t index = 0;         // which branch of a Parallel, or item of a Map
  json::Value item;          // of a Map: the item itself, before ItemSelector

  json::Value variables;         // an object, of those assigned here; null: none yet
  const State* state = nullptr;  // null: nothing left to do
  json::Value input;             // the state's raw input
  Extent extent;                 // how large `input` is, at most
  bool entered_state = false;    // between the events StateEntered and StateExited
  bool cancelled = false;        // has ended with others; only a redrive goes on with it
  bool redriven = false;         // is to go on with the state that it is in
  absl::Time entered;
  int64_t entered_event = 0;
  int64_t last_event = 0;  // what the branch's next event names as the previous one

  int64_t task = 0;       // this entry's number among all entries of tasks
  int tries = 0;          // attempts begun since the state was entered or redriven
  int earlier_tries = 0;  // before the last redrive, since the state was entered
  absl::InlinedVector<int32_t, 4> retries;  // how often each retrier was used since then
  Attempt attempt;
  Timer resume;                // the end of a Wait, or of the pause before a retry
  Timer timeout;               // of the attempt
  Timer heartbeat;             // of the attempt
  std::unique_ptr<Fork> fork;  // what runs within a Parallel or Map

  // Set while this is a lane of a map run: the child execution that the open attempt is. Such a
  // lane is in no state.
  std::shared_ptr<const ChildExecution> child;
};

// A child execution that has ended without success, kept for a redrive.
struct UnfinishedChild {
  int64_t index = 0;
  int64_t task = 0;
  json::Value input;
  std::shared_ptr<const ChildExecution> child;
};

// What a distributed Map has beside its lanes.
struct MapRun {
  size_t summary = 0;                       // its place in ExecutionState::map_runs
  int64_t started_event = 0;                // the id of MapRunStarted
  json::Value batch_input;                  // null: none
  int64_t max_items = 1;                    // in one child execution
  size_t max_bytes = 0;                     // of the items of one child execution; 0: no limit
  int64_t children = 0;                     // begun so far
  int64_t open = 0;                         // begun and not yet ended
  std::vector<Branch*> idle;                // lanes without a child
  std::vector<UnfinishedChild> unfinished;  // since the start or the last redrive
  std::deque<UnfinishedChild> pending;      // to be redriven, before what has not begun
};

// What runs within a Parallel or Map state. A Parallel has one lane per branch; a Map has one per
// iteration that may run at the same time, each going from item to item, so that an item that
// waits for its turn costs no more than its place in `results`.
struct Fork {
  json::Value view;  // what the state's expressions see as input
  json::Value items;
  std::vector<std::optional<json::Value>> results;
  Extent extent;           // of the results together, at most
  int64_t next = 0;        // the first item that no lane has taken
  int64_t unfinished = 0;  // branches or items without a result
  int64_t max_lanes = 0;   // of an inline Map: iterations under way at a time, at most
  bool aborted = false;    // its state has failed with it; kept for a redrive
  std::vector<std::unique_ptr<Branch>> lanes;
  // Of a distributed Map. `results` then has one place per child execution begun, with nothing in
  // those that failed.
  std::unique_ptr<MapRun> run;
};

// All that an execution is between two inputs.
struct ExecutionState {
  std::shared_ptr<const StateMachine> machine;
  std::shared_ptr<const ExecutionContext> context;
  Limits limits;
  uint64_t seed = 0;  // from the execution's ARN
  Status status = Status::kRunning;
  bool started = false;
  json::Value input;   // of the execution
  int64_t events = 0;  // so far; the id of the last one
  AttemptId last_attempt = 0;
  TimerId last_timer = 0;
  int64_t last_task = 0;
  int64_t redrives = 0;
  std::vector<MapRunSummary> map_runs;  // begun so far
  size_t variable_bytes = 0;            // of all variables of all branches together, as JSON
  Inspector* inspector = nullptr;       // null, but in a test of one state
  Timer timeout;                        // of the whole execution
  Branch root;

  // Whose the open attempts and timers are.
  absl::flat_hash_map<AttemptId, Branch*> attempts;
  absl::flat_hash_map<TimerId, Branch*> timers;
};

// The variables of a branch and of those around it.
class BranchVariables final : public Variables {
 public:
  explicit BranchVariables(const Branch& branch) : branch_(branch) {}
  const json::Value* Find(std::string_view name) const override;

 private:
  const Branch& branch_;
};

// Whether the branch's open attempt waits to be submitted, or to be taken by an activity's worker.
bool CanBeTaken(const Branch& branch, bool by_worker);

// The effect that carries out the branch's open attempt.
RunTask OpenTask(const ExecutionState& state, const Branch& branch);

// Whether an execution may be redriven now.
bool IsRedrivable(const ExecutionState& state);

// The branch in whose Map state a map run is under way; nullptr: there is no such run.
Branch* FindMapRun(ExecutionState& state, std::string_view arn);

// Calls `visit` for the branch and then for those within it, in the order of their index.
template <typename BranchType, typename Visit>
void ForEachBranch(BranchType& branch, const Visit& visit) {
  visit(branch);
  if (branch.fork == nullptr) return;
  for (const auto& lane : branch.fork->lanes) ForEachBranch(*lane, visit);
}

}  // namespace orderflow::asl
