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

}  // namespace orderflow::asl
