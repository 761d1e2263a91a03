#include "orchestrator/tasks/status_mapping.h"

#include <string>
#include <utility>

#include "common/failure/failure.h"
#include "google/rpc/status.pb.h"

namespace orderflow::tasks {
namespace {

asl::Failure ToFailure(failure::TaskFailure failure) {
  return asl::Failure{std::move(failure.error), std::move(failure.cause)};
}

// What the server sent beside code and message; empty where it is nothing of that kind.
google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status whole;
  if (!status.error_details().empty() && !whole.ParseFromString(status.error_details()))
    whole.Clear();
  return whole;
}

}  // namespace

bool HasReason(const grpc::Status& status) { return !failure::ReasonOf(DetailsOf(status)).empty(); }

asl::Failure FailureFromStatus(const grpc::Status& status, std::string_view method) {
  google::rpc::Status whole = DetailsOf(status);
  const bool has_reason = !failure::ReasonOf(whole).empty();
  grpc::StatusCode code = status.error_code();
  std::string message = status.error_message();
  if (code == grpc::StatusCode::CANCELLED && !has_reason) {
    code = grpc::StatusCode::UNAVAILABLE;
    message = std::string("the server cancelled the call: ").append(message);
  }
  // gRPC's own words name an address at best; a reason comes from the server itself.
  if (!has_reason && (code == grpc::StatusCode::UNAVAILABLE || message.empty())) {
    message = message.empty() ? std::string("calling ").append(method)
                              : std::string("calling ").append(method).append(": ").append(message);
  }
  whole.set_code(code);
  whole.set_message(std::move(message));
  return ToFailure(failure::FromRpcStatus(whole));
}

asl::Failure FailureFromStatus(const absl::Status& status) {
  return ToFailure(failure::FromStatus(status));
}

asl::Failure TimeoutFailure() { return asl::Failure{"States.Timeout", std::nullopt}; }

asl::Failure InvalidInputFailure(const std::vector<FieldViolation>& violations,
                                 std::string_view request_type) {
  return ToFailure(failure::FromStatus(failure::InvalidInputError(violations, request_type)));
}

}  // namespace orderflow::tasks
