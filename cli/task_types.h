#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cli/session.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::cli {

// The types behind the tasks of a definition, for a check on this machine: those of
// `descriptor_set` (a file; empty: none), else what the server that a resource names tells of
// itself. Where it cannot be reached, the order services are known by the contracts that this
// program was built with. Asks nobody about resources that are no gRPC methods.
//
// What comes back runs no tasks. Thread-safe. INVALID_ARGUMENT: the file, or the TLS files.
absl::StatusOr<std::unique_ptr<tasks::TaskRunner>> CreateTaskTypes(
    const std::string& descriptor_set, const TlsSettings& tls);

}  // namespace orderflow::cli
