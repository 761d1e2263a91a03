#include "cli/state_machines.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status.h"

namespace orderflow::cli {
namespace {

bool IsArn(const std::string& text) { return absl::StartsWith(text, "arn:"); }

}  // namespace

absl::StatusOr<workflow::v1::ListStateMachinesResponse> ListStateMachines(Session& session) {
  workflow::v1::ListStateMachinesRequest request;
  request.set_max_results(1000);
  workflow::v1::ListStateMachinesResponse all;
  while (true) {
    workflow::v1::ListStateMachinesResponse page;
    ORDERFLOW_RETURN_IF_ERROR(
        session.Call(absl::StrCat(kWorkflowService, "ListStateMachines"), request, page));
    all.mutable_state_machines()->MergeFrom(page.state_machines());
    if (!page.has_next_token()) return all;
    request.set_next_token(page.next_token());
  }
}

absl::StatusOr<std::string> FindStateMachine(Session& session, const std::string& name_or_arn) {
  if (IsArn(name_or_arn)) return name_or_arn;
  ORDERFLOW_ASSIGN_OR_RETURN(const workflow::v1::ListStateMachinesResponse all,
                             ListStateMachines(session));
  for (const workflow::v1::StateMachineListItem& item : all.state_machines()) {
    if (item.name() == name_or_arn) return item.state_machine_arn();
  }
  return absl::NotFoundError(
      absl::StrCat("no state machine is named '", name_or_arn, "'; see: orderflow workflow list"));
}

absl::StatusOr<std::string> FindExecution(Session& session, const std::string& name_or_arn,
                                          const std::string& state_machine) {
  if (IsArn(name_or_arn)) return name_or_arn;
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string arn, FindStateMachine(session, state_machine));
  return absl::StrCat(absl::StrReplaceAll(arn, {{":stateMachine:", ":execution:"}}), ":",
                      name_or_arn);
}

}  // namespace orderflow::cli
