#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/session.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::cli {

constexpr char kWorkflowService[] = "/orderflow.workflow.v1.WorkflowService/";
constexpr char kOrderStateMachine[] = "order-processing";  // what OrderService runs

// All state machines, newest first.
absl::StatusOr<workflow::v1::ListStateMachinesResponse> ListStateMachines(Session& session);

// The ARN that a person's word stands for: an ARN is itself, a name is looked up. NOT_FOUND: no
// state machine has it.
absl::StatusOr<std::string> FindStateMachine(Session& session, const std::string& name_or_arn);

// The same for an execution of a state machine.
absl::StatusOr<std::string> FindExecution(Session& session, const std::string& name_or_arn,
                                          const std::string& state_machine);

}  // namespace orderflow::cli
