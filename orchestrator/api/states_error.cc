#include "orchestrator/api/states_error.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "orchestrator/asl/json_problem.h"

namespace orderflow::api {
namespace {

using absl::StatusCode;

struct Error {
  std::string_view name;
  StatusCode code;
};

constexpr Error kErrors[] = {
    {"ActivityDoesNotExist", StatusCode::kNotFound},
    {"ActivityWorkerLimitExceeded", StatusCode::kResourceExhausted},
    {"ConflictException", StatusCode::kFailedPrecondition},
    {"ExecutionAlreadyExists", StatusCode::kAlreadyExists},
    {"ExecutionDoesNotExist", StatusCode::kNotFound},
    {"ExecutionLimitExceeded", StatusCode::kResourceExhausted},
    {"ExecutionNotRedrivable", StatusCode::kFailedPrecondition},
    {"InvalidArn", StatusCode::kInvalidArgument},
    {"InvalidDefinition", StatusCode::kInvalidArgument},
    {"InvalidEncryptionConfiguration", StatusCode::kInvalidArgument},
    {"InvalidExecutionInput", StatusCode::kInvalidArgument},
    {"InvalidLoggingConfiguration", StatusCode::kInvalidArgument},
    {"InvalidName", StatusCode::kInvalidArgument},
    {"InvalidOutput", StatusCode::kInvalidArgument},
    {"InvalidToken", StatusCode::kInvalidArgument},
    {"InvalidTracingConfiguration", StatusCode::kInvalidArgument},
    {"MissingRequiredParameter", StatusCode::kInvalidArgument},
    {"ResourceNotFound", StatusCode::kNotFound},
    {"ServiceUnavailable", StatusCode::kUnavailable},
    {"StateMachineAlreadyExists", StatusCode::kAlreadyExists},
    {"StateMachineDeleting", StatusCode::kFailedPrecondition},
    {"StateMachineDoesNotExist", StatusCode::kNotFound},
    {"StateMachineTypeNotSupported", StatusCode::kFailedPrecondition},
    {"TaskDoesNotExist", StatusCode::kNotFound},
    {"TaskTimedOut", StatusCode::kFailedPrecondition},
    {"TooManyTags", StatusCode::kInvalidArgument},
    {"ValidationException", StatusCode::kInvalidArgument},
};

StatusCode CodeOf(std::string_view name) {
  const auto found = std::find_if(std::begin(kErrors), std::end(kErrors),
                                  [name](const Error& error) { return error.name == name; });
  ORDERFLOW_CHECK(found != std::end(kErrors));
  return found->code;
}

// A payload of statuses that does not leave the process.
constexpr char kAwsMessage[] = "orderflow/aws-message";

std::string DefinitionMessage(const std::vector<asl::Diagnostic>& diagnostics) {
  return absl::StrCat("Invalid State Machine Definition: '", asl::FormatDiagnostics(diagnostics),
                      "'");
}

std::string Quoted(std::string_view before, std::string_view value) {
  return absl::StrCat(std::string(before), ": '", std::string(value), "'");
}

}  // namespace

absl::Status StatesError(std::string_view name, std::string_view message) {
  return WithErrorInfo(
      absl::Status(CodeOf(name), absl::string_view(message.data(), message.size())),
      ErrorInfo{std::string(name), std::string(kStatesErrorDomain), {}});
}

absl::Status InvalidArn(std::string_view arn, std::string_view why) {
  return StatesError("InvalidArn",
                     Quoted("Invalid Arn", absl::StrCat(std::string(why), ": ", std::string(arn))));
}

absl::Status InvalidToken() {
  return StatesError("InvalidToken", "Invalid Token: 'Invalid token'");
}

absl::Status StateMachineDoesNotExist(std::string_view arn) {
  return StatesError("StateMachineDoesNotExist", Quoted("State Machine Does Not Exist", arn));
}

absl::Status ExecutionDoesNotExist(std::string_view arn) {
  return StatesError("ExecutionDoesNotExist", Quoted("Execution Does Not Exist", arn));
}

absl::Status ConstraintError(std::string_view field, std::string_view value,
                             std::string_view constraint) {
  return StatesError("ValidationException",
                     absl::StrCat("1 validation error detected: Value '", std::string(value),
                                  "' at '", std::string(field),
                                  "' failed to satisfy constraint: ", std::string(constraint)));
}

absl::Status InvalidJson(std::string_view name, std::string_view prefix, std::string_view text,
                         const json::ParseError& error) {
  const asl::JsonProblem problem = asl::DescribeProblem(text, error);
  absl::Status status =
      StatesError(name, Quoted(prefix, absl::StrCat(problem.message, " at line ", problem.line,
                                                    ", column ", problem.column)));
  status.SetPayload(kAwsMessage, absl::Cord(Quoted(prefix, problem.message)));
  return status;
}

absl::Status InvalidDefinition(const std::vector<asl::Diagnostic>& diagnostics) {
  std::vector<FieldViolation> violations;
  for (const asl::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != asl::Diagnostic::Severity::kError) continue;
    violations.push_back({absl::StrCat("definition", diagnostic.location),
                          diagnostic.hint.empty()
                              ? diagnostic.message
                              : absl::StrCat(diagnostic.message, " (", diagnostic.hint, ")")});
  }
  // The violations come as BadRequest, the name as ErrorInfo, the message as AWS words it.
  absl::Status status(StatusCode::kInvalidArgument, DefinitionMessage(diagnostics));
  const absl::Status with_violations = InvalidArgumentError(violations);
  with_violations.ForEachPayload([&status](absl::string_view type, const absl::Cord& payload) {
    status.SetPayload(type, payload);
  });
  std::vector<asl::Diagnostic> without_hints = diagnostics;
  for (asl::Diagnostic& diagnostic : without_hints) {
    diagnostic.hint.clear();
    if (diagnostic.location.empty()) diagnostic.location = "null";  // so the service has it
  }
  status.SetPayload(kAwsMessage, absl::Cord(DefinitionMessage(without_hints)));
  return WithErrorInfo(std::move(status),
                       ErrorInfo{"InvalidDefinition", std::string(kStatesErrorDomain), {}});
}

std::string AwsMessage(const absl::Status& status) {
  const absl::optional<absl::Cord> message = status.GetPayload(kAwsMessage);
  return message ? std::string(*message) : std::string(status.message());
}

absl::Status ToStatesError(const absl::Status& status) {
  if (status.ok() || GetErrorInfo(status)) return status;
  const std::string message(status.message());
  switch (status.code()) {
    case StatusCode::kUnavailable:
    case StatusCode::kAborted:
      return StatesError("ServiceUnavailable", message);
    case StatusCode::kResourceExhausted:
      return StatesError("ExecutionLimitExceeded", message);
    default:
      return status;
  }
}

}  // namespace orderflow::api
