#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "orchestrator/asl/test_state.h"
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

}  // namespace orderflow::api
