#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "google/rpc/status.pb.h"

namespace orderflow::failure {

// How a task's failure is called in a workflow. The same for a gRPC method and a Lambda function,
// so that one Retry and one Catch match both.
struct TaskFailure {
  std::string
      error;  // the `reason` of a google.rpc.ErrorInfo where there is one, else "Grpc.<CODE>"
  std::string cause;  // JSON text: code, message and details

  bool operator==(const TaskFailure&) const = default;
};

// `status` is not OK; a code that is none of gRPC's counts as UNKNOWN. What is too long for a cause
// is cut.
TaskFailure FromRpcStatus(const google::rpc::Status& status);

// The same for what is found out here, without a call.
TaskFailure FromStatus(const absl::Status& status);

// The reason that FromRpcStatus takes as the error, empty where there is none.
std::string ReasonOf(const google::rpc::Status& status);

// An input that the request message cannot hold: INVALID_ARGUMENT with the violations, of which
// there is at least one. `request_type` is the message's full name.
absl::Status InvalidInputError(const std::vector<FieldViolation>& violations,
                               std::string_view request_type);

}  // namespace orderflow::failure
