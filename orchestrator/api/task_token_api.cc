#include "orchestrator/api/task_token_api.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"

namespace orderflow::api {
namespace {

constexpr size_t kMaxTokenLength = 2048;

// What the engine answers, in the words of AWS.
absl::Status ToTokenError(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return StatesError("InvalidToken", "Invalid Token: 'Invalid token'");
    case absl::StatusCode::kNotFound:
      return StatesError("TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist'");
    case absl::StatusCode::kFailedPrecondition:
      return StatesError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
    default:
      return ToStatesError(status);
  }
}

absl::StatusOr<json::Value> ParseOutput(std::string_view output, size_t max_bytes) {
  if (output.size() > max_bytes) {
    return StatesError("ValidationException",
                       absl::StrCat("1 validation error detected: Value at 'output' failed to "
                                    "satisfy constraint: Member must have length less than or "
                                    "equal to ",
                                    max_bytes));
  }
  json::ParseResult parsed = json::Parse(output);
  if (!parsed.value) return InvalidJson("InvalidOutput", "Invalid Output", output, *parsed.error);
  return *std::move(parsed.value);
}

}  // namespace

template <typename Response>
void TaskTokenApi::Signal(const std::string& token, engine::TaskSignal signal,
                          Callback<Response> done) {
  if (absl::Status checked = CheckLength("taskToken", token, 1, kMaxTokenLength); !checked.ok())
    return std::move(done)(checked);
  engine_.Signal(token, std::move(signal), [done = std::move(done)](absl::Status status) mutable {
    if (!status.ok()) return std::move(done)(ToTokenError(status));
    std::move(done)(Response());
  });
}

void TaskTokenApi::Success(const workflow::v1::SendTaskSuccessRequest& request,
                           Callback<workflow::v1::SendTaskSuccessResponse> done) {
  absl::StatusOr<json::Value> output = ParseOutput(request.output(), max_payload_bytes_);
  if (!output.ok()) return std::move(done)(output.status());
  Signal(request.task_token(), asl::TaskSucceeded{0, *std::move(output)}, std::move(done));
}

void TaskTokenApi::Failure(const workflow::v1::SendTaskFailureRequest& request,
                           Callback<workflow::v1::SendTaskFailureResponse> done) {
  absl::Status checked = CheckLength("error", request.error(), 0, kMaxErrorLength);
  if (checked.ok()) checked = CheckLength("cause", request.cause(), 0, kMaxCauseLength);
  if (!checked.ok()) return std::move(done)(checked);
  asl::Failure failure;
  if (request.has_error()) failure.error = request.error();
  if (request.has_cause()) failure.cause = request.cause();
  Signal(request.task_token(), asl::TaskFailed{0, std::move(failure)}, std::move(done));
}

void TaskTokenApi::Heartbeat(const workflow::v1::SendTaskHeartbeatRequest& request,
                             Callback<workflow::v1::SendTaskHeartbeatResponse> done) {
  Signal(request.task_token(), asl::Heartbeat{0}, std::move(done));
}

}  // namespace orderflow::api
