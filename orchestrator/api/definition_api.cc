#include "orchestrator/api/definition_api.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/logging_configuration.h"
#include "orchestrator/api/machine_description.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::api {
namespace {

using asl::Diagnostic;
using workflow::v1::DescribeStateMachineForExecutionResponse;
using workflow::v1::ValidateStateMachineDefinitionResponse;

constexpr int kMaxDiagnostics = 100;

absl::Status CheckRequest(const workflow::v1::ValidateStateMachineDefinitionRequest& request) {
  ORDERFLOW_RETURN_IF_ERROR(CheckDefinitionLength(request.definition()));
  if (request.max_results() < 0 || request.max_results() > kMaxDiagnostics) {
    return ConstraintError("maxResults", absl::StrCat(request.max_results()),
                           request.max_results() < 0
                               ? "Member must have value greater than or equal to 0"
                               : "Member must have value less than or equal to 100");
  }
  return absl::OkStatus();
}

workflow::v1::ValidateStateMachineDefinitionDiagnostic ToProto(const Diagnostic& diagnostic) {
  workflow::v1::ValidateStateMachineDefinitionDiagnostic message;
  message.set_severity(diagnostic.severity == Diagnostic::Severity::kError
                           ? workflow::v1::VALIDATE_STATE_MACHINE_DEFINITION_SEVERITY_ERROR
                           : workflow::v1::VALIDATE_STATE_MACHINE_DEFINITION_SEVERITY_WARNING);
  message.set_code(diagnostic.code);
  message.set_message(diagnostic.message);
  // Errors are told in the service's words.
  if (diagnostic.severity == Diagnostic::Severity::kWarning && !diagnostic.hint.empty())
    absl::StrAppend(message.mutable_message(), " (", diagnostic.hint, ")");
  if (!diagnostic.location.empty()) message.set_location(diagnostic.location);
  return message;
}

// The least that is told is an error, unless the request asks for warnings.
bool ErrorsOnly(const workflow::v1::ValidateStateMachineDefinitionRequest& request) {
  return request.severity() != workflow::v1::VALIDATE_STATE_MACHINE_DEFINITION_SEVERITY_WARNING;
}

ValidateStateMachineDefinitionResponse Answer(
    const workflow::v1::ValidateStateMachineDefinitionRequest& request,
    const asl::ParsedDefinition& parsed) {
  const int most = request.max_results() == 0 ? kMaxDiagnostics : request.max_results();
  ValidateStateMachineDefinitionResponse response;
  response.set_result(parsed.machine != nullptr
                          ? workflow::v1::VALIDATE_STATE_MACHINE_DEFINITION_RESULT_CODE_OK
                          : workflow::v1::VALIDATE_STATE_MACHINE_DEFINITION_RESULT_CODE_FAIL);
  response.set_truncated(false);
  for (const Diagnostic& diagnostic : parsed.diagnostics) {
    if (ErrorsOnly(request) && diagnostic.severity != Diagnostic::Severity::kError) continue;
    if (response.diagnostics_size() == most) {
      response.set_truncated(true);
      break;
    }
    *response.add_diagnostics() = ToProto(diagnostic);
  }
  return response;
}

// A child of a map run has a state machine of its own, named after the map run's label.
void DescribeMapRun(const store::ExecutionRecord& child,
                    DescribeStateMachineForExecutionResponse& response) {
  response.set_state_machine_arn(engine::StateMachineArnOf(child.arn));
  response.set_map_run_arn(child.map_run_arn);
  const std::optional<engine::Arn> map_run = engine::ParseArn(child.map_run_arn);
  if (!map_run) return;
  response.set_label(std::string(map_run->machine.substr(map_run->machine.rfind('/') + 1)));
}

DescribeStateMachineForExecutionResponse Description(const engine::Machine& machine,
                                                     const store::ExecutionRecord& execution,
                                                     bool with_data) {
  const store::StateMachineRecord& record = machine.record;
  DescribeStateMachineForExecutionResponse response;
  response.set_state_machine_arn(record.arn);
  response.set_name(record.name);
  if (with_data) response.set_definition(record.definition);
  response.set_role_arn(record.role_arn);
  SetTimestamp(record.update_time, *response.mutable_update_date());
  DecodeLogging(record.logging, *response.mutable_logging_configuration());
  response.mutable_tracing_configuration()->set_enabled(false);
  response.set_revision_id(record.revision_id);
  response.mutable_encryption_configuration()->set_type(
      workflow::v1::ENCRYPTION_TYPE_AWS_OWNED_KEY);
  if (!execution.map_run_arn.empty()) DescribeMapRun(execution, response);
  if (with_data) DescribeVariables(*machine.definition, *response.mutable_variable_references());
  return response;
}

}  // namespace

void DefinitionApi::Validate(const workflow::v1::ValidateStateMachineDefinitionRequest& request,
                             Callback<ValidateStateMachineDefinitionResponse> done) {
  if (absl::Status checked = CheckRequest(request); !checked.ok()) return std::move(done)(checked);
  const store::MachineType type = request.type() == workflow::v1::STATE_MACHINE_TYPE_EXPRESS
                                      ? store::MachineType::kExpress
                                      : store::MachineType::kStandard;
  // What types tell is no error.
  if (ErrorsOnly(request))
    return std::move(done)(Answer(request, registry_.Parse(request.definition(), type)));
  registry_.Check(request.definition(), type,
                  [&request, done = std::move(done)](const asl::ParsedDefinition& parsed) mutable {
                    std::move(done)(Answer(request, parsed));
                  });
}

void DefinitionApi::DescribeForExecution(
    const workflow::v1::DescribeStateMachineForExecutionRequest& request,
    Callback<DescribeStateMachineForExecutionResponse> done) {
  const std::string& arn = request.execution_arn();
  const auto parsed = CheckArn("executionArn", arn, engine::Arn::Kind::kExecution);
  if (!parsed.ok()) return std::move(done)(parsed.status());
  const bool with_data = request.included_data() != workflow::v1::INCLUDED_DATA_METADATA_ONLY;
  store_.GetExecution(arn, [this, arn, with_data, done = std::move(done)](
                               absl::StatusOr<store::ExecutionRecord> execution) mutable {
    if (absl::IsNotFound(execution.status())) return std::move(done)(ExecutionDoesNotExist(arn));
    if (!execution.ok()) return std::move(done)(ToStatesError(execution.status()));
    const int64_t revision = execution->revision;
    registry_.Load(revision, [execution = *std::move(execution), with_data, done = std::move(done)](
                                 absl::StatusOr<engine::MachinePtr> machine) mutable {
      if (!machine.ok()) return std::move(done)(machine.status());
      std::move(done)(Description(**machine, execution, with_data));
    });
  });
}

}  // namespace orderflow::api
