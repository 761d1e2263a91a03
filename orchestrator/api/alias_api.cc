#include "orchestrator/api/alias_api.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/qualified_arn.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/engine/journal_codec.h"

namespace orderflow::api {
namespace {

using store::AliasRecord;
using store::AliasRoute;
using Routing = google::protobuf::RepeatedPtrField<workflow::v1::RoutingConfigurationListItem>;

constexpr size_t kMaxDescriptionLength = 256;
constexpr size_t kMaxTokenLength = 1024;
constexpr int kMaxRoutes = 2;
constexpr int kWholeWeight = 100;

// The routes of one state machine.
struct ParsedRouting {
  std::string machine_arn;
  std::vector<AliasRoute> routes;
};

absl::Status RoutingError(std::string_view rule, const Routing& routing) {
  const std::string received = absl::StrJoin(routing, ", ", [](std::string* out, const auto& item) {
    out->append(item.state_machine_version_arn());
  });
  return StatesError("ValidationException",
                     absl::StrCat("Routing configuration must ", std::string(rule), ". Received: [",
                                  received, "]"));
}

// As AWS shows the list: [RoutingConfigurationListItem(stateMachineVersionArn=..., weight=100)]
std::string Shown(const Routing& routing) {
  return absl::StrCat(
      "[",
      absl::StrJoin(routing, ", ",
                    [](std::string* out, const auto& item) {
                      absl::StrAppend(out, "RoutingConfigurationListItem(stateMachineVersionArn=",
                                      item.state_machine_version_arn(), ", weight=", item.weight(),
                                      ")");
                    }),
      "]");
}

absl::Status CheckSize(const Routing& routing) {
  if (routing.empty()) {
    return ConstraintError("routingConfiguration", Shown(routing),
                           "Member must have length greater than or equal to 1");
  }
  if (routing.size() <= kMaxRoutes) return absl::OkStatus();
  return ConstraintError(
      "routingConfiguration", Shown(routing),
      absl::StrCat("Member must have length less than or equal to ", kMaxRoutes));
}

absl::Status CheckWeights(const Routing& routing) {
  int sum = 0;
  for (int i = 0; i < routing.size(); ++i) {
    const int weight = routing[i].weight();
    if (weight < 0 || weight > kWholeWeight) {
      return ConstraintError(absl::StrCat("routingConfiguration.", i + 1, ".member.weight"),
                             absl::StrCat(weight),
                             weight < 0 ? "Member must have value greater than or equal to 0"
                                        : "Member must have value less than or equal to 100");
    }
    sum += weight;
  }
  if (sum == kWholeWeight) return absl::OkStatus();
  return StatesError(
      "ValidationException",
      absl::StrCat("Sum of routing configuration weights must equal 100. Received: [",
                   absl::StrJoin(routing, ", ",
                                 [](std::string* out, const auto& item) {
                                   absl::StrAppend(out, item.weight());
                                 }),
                   "]"));
}

absl::StatusOr<ParsedRouting> ParseRouting(const Routing& routing) {
  ORDERFLOW_RETURN_IF_ERROR(CheckSize(routing));
  ParsedRouting parsed;
  for (const auto& item : routing) {
    const absl::StatusOr<QualifiedArn> arn = CheckQualifiedArn(
        "routingConfiguration.member.stateMachineVersionArn", item.state_machine_version_arn());
    if (!arn.ok()) return arn.status();
    if (arn->version == 0) return RoutingError("contain state machine version ARNs", routing);
    if (!parsed.machine_arn.empty() && parsed.machine_arn != arn->machine_arn) {
      return RoutingError("contain versions of one state machine", routing);
    }
    if (!parsed.routes.empty() && parsed.routes[0].version == arn->version) {
      return RoutingError("contain distinct state machine version ARNs", routing);
    }
    parsed.machine_arn = arn->machine_arn;
    parsed.routes.push_back({arn->version, item.weight()});
  }
  ORDERFLOW_RETURN_IF_ERROR(CheckWeights(routing));
  return parsed;
}

absl::StatusOr<QualifiedArn> CheckAliasArn(const std::string& arn) {
  ORDERFLOW_ASSIGN_OR_RETURN(QualifiedArn parsed, CheckQualifiedArn("stateMachineAliasArn", arn));
  if (parsed.alias.empty()) return InvalidArn(arn, "Resource type not valid in this context");
  return parsed;
}

absl::Status ResourceNotFound() {
  return StatesError("ResourceNotFound", "Request references a resource that does not exist.");
}

absl::Status ToError(const absl::Status& status) {
  return absl::IsNotFound(status) ? ResourceNotFound() : ToStatesError(status);
}

absl::StatusOr<AliasRecord> ToRecord(const workflow::v1::CreateStateMachineAliasRequest& request,
                                     absl::Time now) {
  ORDERFLOW_RETURN_IF_ERROR(
      CheckLength("description", request.description(), 0, kMaxDescriptionLength));
  ORDERFLOW_RETURN_IF_ERROR(CheckLength("name", request.name(), 1, kMaxNameLength));
  if (!IsAliasName(request.name())) {
    return ConstraintError("name", request.name(),
                           "Member must satisfy regular expression pattern: "
                           "^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$");
  }
  ORDERFLOW_ASSIGN_OR_RETURN(ParsedRouting routing, ParseRouting(request.routing_configuration()));
  return AliasRecord{.machine_arn = std::move(routing.machine_arn),
                     .name = request.name(),
                     .description = request.description(),
                     .routes = std::move(routing.routes),
                     .create_time = now,
                     .update_time = now};
}

absl::StatusOr<store::VersionStore::AliasChange> ToChange(
    const workflow::v1::UpdateStateMachineAliasRequest& request, const std::string& machine_arn,
    absl::Time now) {
  store::VersionStore::AliasChange change{.description = {}, .routes = {}, .now = now};
  if (request.has_description()) {
    ORDERFLOW_RETURN_IF_ERROR(
        CheckLength("description", request.description(), 0, kMaxDescriptionLength));
    change.description = request.description();
  }
  if (!request.routing_configuration().empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(ParsedRouting routing,
                               ParseRouting(request.routing_configuration()));
    if (routing.machine_arn != machine_arn) {
      return RoutingError("contain versions of the alias's state machine",
                          request.routing_configuration());
    }
    change.routes = std::move(routing.routes);
  }
  if (!change.description && !change.routes) {
    return StatesError("ValidationException",
                       "Either the description or the routing configuration must be specified");
  }
  return change;
}

workflow::v1::DescribeStateMachineAliasResponse ToProto(const AliasRecord& alias) {
  workflow::v1::DescribeStateMachineAliasResponse response;
  response.set_state_machine_alias_arn(AliasArn(alias.machine_arn, alias.name));
  response.set_name(alias.name);
  if (!alias.description.empty()) response.set_description(alias.description);
  for (const AliasRoute& route : alias.routes) {
    auto& item = *response.add_routing_configuration();
    item.set_state_machine_version_arn(VersionArn(alias.machine_arn, route.version));
    item.set_weight(route.weight);
  }
  SetTimestamp(alias.create_time, *response.mutable_creation_date());
  SetTimestamp(alias.update_time, *response.mutable_update_date());
  return response;
}

workflow::v1::ListStateMachineAliasesResponse ToProto(store::Page<AliasRecord> page) {
  workflow::v1::ListStateMachineAliasesResponse response;
  for (const AliasRecord& alias : page.items) {
    auto& item = *response.add_state_machine_aliases();
    item.set_state_machine_alias_arn(AliasArn(alias.machine_arn, alias.name));
    SetTimestamp(alias.create_time, *item.mutable_creation_date());
  }
  if (page.next) response.set_next_token(*std::move(page.next));
  return response;
}

}  // namespace

void AliasApi::Create(const workflow::v1::CreateStateMachineAliasRequest& request,
                      Callback<workflow::v1::CreateStateMachineAliasResponse> done) {
  absl::StatusOr<AliasRecord> record = ToRecord(request, engine::ToWholeMicroseconds(clock_.Now()));
  if (!record.ok()) return std::move(done)(record.status());
  store_.CreateAlias(
      *std::move(record), [done = std::move(done)](absl::StatusOr<AliasRecord> alias) mutable {
        if (absl::IsAlreadyExists(alias.status())) {
          return std::move(done)(StatesError(
              "ConflictException",
              "Failed to create alias because an alias with the same name and a different routing "
              "configuration already exists."));
        }
        if (!alias.ok()) return std::move(done)(ToError(alias.status()));
        workflow::v1::CreateStateMachineAliasResponse response;
        response.set_state_machine_alias_arn(AliasArn(alias->machine_arn, alias->name));
        SetTimestamp(alias->create_time, *response.mutable_creation_date());
        std::move(done)(std::move(response));
      });
}

void AliasApi::Update(const workflow::v1::UpdateStateMachineAliasRequest& request,
                      Callback<workflow::v1::UpdateStateMachineAliasResponse> done) {
  absl::StatusOr<QualifiedArn> arn = CheckAliasArn(request.state_machine_alias_arn());
  if (!arn.ok()) return std::move(done)(arn.status());
  auto change = ToChange(request, arn->machine_arn, engine::ToWholeMicroseconds(clock_.Now()));
  if (!change.ok()) return std::move(done)(change.status());
  store_.UpdateAlias(arn->machine_arn, arn->alias, *std::move(change),
                     [done = std::move(done)](absl::StatusOr<AliasRecord> alias) mutable {
                       if (!alias.ok()) return std::move(done)(ToError(alias.status()));
                       workflow::v1::UpdateStateMachineAliasResponse response;
                       SetTimestamp(alias->update_time, *response.mutable_update_date());
                       std::move(done)(std::move(response));
                     });
}

void AliasApi::Delete(const workflow::v1::DeleteStateMachineAliasRequest& request,
                      Callback<workflow::v1::DeleteStateMachineAliasResponse> done) {
  const absl::StatusOr<QualifiedArn> arn = CheckAliasArn(request.state_machine_alias_arn());
  if (!arn.ok()) return std::move(done)(arn.status());
  store_.DeleteAlias(arn->machine_arn, arn->alias,
                     [done = std::move(done)](absl::Status status) mutable {
                       if (!status.ok()) return std::move(done)(ToStatesError(status));
                       std::move(done)(workflow::v1::DeleteStateMachineAliasResponse());
                     });
}

void AliasApi::Describe(const workflow::v1::DescribeStateMachineAliasRequest& request,
                        Callback<workflow::v1::DescribeStateMachineAliasResponse> done) {
  const absl::StatusOr<QualifiedArn> arn = CheckAliasArn(request.state_machine_alias_arn());
  if (!arn.ok()) return std::move(done)(arn.status());
  store_.GetAlias(arn->machine_arn, arn->alias,
                  [done = std::move(done)](absl::StatusOr<AliasRecord> alias) mutable {
                    if (!alias.ok()) return std::move(done)(ToError(alias.status()));
                    std::move(done)(ToProto(*alias));
                  });
}

void AliasApi::List(const workflow::v1::ListStateMachineAliasesRequest& request,
                    Callback<workflow::v1::ListStateMachineAliasesResponse> done) {
  const std::string& arn = request.state_machine_arn();
  const absl::StatusOr<QualifiedArn> parsed = CheckQualifiedArn("stateMachineArn", arn);
  if (!parsed.ok()) return std::move(done)(parsed.status());
  if (!parsed->alias.empty()) {
    return std::move(done)(InvalidArn(arn, "Resource type not valid in this context"));
  }
  const absl::StatusOr<int> size = CheckPageSize(request.max_results());
  if (!size.ok()) return std::move(done)(size.status());
  absl::StatusOr<std::string> token =
      CheckToken(request.has_next_token() ? &request.next_token() : nullptr, kMaxTokenLength);
  if (!token.ok()) return std::move(done)(token.status());
  store_.ListAliases(
      parsed->machine_arn, parsed->version, *size, *std::move(token),
      [arn, done = std::move(done)](absl::StatusOr<store::Page<AliasRecord>> page) mutable {
        if (absl::IsNotFound(page.status())) return std::move(done)(StateMachineDoesNotExist(arn));
        if (absl::IsInvalidArgument(page.status())) return std::move(done)(InvalidToken());
        if (!page.ok()) return std::move(done)(ToStatesError(page.status()));
        std::move(done)(ToProto(*std::move(page)));
      });
}

}  // namespace orderflow::api
