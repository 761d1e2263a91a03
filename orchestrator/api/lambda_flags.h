#pragma once

#include "absl/status/statusor.h"
#include "orchestrator/tasks/lambda_task_runner.h"

namespace orderflow::api {

// The flags --lambda_..., of every program that runs an orchestrator. Where they say nothing of
// region and credentials, the variables that AWS's own tools read do: AWS_REGION or
// AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
//
// INVALID_ARGUMENT: the file of --lambda_functions. The rest is checked by who takes the options.
absl::StatusOr<tasks::LambdaTaskRunnerOptions> LambdaOptionsFromFlags();

}  // namespace orderflow::api
