#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/execution_state.h"
#include "orchestrator/asl/interpreter.h"

namespace orderflow::asl {

// Numbers the events of one turn and, where somebody listens, builds them: with the names, members
// and order of the Step Functions API. Without a sink an event costs a few additions.
//
// The last number that the limit leaves is kept for the event that ends the execution: an event
// that would take it is not written, and full() says so. Borrows state and sink. One thread only.
class History {
 public:
  History(ExecutionState& state, absl::Time now, EventSink* sink)
      : state_(state), now_(now), sink_(sink) {}

  bool full() const { return full_; }

  void ExecutionStarted(Branch& branch);
  void ExecutionRedriven();  // follows the event that ended the execution
  void StateEntered(Branch& branch);
  // `assigned` is an object of variables, or null.
  void StateExited(Branch& branch, const json::Value& output, const json::Value& assigned);

  // `credentials` is the value of the field, null where there is none.
  void TaskScheduled(Branch& branch, const TaskState& task, std::optional<int64_t> timeout_seconds,
                     const json::Value& credentials);
  void TaskStarted(Branch& branch, const TaskState& task);
  void ActivityStarted(Branch& branch, const std::optional<std::string>& worker);
  void TaskSubmitted(Branch& branch, const TaskState& task, const json::Value& output);
  void TaskSucceeded(Branch& branch, const TaskState& task, const json::Value& output);
  void TaskFailed(Branch& branch, const TaskState& task, const Failure& failure);
  void TaskTimedOut(Branch& branch, const TaskState& task);

  // --- Parallel and Map. Events "beside" the branch are not what its next event follows. ---
  void ParallelStarted(Branch& branch);
  void MapStarted(Branch& branch, int64_t length);
  int64_t ForkSucceeded(const Branch& branch);  // its id; beside the branch
  void ForkFailed(Branch& branch);
  void IterationStarted(Branch& lane);
  int64_t IterationSucceeded(const Branch& lane);  // beside the lane; the event's id
  void IterationFailed(const Branch& lane);        // beside the lane
  void IterationAborted(const Branch& lane);       // beside the lane
  void StateAborted(Branch& branch);
  void MapRunStarted(Branch& branch, const std::string& arn);
  void MapRunSucceeded(Branch& branch);
  void MapRunFailed(Branch& branch, const Failure& failure);
  void MapRunAborted(Branch& branch);
  void MapRunRedriven(Branch& branch, const MapRunSummary& run);

  // The ends. `previous` is the event that led there.
  void ExecutionSucceeded(int64_t previous, const json::Value& output);
  void ExecutionEnded(int64_t previous, Status status, const std::optional<std::string>& error,
                      const std::optional<std::string>& cause);

 private:
  // `make_details` is called only if there is a sink.
  template <typename MakeDetails>
  int64_t Add(int64_t previous, std::string_view type, std::string_view details_name,
              MakeDetails make_details);
  template <typename MakeDetails>
  int64_t AddBeside(const Branch& branch, std::string_view type, std::string_view details_name,
                    MakeDetails make_details);
  int64_t AddIteration(const Branch& lane, std::string_view type, std::string_view details_name);
  template <typename MakeDetails>
  void AddTo(Branch& branch, std::string_view type, std::string_view details_name,
             MakeDetails make_details);
  std::string_view Region() const;

  ExecutionState& state_;
  const absl::Time now_;
  EventSink* const sink_;
  bool full_ = false;
};

}  // namespace orderflow::asl
