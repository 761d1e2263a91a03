#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::api {

// The errors of the Step Functions API: the name goes into ErrorInfo.reason (domain
// "states.orderflow"), the message has the form that AWS gives it. One table in states_error.cc
// says which gRPC code belongs to which name.
constexpr std::string_view kStatesErrorDomain = "states.orderflow";

absl::Status StatesError(std::string_view name, std::string_view message);

absl::Status InvalidArn(std::string_view arn, std::string_view why);
absl::Status InvalidToken();
absl::Status StateMachineDoesNotExist(std::string_view arn);
absl::Status ExecutionDoesNotExist(std::string_view arn);
// One constraint of a field that a request breaks: "Value 'x' at 'name' failed to satisfy
// constraint: ...".
absl::Status ConstraintError(std::string_view field, std::string_view value,
                             std::string_view constraint);
// A text that is no JSON: the mistake in the words of AWS and, for users of gRPC, its place.
absl::Status InvalidJson(std::string_view name, std::string_view prefix, std::string_view text,
                         const json::ParseError& error);
// All errors of a definition; its warnings are left out.
absl::Status InvalidDefinition(const std::vector<asl::Diagnostic>& diagnostics);

// What AWS would say of an error: its message, without the hints and places that we add.
std::string AwsMessage(const absl::Status& status);

// What an engine or a store answers, as an error of the API: what has no name there becomes
// ServiceUnavailable where the call may be repeated, and stays as it is where it is our fault.
absl::Status ToStatesError(const absl::Status& status);

}  // namespace orderflow::api
