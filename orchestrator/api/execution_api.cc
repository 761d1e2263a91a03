#include "orchestrator/api/execution_api.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/execution_replay.h"
#include "orchestrator/api/history_page.h"
#include "orchestrator/api/machine_finder.h"
#include "orchestrator/api/qualified_arn.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/uuid.h"
#include "orchestrator/engine/arn.h"
#include "orchestrator/engine/redrive.h"

namespace orderflow::api {
namespace {

using engine::Arn;
using store::ExecutionRecord;

// What StartExecution and StartSyncExecution have in common beside the machine, checked; that comes
// later.
template <typename Request>
absl::StatusOr<engine::StartRequest> ToStart(const Request& request, const asl::Limits& limits) {
  if (request.has_name()) ORDERFLOW_RETURN_IF_ERROR(CheckName(request.name()));
  ORDERFLOW_RETURN_IF_ERROR(CheckTraceHeader(request.trace_header()));
  engine::StartRequest start;
  start.input = request.has_input() ? request.input() : "{}";
  ORDERFLOW_ASSIGN_OR_RETURN(start.parsed_input, CheckInput(start.input, limits.max_payload_bytes));
  start.name = request.has_name() ? request.name() : NewUuid();
  start.trace_header = request.trace_header();
  return start;
}

// By what an execution was started, in a description and in a list.
template <typename Message>
void SetQualifiers(const ExecutionRecord& record, Message& message) {
  if (record.version > 0) {
    message.set_state_machine_version_arn(VersionArn(record.state_machine_arn, record.version));
  }
  if (!record.alias.empty()) {
    message.set_state_machine_alias_arn(AliasArn(record.state_machine_arn, record.alias));
  }
}

absl::Status TypeNotSupported() {
  return StatesError("StateMachineTypeNotSupported",
                     "This operation is not supported by this type of state machine");
}

std::optional<store::ExecutionStatus> ToStore(workflow::v1::ExecutionStatus status) {
  switch (status) {
    case workflow::v1::EXECUTION_STATUS_RUNNING:
      return store::ExecutionStatus::kRunning;
    case workflow::v1::EXECUTION_STATUS_SUCCEEDED:
      return store::ExecutionStatus::kSucceeded;
    case workflow::v1::EXECUTION_STATUS_FAILED:
      return store::ExecutionStatus::kFailed;
    case workflow::v1::EXECUTION_STATUS_TIMED_OUT:
      return store::ExecutionStatus::kTimedOut;
    case workflow::v1::EXECUTION_STATUS_ABORTED:
      return store::ExecutionStatus::kAborted;
    default:
      return std::nullopt;
  }
}

// What AWS would bill: the time in steps of 100 ms, and the smallest amount of memory.
void FillBilling(const engine::ExecutionResult& result, workflow::v1::BillingDetails& billing) {
  const int64_t millis = absl::ToInt64Milliseconds(result.stop_time - result.start_time);
  billing.set_billed_memory_used_in_mb(64);
  billing.set_billed_duration_in_milliseconds((millis / 100 + 1) * 100);
}

workflow::v1::StartSyncExecutionResponse SyncResponse(
    const workflow::v1::StartSyncExecutionRequest& request, const std::string& name,
    engine::StartResult started) {
  engine::ExecutionResult& result = *started.result;
  const bool with_data = request.included_data() != workflow::v1::INCLUDED_DATA_METADATA_ONLY;
  workflow::v1::StartSyncExecutionResponse response;
  response.set_execution_arn(std::move(started.execution_arn));
  response.set_state_machine_arn(request.state_machine_arn());
  response.set_name(name);
  SetTimestamp(result.start_time, *response.mutable_start_date());
  SetTimestamp(result.stop_time, *response.mutable_stop_date());
  response.set_status(ToProto(result.status));
  response.mutable_input_details()->set_included(with_data);
  if (with_data) response.set_input(request.has_input() ? request.input() : "{}");
  if (with_data && result.error) response.set_error(*std::move(result.error));
  if (with_data && result.cause) response.set_cause(*std::move(result.cause));
  response.mutable_output_details()->set_included(with_data);
  if (with_data && result.status == store::ExecutionStatus::kSucceeded) {
    response.set_output(std::move(result.output));
  }
  if (request.has_trace_header()) response.set_trace_header(request.trace_header());
  FillBilling(result, *response.mutable_billing_details());
  return response;
}

// A child of a map run has a state machine of its own.
std::string MachineArnOf(const ExecutionRecord& record) {
  return record.map_run_arn.empty() ? record.state_machine_arn
                                    : engine::StateMachineArnOf(record.arn);
}

template <typename Message>
void SetRedrives(const ExecutionRecord& record, Message& message) {
  message.set_redrive_count(static_cast<int32_t>(record.redrives));
  if (record.redrive_time) SetTimestamp(*record.redrive_time, *message.mutable_redrive_date());
}

void SetRedriveStatus(const ExecutionRecord& record, absl::Time now, const asl::Limits& limits,
                      workflow::v1::DescribeExecutionResponse& response) {
  const std::optional<std::string_view> why_not = engine::WhyNotRedrivable(record, now, limits);
  if (why_not) {
    response.set_redrive_status("NOT_REDRIVABLE");
    response.set_redrive_status_reason(std::string(*why_not));
  } else {
    response.set_redrive_status(record.map_run_arn.empty() ? "REDRIVABLE"
                                                           : "REDRIVABLE_BY_MAP_RUN");
  }
}

workflow::v1::DescribeExecutionResponse Description(ExecutionRecord record, bool with_data,
                                                    absl::Time now, const asl::Limits& limits) {
  workflow::v1::DescribeExecutionResponse response;
  SetRedrives(record, response);
  SetRedriveStatus(record, now, limits, response);
  response.set_state_machine_arn(MachineArnOf(record));
  SetQualifiers(record, response);
  response.set_execution_arn(std::move(record.arn));
  response.set_name(std::move(record.name));
  if (!record.map_run_arn.empty()) response.set_map_run_arn(std::move(record.map_run_arn));
  response.set_status(ToProto(record.status));
  SetTimestamp(record.start_time, *response.mutable_start_date());
  if (record.stop_time) SetTimestamp(*record.stop_time, *response.mutable_stop_date());
  response.mutable_input_details()->set_included(with_data);
  if (with_data) response.set_input(std::move(record.input));
  if (record.output) {
    response.mutable_output_details()->set_included(with_data);
    if (with_data) response.set_output(*std::move(record.output));
  }
  // What ran out of its own time says so by its status alone; its history tells States.Timeout.
  const bool tells_error = with_data && record.status != store::ExecutionStatus::kTimedOut;
  if (tells_error && record.error) response.set_error(*std::move(record.error));
  if (tells_error && record.cause) response.set_cause(*std::move(record.cause));
  if (!record.trace_header.empty()) response.set_trace_header(std::move(record.trace_header));
  return response;
}

workflow::v1::ListExecutionsResponse ToProto(store::Page<ExecutionRecord> page, bool of_map_run) {
  workflow::v1::ListExecutionsResponse response;
  for (ExecutionRecord& record : page.items) {
    workflow::v1::ExecutionListItem& item = *response.add_executions();
    item.set_state_machine_arn(MachineArnOf(record));
    SetQualifiers(record, item);
    item.set_execution_arn(std::move(record.arn));
    item.set_name(std::move(record.name));
    item.set_status(api::ToProto(record.status));
    SetTimestamp(record.start_time, *item.mutable_start_date());
    if (record.stop_time) SetTimestamp(*record.stop_time, *item.mutable_stop_date());
    SetRedrives(record, item);
    if (of_map_run) {
      item.set_map_run_arn(std::move(record.map_run_arn));
      item.set_item_count(static_cast<int32_t>(record.items));
    }
  }
  if (page.next) response.set_next_token(*std::move(page.next));
  return response;
}

absl::Status CheckClientToken(const std::string& token) {
  ORDERFLOW_RETURN_IF_ERROR(CheckLength("clientToken", token, 1, kMaxClientTokenLength));
  const bool printable =
      std::all_of(token.begin(), token.end(), [](char c) { return c >= '!' && c <= '~'; });
  if (printable) return absl::OkStatus();
  return ConstraintError("clientToken", token,
                         "Member must satisfy regular expression pattern: [!-~]+");
}

// Which executions a list is asked for, whatever their status.
absl::StatusOr<store::ExecutionFilter> FilterOf(
    const workflow::v1::ListExecutionsRequest& request) {
  store::ExecutionFilter filter;
  if (!request.map_run_arn().empty()) {
    if (!request.state_machine_arn().empty()) {
      return StatesError("ValidationException",
                         "Must specify only one of stateMachineArn and mapRunArn");
    }
    ORDERFLOW_RETURN_IF_ERROR(
        CheckArn("mapRunArn", request.map_run_arn(), Arn::Kind::kMapRun).status());
    filter.map_run_arn = request.map_run_arn();
    if (request.redrive_filter() != workflow::v1::REDRIVE_FILTER_UNSPECIFIED)
      filter.redriven = request.redrive_filter() == workflow::v1::REDRIVE_FILTER_REDRIVEN;
    return filter;
  }
  if (request.redrive_filter() != workflow::v1::REDRIVE_FILTER_UNSPECIFIED ||
      request.status_filter() == workflow::v1::EXECUTION_STATUS_PENDING_REDRIVE) {
    return StatesError("ValidationException",
                       "Must specify mapRunArn to filter executions by how they are redriven");
  }
  ORDERFLOW_ASSIGN_OR_RETURN(QualifiedArn parsed,
                             CheckQualifiedArn("stateMachineArn", request.state_machine_arn()));
  filter.state_machine_arn = std::move(parsed.machine_arn);
  filter.version = parsed.version;
  filter.alias = std::move(parsed.alias);
  return filter;
}

}  // namespace

void ExecutionApi::Start(const workflow::v1::StartExecutionRequest& request,
                         Callback<workflow::v1::StartExecutionResponse> done) {
  const auto arn = CheckQualifiedArn("stateMachineArn", request.state_machine_arn());
  if (!arn.ok()) return std::move(done)(arn.status());
  absl::StatusOr<engine::StartRequest> start = ToStart(request, limits_);
  if (!start.ok()) return std::move(done)(start.status());
  auto started = [this, &request, machine_arn = arn->machine_arn,
                  done = std::move(done)](absl::StatusOr<engine::StartResult> result) mutable {
    if (absl::IsFailedPrecondition(result.status())) {
      // Deleted between the look at the registry and the start.
      registry_.Forget(machine_arn);
      return std::move(done)(StateMachineDoesNotExist(request.state_machine_arn()));
    }
    if (!result.ok()) return std::move(done)(ToStatesError(result.status()));
    workflow::v1::StartExecutionResponse response;
    response.set_execution_arn(std::move(result->execution_arn));
    SetTimestamp(result->start_time, *response.mutable_start_date());
    std::move(done)(std::move(response));
  };
  FindMachine(registry_, store_, *arn,
              [this, start = *std::move(start),
               started = std::move(started)](absl::StatusOr<FoundMachine> found) mutable {
                if (!found.ok()) return started(found.status());
                if (found->machine->record.type == store::MachineType::kExpress) {
                  start.express_id = NewUuid();
                }
                SetMachine(*std::move(found), start);
                engine_.Start(std::move(start), std::move(started));
              });
}

void ExecutionApi::StartSync(const workflow::v1::StartSyncExecutionRequest& request,
                             Callback<workflow::v1::StartSyncExecutionResponse> done) {
  const auto arn = CheckQualifiedArn("stateMachineArn", request.state_machine_arn());
  if (!arn.ok()) return std::move(done)(arn.status());
  absl::StatusOr<engine::StartRequest> start = ToStart(request, limits_);
  if (!start.ok()) return std::move(done)(start.status());
  auto ended = [&request, name = start->name,
                done = std::move(done)](absl::StatusOr<engine::StartResult> result) mutable {
    if (!result.ok()) return std::move(done)(ToStatesError(result.status()));
    std::move(done)(SyncResponse(request, name, *std::move(result)));
  };
  FindMachine(registry_, store_, *arn,
              [this, start = *std::move(start),
               ended = std::move(ended)](absl::StatusOr<FoundMachine> found) mutable {
                if (!found.ok()) return ended(found.status());
                if (found->machine->record.type != store::MachineType::kExpress) {
                  return ended(TypeNotSupported());
                }
                start.express_id = NewUuid();
                start.synchronous = true;
                SetMachine(*std::move(found), start);
                engine_.StartAndWait(std::move(start), std::move(ended));
              });
}

void ExecutionApi::Describe(const workflow::v1::DescribeExecutionRequest& request,
                            Callback<workflow::v1::DescribeExecutionResponse> done) {
  const std::string& arn = request.execution_arn();
  const auto parsed = CheckArn("executionArn", arn, Arn::Kind::kExecution);
  if (!parsed.ok()) return std::move(done)(parsed.status());
  const bool with_data = request.included_data() != workflow::v1::INCLUDED_DATA_METADATA_ONLY;
  store_.GetExecution(arn, [this, arn, with_data, done = std::move(done)](
                               absl::StatusOr<ExecutionRecord> record) mutable {
    if (absl::IsNotFound(record.status())) return std::move(done)(ExecutionDoesNotExist(arn));
    if (!record.ok()) return std::move(done)(ToStatesError(record.status()));
    std::move(done)(Description(*std::move(record), with_data, clock_.Now(), limits_));
  });
}

void ExecutionApi::List(const workflow::v1::ListExecutionsRequest& request,
                        Callback<workflow::v1::ListExecutionsResponse> done) {
  absl::StatusOr<store::ExecutionFilter> filter = FilterOf(request);
  if (!filter.ok()) return std::move(done)(filter.status());
  const absl::StatusOr<int> size = CheckPageSize(request.max_results());
  if (!size.ok()) return std::move(done)(size.status());
  absl::StatusOr<std::string> token =
      CheckToken(request.has_next_token() ? &request.next_token() : nullptr, 3096);
  if (!token.ok()) return std::move(done)(token.status());
  if (const auto status = ToStore(request.status_filter())) {
    filter->statuses = {*status};
  } else if (request.status_filter() != workflow::v1::EXECUTION_STATUS_UNSPECIFIED) {
    if (request.status_filter() == workflow::v1::EXECUTION_STATUS_PENDING_REDRIVE) {
      return ListPendingRedrives(*std::move(filter), *size, *std::move(token), std::move(done));
    }
    return std::move(done)(ConstraintError(
        "statusFilter", absl::StrCat(static_cast<int>(request.status_filter())),
        "Member must satisfy enum value set: [RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, "
        "PENDING_REDRIVE]"));
  }
  ListOf(request.state_machine_arn(), *std::move(filter), *size, *std::move(token),
         std::move(done));
}

void ExecutionApi::ListOf(std::string given_arn, store::ExecutionFilter filter, int size,
                          std::string token, Callback<workflow::v1::ListExecutionsResponse> done) {
  auto on_page = [of_map_run = !filter.map_run_arn.empty(), done = std::move(done)](
                     absl::StatusOr<store::Page<ExecutionRecord>> page) mutable {
    if (absl::IsInvalidArgument(page.status()) && !GetErrorInfo(page.status())) {
      return std::move(done)(InvalidToken());
    }
    if (!page.ok()) return std::move(done)(ToStatesError(page.status()));
    std::move(done)(ToProto(*std::move(page), of_map_run));
  };
  if (!filter.map_run_arn.empty()) {
    return store_.ListExecutions(std::move(filter), size, std::move(token), std::move(on_page));
  }
  std::string machine_arn = filter.state_machine_arn;
  store_.GetStateMachine(
      std::move(machine_arn), [this, given_arn = std::move(given_arn), filter = std::move(filter),
                               size, token = std::move(token), on_page = std::move(on_page)](
                                  absl::StatusOr<store::StateMachineRecord> machine) mutable {
        if (absl::IsNotFound(machine.status())) return on_page(StateMachineDoesNotExist(given_arn));
        if (!machine.ok()) return on_page(machine.status());
        if (machine->type == store::MachineType::kExpress) {
          return on_page(TypeNotSupported());
        }
        store_.ListExecutions(std::move(filter), size, std::move(token), std::move(on_page));
      });
}

// The parent knows which of its children wait for their turn; they are among those that ended.
void ExecutionApi::ListPendingRedrives(store::ExecutionFilter filter, int size, std::string token,
                                       Callback<workflow::v1::ListExecutionsResponse> done) {
  filter.statuses = {store::ExecutionStatus::kFailed, store::ExecutionStatus::kTimedOut,
                     store::ExecutionStatus::kAborted};
  auto on_parent = [this, filter, size, token = std::move(token),
                    done = std::move(done)](absl::StatusOr<ReplayedExecution> parent) mutable {
    if (absl::IsNotFound(parent.status()) && !GetErrorInfo(parent.status())) {
      // As any list of a map run that has begun nothing.
      return std::move(done)(workflow::v1::ListExecutionsResponse());
    }
    if (!parent.ok()) return std::move(done)(ToStatesError(parent.status()));
    const std::vector<std::string> names = parent->execution().PendingRedrives(filter.map_run_arn);
    auto keep = [pending = absl::flat_hash_set<std::string>(names.begin(), names.end()),
                 done = std::move(done)](
                    absl::StatusOr<workflow::v1::ListExecutionsResponse> page) mutable {
      if (!page.ok()) return std::move(done)(page.status());
      workflow::v1::ListExecutionsResponse kept;
      if (page->has_next_token()) kept.set_next_token(page->next_token());
      for (workflow::v1::ExecutionListItem& item : *page->mutable_executions()) {
        if (!pending.contains(item.name())) continue;
        item.set_status(workflow::v1::EXECUTION_STATUS_PENDING_REDRIVE);
        *kept.add_executions() = std::move(item);
      }
      std::move(done)(std::move(kept));
    };
    ListOf("", std::move(filter), size, std::move(token), std::move(keep));
  };
  store_.GetMapRunParent(filter.map_run_arn, [this, on_parent = std::move(on_parent)](
                                                 absl::StatusOr<std::string> parent) mutable {
    if (!parent.ok()) return on_parent(parent.status());
    ReplayExecution(store_, registry_, limits_, *std::move(parent), std::move(on_parent));
  });
}

void ExecutionApi::GetHistory(const workflow::v1::GetExecutionHistoryRequest& request,
                              Callback<workflow::v1::GetExecutionHistoryResponse> done) {
  const auto parsed = CheckArn("executionArn", request.execution_arn(), Arn::Kind::kExecution);
  if (!parsed.ok()) return std::move(done)(parsed.status());
  const absl::StatusOr<int> size = CheckPageSize(request.max_results());
  if (!size.ok()) return std::move(done)(size.status());
  absl::StatusOr<std::string> token =
      CheckToken(request.has_next_token() ? &request.next_token() : nullptr, 1024);
  if (!token.ok()) return std::move(done)(token.status());
  HistoryQuery query{request.execution_arn(), *size, *std::move(token), request.reverse_order(),
                     !request.has_include_execution_data() || request.include_execution_data()};
  ReadHistoryPage(store_, registry_, limits_, std::move(query), std::move(done));
}

void ExecutionApi::Stop(const workflow::v1::StopExecutionRequest& request,
                        Callback<workflow::v1::StopExecutionResponse> done) {
  const std::string& arn = request.execution_arn();
  absl::Status checked = CheckArn("executionArn", arn, Arn::Kind::kExecution).status();
  if (checked.ok()) checked = CheckLength("error", request.error(), 0, kMaxErrorLength);
  if (checked.ok()) checked = CheckLength("cause", request.cause(), 0, kMaxCauseLength);
  if (!checked.ok()) return std::move(done)(checked);

  std::optional<std::string> error;
  std::optional<std::string> cause;
  if (request.has_error()) error = request.error();
  if (request.has_cause()) cause = request.cause();
  engine_.Stop(arn, std::move(error), std::move(cause),
               [this, arn, done = std::move(done)](absl::StatusOr<absl::Time> stopped) mutable {
                 if (absl::IsNotFound(stopped.status())) return StopEnded(arn, std::move(done));
                 if (!stopped.ok()) return std::move(done)(ToStatesError(stopped.status()));
                 workflow::v1::StopExecutionResponse response;
                 SetTimestamp(*stopped, *response.mutable_stop_date());
                 std::move(done)(std::move(response));
               });
}

void ExecutionApi::Redrive(const workflow::v1::RedriveExecutionRequest& request,
                           Callback<workflow::v1::RedriveExecutionResponse> done) {
  const std::string& arn = request.execution_arn();
  absl::Status checked = CheckArn("executionArn", arn, Arn::Kind::kExecution).status();
  if (checked.ok() && request.has_client_token())
    checked = CheckClientToken(request.client_token());
  if (!checked.ok()) return std::move(done)(checked);
  engine_.Redrive(arn, request.client_token(),
                  [arn, done = std::move(done)](absl::StatusOr<absl::Time> redriven) mutable {
                    if (absl::IsNotFound(redriven.status()))
                      return std::move(done)(ExecutionDoesNotExist(arn));
                    if (!redriven.ok()) return std::move(done)(ToStatesError(redriven.status()));
                    workflow::v1::RedriveExecutionResponse response;
                    SetTimestamp(*redriven, *response.mutable_redrive_date());
                    std::move(done)(std::move(response));
                  });
}

// It is not running here: the row tells whether it ever was.
void ExecutionApi::StopEnded(std::string arn, Callback<workflow::v1::StopExecutionResponse> done) {
  store_.GetExecution(
      arn, [arn, done = std::move(done)](absl::StatusOr<ExecutionRecord> record) mutable {
        if (absl::IsNotFound(record.status())) return std::move(done)(ExecutionDoesNotExist(arn));
        if (!record.ok()) return std::move(done)(ToStatesError(record.status()));
        if (!record->stop_time) {
          return std::move(done)(
              StatesError("ServiceUnavailable", "the execution is not running here now"));
        }
        workflow::v1::StopExecutionResponse response;
        SetTimestamp(*record->stop_time, *response.mutable_stop_date());
        std::move(done)(std::move(response));
      });
}

}  // namespace orderflow::api
