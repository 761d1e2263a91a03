#pragma once

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace orderflow::failure {

// absl::Status with its details (common/base/status.h) as google.rpc.Status, cut to what a caller
// may get: a gRPC server puts it into its trailers, a Lambda function into its error message.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// What may be told of `status`: all of it, but for INTERNAL, UNKNOWN and DATA_LOSS, whose text may
// show what is none of the caller's business. Whoever asks logs the text of those.
absl::Status ForCaller(const absl::Status& status);

// Whether a status is one of those: a mistake of ours.
bool IsOurFault(absl::StatusCode code);

}  // namespace orderflow::failure
