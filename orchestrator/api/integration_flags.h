#pragma once

#include "absl/status/statusor.h"
#include "orchestrator/tasks/http_task_runner.h"
#include "orchestrator/tasks/integration_task_runner.h"

namespace orderflow::api {

// The flags --http_connections and --http_ca, of every program that runs an orchestrator; the
// region is the caller's to fill in. INVALID_ARGUMENT, FAILED_PRECONDITION: the file of
// connections, by flag, file and member.
absl::StatusOr<tasks::HttpTaskRunnerOptions> HttpOptionsFromFlags();

// The flag --integrations, likewise.
absl::StatusOr<tasks::Integrations> IntegrationsFromFlags();

}  // namespace orderflow::api
