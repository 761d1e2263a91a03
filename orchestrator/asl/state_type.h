#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace orderflow::asl {

enum class StateType : uint8_t { kTask, kWait, kPass, kSucceed, kFail, kChoice, kParallel, kMap };

// "Task" and so on; nothing for any other text.
std::optional<StateType> ParseStateType(std::string_view name);
std::string_view StateTypeName(StateType type);

// The history's words: "TaskStateEntered", "TaskStateExited".
std::string_view EnteredEventType(StateType type);
std::string_view ExitedEventType(StateType type);
// Empty where the service has no such event: only what may be under way can be aborted, and only
// a Parallel or Map has events of its own for how it went.
std::string_view AbortedEventType(StateType type);
std::string_view SucceededEventType(StateType type);
std::string_view FailedEventType(StateType type);

}  // namespace orderflow::asl
