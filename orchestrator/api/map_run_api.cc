#include "orchestrator/api/map_run_api.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/page_token.h"
#include "common/base/status.h"
#include "orchestrator/api/convert.h"
#include "orchestrator/api/execution_replay.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"

namespace orderflow::api {
namespace {

using asl::MapRunSummary;
using engine::Arn;

std::string_view StatusName(asl::Status status) {
  switch (status) {
    case asl::Status::kRunning:
      return "RUNNING";
    case asl::Status::kSucceeded:
      return "SUCCEEDED";
    case asl::Status::kFailed:
      return "FAILED";
    case asl::Status::kTimedOut:
    case asl::Status::kAborted:
      return "ABORTED";
  }
  return "";
}

// What the two kinds of counts have in common. Answers how many have begun.
template <typename Message>
int64_t SetCounts(const MapRunSummary::Counts& counts, Message& message) {
  message.set_running(counts.running);
  message.set_succeeded(counts.succeeded);
  message.set_failed(counts.failed);
  message.set_timed_out(counts.timed_out);
  message.set_aborted(counts.aborted);
  message.set_failures_not_redrivable(0);
  message.set_pending_redrive(counts.pending_redrive);
  return counts.running + counts.succeeded + counts.failed + counts.timed_out + counts.aborted +
         counts.pending_redrive;
}

workflow::v1::DescribeMapRunResponse ToProto(const MapRunSummary& run,
                                             const ReplayedExecution& parent) {
  workflow::v1::DescribeMapRunResponse response;
  response.set_map_run_arn(run.arn);
  response.set_execution_arn(parent.record.arn);
  response.set_status(std::string(StatusName(run.status)));
  SetTimestamp(run.start_time, *response.mutable_start_date());
  if (run.stop_time) SetTimestamp(*run.stop_time, *response.mutable_stop_date());
  response.set_max_concurrency(static_cast<int32_t>(run.max_concurrency));
  response.set_tolerated_failure_count(run.tolerated_failure_count.value_or(0));
  response.set_tolerated_failure_percentage(
      static_cast<float>(run.tolerated_failure_percentage.value_or(0)));
  response.set_redrive_count(static_cast<int32_t>(run.redrives));
  if (run.redrive_time) SetTimestamp(*run.redrive_time, *response.mutable_redrive_date());
  const int64_t begun = SetCounts(run.items, *response.mutable_item_counts());
  response.mutable_item_counts()->set_pending(run.total_items - begun);
  response.mutable_item_counts()->set_total(run.total_items);
  response.mutable_execution_counts()->set_total(
      SetCounts(run.executions, *response.mutable_execution_counts()));
  return response;
}

absl::Status NoMapRun(const std::string& arn) {
  return StatesError("ResourceNotFound", absl::StrCat("Resource not found: '", arn, "'"));
}

absl::Status HasEnded(const std::string& arn) {
  return StatesError("ValidationException",
                     absl::StrCat("The Map Run is not in RUNNING status: '", arn, "'"));
}

absl::Status CheckRanges(const workflow::v1::UpdateMapRunRequest& request) {
  const auto at_least_0 = [](std::string_view field, double value) {
    if (value >= 0) return absl::OkStatus();
    return ConstraintError(field, absl::StrCat(value),
                           "Member must have value greater than or equal to 0");
  };
  ORDERFLOW_RETURN_IF_ERROR(at_least_0("maxConcurrency", request.max_concurrency()));
  ORDERFLOW_RETURN_IF_ERROR(
      at_least_0("toleratedFailureCount", static_cast<double>(request.tolerated_failure_count())));
  const double percentage = request.tolerated_failure_percentage();
  ORDERFLOW_RETURN_IF_ERROR(at_least_0("toleratedFailurePercentage", percentage));
  if (percentage <= 100) return absl::OkStatus();
  return ConstraintError("toleratedFailurePercentage", absl::StrCat(percentage),
                         "Member must have value less than or equal to 100");
}

std::string ListName(const std::string& execution_arn) {
  return absl::StrCat("map runs ", execution_arn);
}

absl::StatusOr<workflow::v1::ListMapRunsResponse> PageOf(const ReplayedExecution& execution,
                                                         int size, const std::string& token) {
  const std::string list = ListName(execution.record.arn);
  size_t first = 0;
  if (!token.empty()) {
    const absl::StatusOr<Page> page = ParsePage(size, token, list);
    if (!page.ok() || !absl::SimpleAtoi(page->cursor, &first)) return InvalidToken();
  }
  const std::vector<MapRunSummary>& runs = execution.execution().map_runs();
  workflow::v1::ListMapRunsResponse response;
  for (size_t i = first; i < runs.size(); ++i) {
    if (response.map_runs_size() == size) {
      response.set_next_token(MakePageToken(absl::StrCat(i), list));
      break;
    }
    workflow::v1::MapRunListItem& item = *response.add_map_runs();
    item.set_map_run_arn(runs[i].arn);
    item.set_execution_arn(execution.record.arn);
    item.set_state_machine_arn(engine::StateMachineArnOf(execution.record.arn));
    SetTimestamp(runs[i].start_time, *item.mutable_start_date());
    if (runs[i].stop_time) SetTimestamp(*runs[i].stop_time, *item.mutable_stop_date());
  }
  return response;
}

}  // namespace

void MapRunApi::Describe(const workflow::v1::DescribeMapRunRequest& request,
                         Callback<workflow::v1::DescribeMapRunResponse> done) {
  const std::string arn = request.map_run_arn();
  if (absl::Status checked = CheckArn("mapRunArn", arn, Arn::Kind::kMapRun).status(); !checked.ok())
    return std::move(done)(checked);
  store_.GetMapRunParent(
      arn, [this, arn, done = std::move(done)](absl::StatusOr<std::string> parent) mutable {
        if (absl::IsNotFound(parent.status())) return std::move(done)(NoMapRun(arn));
        if (!parent.ok()) return std::move(done)(ToStatesError(parent.status()));
        ReplayExecution(
            store_, registry_, limits_, *std::move(parent),
            [arn, done = std::move(done)](absl::StatusOr<ReplayedExecution> execution) mutable {
              if (!execution.ok()) return std::move(done)(execution.status());
              for (const MapRunSummary& run : execution->execution().map_runs()) {
                if (run.arn == arn) return std::move(done)(ToProto(run, *execution));
              }
              std::move(done)(NoMapRun(arn));
            });
      });
}

void MapRunApi::Update(const workflow::v1::UpdateMapRunRequest& request,
                       Callback<workflow::v1::UpdateMapRunResponse> done) {
  const std::string& arn = request.map_run_arn();
  absl::Status checked = CheckArn("mapRunArn", arn, Arn::Kind::kMapRun).status();
  if (checked.ok()) checked = CheckRanges(request);
  if (!checked.ok()) return std::move(done)(checked);
  asl::MapRunUpdated update{.map_run_arn = arn};
  if (request.has_max_concurrency()) update.max_concurrency = request.max_concurrency();
  if (request.has_tolerated_failure_count())
    update.tolerated_failure_count = request.tolerated_failure_count();
  if (request.has_tolerated_failure_percentage())
    update.tolerated_failure_percentage = request.tolerated_failure_percentage();
  store_.GetMapRunParent(arn, [this, update = std::move(update),
                               done = std::move(done)](absl::StatusOr<std::string> parent) mutable {
    const std::string arn = update.map_run_arn;
    if (absl::IsNotFound(parent.status())) return std::move(done)(NoMapRun(arn));
    if (!parent.ok()) return std::move(done)(ToStatesError(parent.status()));
    engine_.UpdateMapRun(*std::move(parent), std::move(update),
                         [arn, done = std::move(done)](absl::Status status) mutable {
                           if (absl::IsNotFound(status) || absl::IsFailedPrecondition(status))
                             return std::move(done)(HasEnded(arn));
                           if (!status.ok()) return std::move(done)(ToStatesError(status));
                           std::move(done)(workflow::v1::UpdateMapRunResponse());
                         });
  });
}

void MapRunApi::List(const workflow::v1::ListMapRunsRequest& request,
                     Callback<workflow::v1::ListMapRunsResponse> done) {
  const std::string& arn = request.execution_arn();
  if (absl::Status checked = CheckArn("executionArn", arn, Arn::Kind::kExecution).status();
      !checked.ok())
    return std::move(done)(checked);
  const absl::StatusOr<int> size = CheckPageSize(request.max_results());
  if (!size.ok()) return std::move(done)(size.status());
  absl::StatusOr<std::string> token =
      CheckToken(request.has_next_token() ? &request.next_token() : nullptr, 1024);
  if (!token.ok()) return std::move(done)(token.status());
  ReplayExecution(store_, registry_, limits_, arn,
                  [size = *size, token = *std::move(token),
                   done = std::move(done)](absl::StatusOr<ReplayedExecution> execution) mutable {
                    if (!execution.ok()) return std::move(done)(execution.status());
                    std::move(done)(PageOf(*execution, size, token));
                  });
}

}  // namespace orderflow::api
