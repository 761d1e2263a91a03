#include "orchestrator/asl/state_type.h"

#include "common/base/check.h"

namespace orderflow::asl {
namespace {

struct Names {
  StateType type;
  std::string_view name, entered, exited;
  std::string_view aborted;  // of states that may be under way when others fail
  std::string_view succeeded, failed;
};

constexpr Names kNames[] = {
    {StateType::kTask, "Task", "TaskStateEntered", "TaskStateExited", "TaskStateAborted", "", ""},
    {StateType::kWait, "Wait", "WaitStateEntered", "WaitStateExited", "WaitStateAborted", "", ""},
    {StateType::kPass, "Pass", "PassStateEntered", "PassStateExited", "", "", ""},
    {StateType::kSucceed, "Succeed", "SucceedStateEntered", "SucceedStateExited", "", "", ""},
    {StateType::kFail, "Fail", "FailStateEntered", "", "", "", ""},
    {StateType::kChoice, "Choice", "ChoiceStateEntered", "ChoiceStateExited", "", "", ""},
    {StateType::kParallel, "Parallel", "ParallelStateEntered", "ParallelStateExited",
     "ParallelStateAborted", "ParallelStateSucceeded", "ParallelStateFailed"},
    {StateType::kMap, "Map", "MapStateEntered", "MapStateExited", "MapStateAborted",
     "MapStateSucceeded", "MapStateFailed"},
};

const Names& NamesOf(StateType type) {
  const Names& names = kNames[static_cast<size_t>(type)];
  ORDERFLOW_CHECK(names.type == type);
  return names;
}

}  // namespace

std::optional<StateType> ParseStateType(std::string_view name) {
  for (const Names& names : kNames) {
    if (names.name == name) return names.type;
  }
  return std::nullopt;
}

std::string_view StateTypeName(StateType type) { return NamesOf(type).name; }
std::string_view EnteredEventType(StateType type) { return NamesOf(type).entered; }
std::string_view ExitedEventType(StateType type) { return NamesOf(type).exited; }
std::string_view AbortedEventType(StateType type) { return NamesOf(type).aborted; }
std::string_view SucceededEventType(StateType type) { return NamesOf(type).succeeded; }
std::string_view FailedEventType(StateType type) { return NamesOf(type).failed; }

}  // namespace orderflow::asl
