#include "orchestrator/api/state_machine_api.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/logging_configuration.h"
#include "orchestrator/api/machine_description.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/tags.h"
#include "orchestrator/api/version_api.h"
#include "orchestrator/engine/journal_codec.h"

namespace orderflow::api {
namespace {

using store::StateMachineRecord;

constexpr auto kMachineArn = engine::Arn::Kind::kStateMachine;

constexpr size_t kMaxVersionDescription = 256;

// What the API knows and this orchestrator does not have is refused, not ignored.
template <typename Request>
absl::Status CheckUnsupported(const Request& request) {
  if (request.has_version_description() && !request.publish()) {
    return StatesError("ValidationException",
                       "Version description can only be set when publish is true");
  }
  ORDERFLOW_RETURN_IF_ERROR(
      CheckLength("versionDescription", request.version_description(), 0, kMaxVersionDescription));
  if (request.tracing_configuration().enabled()) {
    return StatesError(
        "InvalidTracingConfiguration",
        "Invalid Tracing Configuration: 'X-Ray is not supported; W3C trace context is "
        "always handed on'");
  }
  return CheckEncryption(request.encryption_configuration());
}

absl::StatusOr<StateMachineRecord> ToRecord(
    const workflow::v1::CreateStateMachineRequest& request) {
  ORDERFLOW_RETURN_IF_ERROR(CheckName(request.name()));
  ORDERFLOW_RETURN_IF_ERROR(CheckDefinitionLength(request.definition()));
  ORDERFLOW_RETURN_IF_ERROR(CheckLength("roleArn", request.role_arn(), 0, kMaxArnLength));
  ORDERFLOW_RETURN_IF_ERROR(CheckUnsupported(request));
  if (!workflow::v1::StateMachineType_IsValid(request.type())) {
    return ConstraintError("type", absl::StrCat(static_cast<int>(request.type())),
                           "Member must satisfy enum value set: [EXPRESS, STANDARD]");
  }
  StateMachineRecord record;
  record.name = request.name();
  record.type = request.type() == workflow::v1::STATE_MACHINE_TYPE_EXPRESS
                    ? store::MachineType::kExpress
                    : store::MachineType::kStandard;
  record.definition = request.definition();
  record.role_arn = request.role_arn();
  ORDERFLOW_RETURN_IF_ERROR(CheckLogging(request.logging_configuration()));
  ORDERFLOW_ASSIGN_OR_RETURN(record.logging, EncodeLogging(request.logging_configuration()));
  ORDERFLOW_ASSIGN_OR_RETURN(record.tags, EncodeTags(request.tags()));
  return record;
}

absl::StatusOr<MachineRegistry::Change> ToChange(
    const workflow::v1::UpdateStateMachineRequest& request) {
  ORDERFLOW_ASSIGN_OR_RETURN(const QualifiedArn arn,
                             CheckQualifiedArn("stateMachineArn", request.state_machine_arn()));
  // A version never changes.
  if (arn.qualified()) return StateMachineDoesNotExist(request.state_machine_arn());
  ORDERFLOW_RETURN_IF_ERROR(CheckUnsupported(request));
  MachineRegistry::Change change;
  if (request.has_definition()) {
    ORDERFLOW_RETURN_IF_ERROR(CheckDefinitionLength(request.definition()));
    change.definition = request.definition();
  }
  if (request.has_role_arn()) {
    ORDERFLOW_RETURN_IF_ERROR(CheckLength("roleArn", request.role_arn(), 1, kMaxArnLength));
    change.role_arn = request.role_arn();
  }
  if (request.has_logging_configuration()) {
    ORDERFLOW_RETURN_IF_ERROR(CheckLogging(request.logging_configuration()));
    ORDERFLOW_ASSIGN_OR_RETURN(change.logging, EncodeLogging(request.logging_configuration()));
  }
  if (!change.definition && !change.role_arn && !change.logging &&
      !request.has_tracing_configuration()) {
    return StatesError("MissingRequiredParameter",
                       "Either the definition, the role ARN, the LoggingConfiguration, or the "
                       "TracingConfiguration must be specified");
  }
  return change;
}

workflow::v1::DescribeStateMachineResponse Description(StateMachineRecord record, bool with_data) {
  workflow::v1::DescribeStateMachineResponse response;
  response.set_state_machine_arn(std::move(record.arn));
  response.set_name(std::move(record.name));
  response.set_status(workflow::v1::STATE_MACHINE_STATUS_ACTIVE);
  if (with_data) response.set_definition(std::move(record.definition));
  response.set_role_arn(std::move(record.role_arn));
  response.set_type(ToProto(record.type));
  SetTimestamp(record.create_time, *response.mutable_creation_date());
  DecodeLogging(record.logging, *response.mutable_logging_configuration());
  response.mutable_tracing_configuration()->set_enabled(false);
  response.set_revision_id(std::move(record.revision_id));
  response.mutable_encryption_configuration()->set_type(
      workflow::v1::ENCRYPTION_TYPE_AWS_OWNED_KEY);
  return response;
}

workflow::v1::ListStateMachinesResponse ToProto(store::Page<StateMachineRecord> page) {
  workflow::v1::ListStateMachinesResponse response;
  for (StateMachineRecord& record : page.items) {
    workflow::v1::StateMachineListItem& item = *response.add_state_machines();
    item.set_state_machine_arn(std::move(record.arn));
    item.set_name(std::move(record.name));
    item.set_type(api::ToProto(record.type));
    SetTimestamp(record.create_time, *item.mutable_creation_date());
  }
  if (page.next) response.set_next_token(*std::move(page.next));
  return response;
}

// Publishes the revision that `record` is, where the request wants it, and hands the response over
// with the version in it.
template <typename Request, typename Response>
void AnswerPublished(store::VersionStore& versions, const Clock& clock, const Request& request,
                     const StateMachineRecord& record, Response response, Callback<Response> done) {
  if (!request.publish()) return std::move(done)(std::move(response));
  PublishRevision(
      versions, record.arn, record.revision_id, request.version_description(),
      engine::ToWholeMicroseconds(clock.Now()),
      [response = std::move(response),
       done = std::move(done)](absl::StatusOr<store::VersionRecord> version) mutable {
        if (!version.ok()) return std::move(done)(version.status());
        response.set_state_machine_version_arn(VersionArn(version->machine_arn, version->number));
        std::move(done)(std::move(response));
      });
}

}  // namespace

void StateMachineApi::Create(const workflow::v1::CreateStateMachineRequest& request,
                             Callback<workflow::v1::CreateStateMachineResponse> done) {
  absl::StatusOr<StateMachineRecord> record = ToRecord(request);
  if (!record.ok()) return std::move(done)(record.status());
  auto on_created = [this, &request,
                     done = std::move(done)](absl::StatusOr<StateMachineRecord> created) mutable {
    if (!created.ok()) return std::move(done)(created.status());
    workflow::v1::CreateStateMachineResponse response;
    response.set_state_machine_arn(created->arn);
    SetTimestamp(created->create_time, *response.mutable_creation_date());
    AnswerPublished(versions_, clock_, request, *created, std::move(response), std::move(done));
  };
  registry_.Create(*std::move(record), std::move(on_created));
}

void StateMachineApi::Update(const workflow::v1::UpdateStateMachineRequest& request,
                             Callback<workflow::v1::UpdateStateMachineResponse> done) {
  absl::StatusOr<MachineRegistry::Change> change = ToChange(request);
  if (!change.ok()) return std::move(done)(change.status());
  auto on_updated = [this, &request,
                     done = std::move(done)](absl::StatusOr<StateMachineRecord> updated) mutable {
    if (!updated.ok()) return std::move(done)(updated.status());
    workflow::v1::UpdateStateMachineResponse response;
    response.set_revision_id(updated->revision_id);
    SetTimestamp(updated->update_time, *response.mutable_update_date());
    AnswerPublished(versions_, clock_, request, *updated, std::move(response), std::move(done));
  };
  registry_.Update(request.state_machine_arn(), *std::move(change), std::move(on_updated));
}

void StateMachineApi::Delete(const workflow::v1::DeleteStateMachineRequest& request,
                             Callback<workflow::v1::DeleteStateMachineResponse> done) {
  const auto arn = CheckArn("stateMachineArn", request.state_machine_arn(), kMachineArn);
  if (!arn.ok()) return std::move(done)(arn.status());
  registry_.Delete(request.state_machine_arn(),
                   [done = std::move(done)](absl::Status status) mutable {
                     if (!status.ok()) return std::move(done)(std::move(status));
                     std::move(done)(workflow::v1::DeleteStateMachineResponse());
                   });
}

void StateMachineApi::Describe(const workflow::v1::DescribeStateMachineRequest& request,
                               Callback<workflow::v1::DescribeStateMachineResponse> done) {
  const std::string& arn = request.state_machine_arn();
  const absl::StatusOr<QualifiedArn> parsed = CheckQualifiedArn("stateMachineArn", arn);
  if (!parsed.ok()) return std::move(done)(parsed.status());
  if (!parsed->alias.empty()) return std::move(done)(StateMachineDoesNotExist(arn));
  const bool with_data = request.included_data() != workflow::v1::INCLUDED_DATA_METADATA_ONLY;
  if (parsed->version > 0) return DescribeVersion(*parsed, with_data, std::move(done));
  store_.GetStateMachine(arn, [this, arn, with_data, done = std::move(done)](
                                  absl::StatusOr<StateMachineRecord> record) mutable {
    if (absl::IsNotFound(record.status())) return std::move(done)(StateMachineDoesNotExist(arn));
    if (!record.ok()) return std::move(done)(ToStatesError(record.status()));
    DescribeRevision(arn, *std::move(record), with_data, std::move(done));
  });
}

void StateMachineApi::DescribeVersion(const QualifiedArn& arn, bool with_data,
                                      Callback<workflow::v1::DescribeStateMachineResponse> done) {
  const std::string given = VersionArn(arn.machine_arn, arn.version);
  versions_.GetVersion(
      arn.machine_arn, arn.version,
      [this, given, with_data,
       done = std::move(done)](absl::StatusOr<store::VersionRecord> version) mutable {
        if (absl::IsNotFound(version.status()))
          return std::move(done)(StateMachineDoesNotExist(given));
        if (!version.ok()) return std::move(done)(ToStatesError(version.status()));
        auto described =
            [description = version->description, time = version->create_time,
             done = std::move(done)](
                absl::StatusOr<workflow::v1::DescribeStateMachineResponse> response) mutable {
              if (!response.ok()) return std::move(done)(response.status());
              if (!description.empty()) response->set_description(description);
              SetTimestamp(time, *response->mutable_creation_date());
              std::move(done)(*std::move(response));
            };
        store_.GetRevision(
            version->revision, [this, given, with_data, done = std::move(described)](
                                   absl::StatusOr<StateMachineRecord> record) mutable {
              if (!record.ok()) return std::move(done)(ToStatesError(record.status()));
              DescribeRevision(given, *std::move(record), with_data, std::move(done));
            });
      });
}

// The variables are in the parsed definition, which the registry has or makes; one that it does not
// understand any more is described without them.
void StateMachineApi::DescribeRevision(std::string arn, StateMachineRecord record, bool with_data,
                                       Callback<workflow::v1::DescribeStateMachineResponse> done) {
  const int64_t revision = record.revision;
  workflow::v1::DescribeStateMachineResponse response = Description(std::move(record), with_data);
  response.set_state_machine_arn(std::move(arn));
  if (!with_data) return std::move(done)(std::move(response));
  registry_.Load(revision, [response = std::move(response), done = std::move(done)](
                               absl::StatusOr<engine::MachinePtr> machine) mutable {
    if (machine.ok()) {
      DescribeVariables(*(*machine)->definition, *response.mutable_variable_references());
    }
    std::move(done)(std::move(response));
  });
}

void StateMachineApi::List(const workflow::v1::ListStateMachinesRequest& request,
                           Callback<workflow::v1::ListStateMachinesResponse> done) {
  const absl::StatusOr<int> size = CheckPageSize(request.max_results());
  if (!size.ok()) return std::move(done)(size.status());
  absl::StatusOr<std::string> token =
      CheckToken(request.has_next_token() ? &request.next_token() : nullptr, 1024);
  if (!token.ok()) return std::move(done)(token.status());
  store_.ListStateMachines(
      *size, *std::move(token),
      [done = std::move(done)](absl::StatusOr<store::Page<StateMachineRecord>> page) mutable {
        if (absl::IsInvalidArgument(page.status())) return std::move(done)(InvalidToken());
        if (!page.ok()) return std::move(done)(ToStatesError(page.status()));
        std::move(done)(ToProto(*std::move(page)));
      });
}

}  // namespace orderflow::api
