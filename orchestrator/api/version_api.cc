#include "orchestrator/api/version_api.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/qualified_arn.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/engine/journal_codec.h"

namespace orderflow::api {
namespace {

using store::VersionRecord;

constexpr size_t kMaxDescriptionLength = 256;
constexpr size_t kMaxTokenLength = 1024;

absl::Status CheckPublish(const workflow::v1::PublishStateMachineVersionRequest& request) {
  ORDERFLOW_RETURN_IF_ERROR(
      CheckArn("stateMachineArn", request.state_machine_arn(), engine::Arn::Kind::kStateMachine)
          .status());
  return CheckLength("description", request.description(), 0, kMaxDescriptionLength);
}

workflow::v1::ListStateMachineVersionsResponse ToProto(store::Page<VersionRecord> page) {
  workflow::v1::ListStateMachineVersionsResponse response;
  for (const VersionRecord& version : page.items) {
    auto& item = *response.add_state_machine_versions();
    item.set_state_machine_version_arn(VersionArn(version.machine_arn, version.number));
    SetTimestamp(version.create_time, *item.mutable_creation_date());
  }
  if (page.next) response.set_next_token(*std::move(page.next));
  return response;
}

}  // namespace

void PublishRevision(store::VersionStore& store, const std::string& machine_arn,
                     std::string revision_id, std::string description, absl::Time now,
                     Callback<VersionRecord> done) {
  store.PublishVersion(
      machine_arn, revision_id, std::move(description), now,
      [machine_arn, revision_id,
       done = std::move(done)](absl::StatusOr<VersionRecord> version) mutable {
        if (absl::IsNotFound(version.status())) {
          return std::move(done)(StateMachineDoesNotExist(machine_arn));
        }
        if (absl::IsFailedPrecondition(version.status())) {
          return std::move(done)(
              StatesError("ConflictException",
                          absl::StrCat("Failed to publish the State Machine version for revision ",
                                       revision_id, ". The current State Machine revision is ",
                                       std::string(version.status().message()), ".")));
        }
        if (!version.ok()) return std::move(done)(ToStatesError(version.status()));
        std::move(done)(*std::move(version));
      });
}

void VersionApi::Publish(const workflow::v1::PublishStateMachineVersionRequest& request,
                         Callback<workflow::v1::PublishStateMachineVersionResponse> done) {
  if (absl::Status checked = CheckPublish(request); !checked.ok()) return std::move(done)(checked);
  PublishRevision(
      store_, request.state_machine_arn(), request.revision_id(), request.description(),
      engine::ToWholeMicroseconds(clock_.Now()),
      [done = std::move(done)](absl::StatusOr<VersionRecord> version) mutable {
        if (!version.ok()) return std::move(done)(version.status());
        workflow::v1::PublishStateMachineVersionResponse response;
        response.set_state_machine_version_arn(VersionArn(version->machine_arn, version->number));
        SetTimestamp(version->create_time, *response.mutable_creation_date());
        std::move(done)(std::move(response));
      });
}

void VersionApi::List(const workflow::v1::ListStateMachineVersionsRequest& request,
                      Callback<workflow::v1::ListStateMachineVersionsResponse> done) {
  const std::string& arn = request.state_machine_arn();
  const auto parsed = CheckArn("stateMachineArn", arn, engine::Arn::Kind::kStateMachine);
  if (!parsed.ok()) return std::move(done)(parsed.status());
  const absl::StatusOr<int> size = CheckPageSize(request.max_results());
  if (!size.ok()) return std::move(done)(size.status());
  absl::StatusOr<std::string> token =
      CheckToken(request.has_next_token() ? &request.next_token() : nullptr, kMaxTokenLength);
  if (!token.ok()) return std::move(done)(token.status());
  store_.ListVersions(
      arn, *size, *std::move(token),
      [arn, done = std::move(done)](absl::StatusOr<store::Page<VersionRecord>> page) mutable {
        if (absl::IsNotFound(page.status())) return std::move(done)(StateMachineDoesNotExist(arn));
        if (absl::IsInvalidArgument(page.status())) return std::move(done)(InvalidToken());
        if (!page.ok()) return std::move(done)(ToStatesError(page.status()));
        std::move(done)(ToProto(*std::move(page)));
      });
}

void VersionApi::Delete(const workflow::v1::DeleteStateMachineVersionRequest& request,
                        Callback<workflow::v1::DeleteStateMachineVersionResponse> done) {
  const std::string& arn = request.state_machine_version_arn();
  const absl::StatusOr<QualifiedArn> parsed = CheckQualifiedArn("stateMachineVersionArn", arn);
  if (!parsed.ok()) return std::move(done)(parsed.status());
  if (parsed->version == 0) {
    return std::move(done)(InvalidArn(arn, "Resource type not valid in this context"));
  }
  store_.DeleteVersion(
      parsed->machine_arn, parsed->version, [done = std::move(done)](absl::Status status) mutable {
        if (absl::IsFailedPrecondition(status)) {
          return std::move(done)(StatesError(
              "ConflictException",
              absl::StrCat("Version to be deleted must not be referenced by an alias. Current list "
                           "of aliases referencing this version: [",
                           std::string(status.message()), "]")));
        }
        if (!status.ok()) return std::move(done)(ToStatesError(status));
        std::move(done)(workflow::v1::DeleteStateMachineVersionResponse());
      });
}

}  // namespace orderflow::api
