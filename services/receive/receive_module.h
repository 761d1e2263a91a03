#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/module.h"
#include "services/receive/receive_core.h"

namespace orderflow::receive {

// The receive service, ready to be served: ReceiveCore behind gRPC. Errors are those of
// ReceiveCore::Open.
absl::StatusOr<std::unique_ptr<rpc::Module>> OpenReceiveModule(ReceiveOptions options);

}  // namespace orderflow::receive
