#pragma once

#include <optional>
#include <string>
#include <variant>

#include "common/json/value.h"
#include "orchestrator/asl/state.h"
#include "orchestrator/asl/test_state.h"

namespace orderflow::asl {

// What a request for a test of a state must keep to, beyond the limits of its fields.

// Members that do not go together, whatever the state.
std::optional<Refusal> CheckTogether(const StateTestRequest& request);

// Whether a state of this kind can be tested with this mock, or without one.
std::optional<Refusal> CheckState(const StateTestRequest& request, const State& state);

// The mocked result, which must be there.
std::variant<json::Value, Refusal> ReadMockedResult(const StateMock& mock, const State& state);

// The Context Object that is given, which must be there.
std::variant<json::Value, Refusal> ReadContext(const std::string& text, const State& state);

// The variables that are given: null where there are none.
std::variant<json::Value, Refusal> ReadVariables(const std::optional<std::string>& text);

}  // namespace orderflow::asl
