#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "orchestrator/asl/interpreter.h"

namespace orderflow::tasks {

// What an RPC's failure is in the language: the error name is the `reason` of a
// google.rpc.ErrorInfo among the details, else "Grpc.<CODE>"; the cause is JSON with code, message
// and details. `method` ("inventory:50052/package.Service/Method") is named where the message alone
// would not tell who could not be reached. A call that the server cancelled without giving a reason
// is UNAVAILABLE: gRPC's servers cancel what reaches them while they go down. Not for a task's own
// timeout: TimeoutFailure.
asl::Failure FailureFromStatus(const grpc::Status& status, std::string_view method);

// Whether the server named the error itself.
bool HasReason(const grpc::Status& status);

// The same for what is found out here, without a call.
asl::Failure FailureFromStatus(const absl::Status& status);

// A task took longer than it may: States.Timeout, without a cause.
asl::Failure TimeoutFailure();

// An input that the request message cannot hold: Grpc.INVALID_ARGUMENT with google.rpc.BadRequest
// among the details.
asl::Failure InvalidInputFailure(const std::vector<FieldViolation>& violations,
                                 std::string_view request_type);

}  // namespace orderflow::tasks
