#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "orchestrator/asl/test_state.h"
#include "orchestrator/tasks/task_runner.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// What a request asks for, its fields checked: ValidationException for a limit,
// InvalidExecutionInput. Data may have up to `max_payload_bytes`.
absl::StatusOr<asl::StateTestRequest> ReadTestState(const workflow::v1::TestStateRequest& request,
                                                    size_t max_payload_bytes);

// Why there is no test, as an error of the API.
absl::Status ToStatus(const asl::Refusal& refusal);

workflow::v1::TestStateResponse ToResponse(const asl::TestedState& tested,
                                           workflow::v1::InspectionLevel level);

// What an HTTP Task sent and got, for the level TRACE. The answer is read off the Task's outcome,
// which has all of it.
void SetExchange(const tasks::ShownRequest& request, const tasks::TaskOutcome& outcome,
                 workflow::v1::InspectionData& data);

}  // namespace orderflow::api
