#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace orderflow::rpc {

// absl::Status with its details (common/base/status.h) as a gRPC status with google.rpc.Status in
// `grpc-status-details-bin`, and back. Unknown details are dropped on the way back.
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace orderflow::rpc
