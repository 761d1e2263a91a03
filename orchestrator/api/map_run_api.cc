#include "orchestrator/api/map_run_api.h"

#include <algorithm>
#include <optional>
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

using asl::HistoryEvent;
using engine::Arn;
using store::ExecutionStatus;

// A map run as its execution's history tells it.
struct MapRun {
  std::string arn;
  int64_t items = 0;
  std::string_view status = "RUNNING";
  absl::Time start;
  std::optional<absl::Time> stop;
};

std::string_view EndOf(std::string_view event_type) {
  if (event_type == "MapRunSucceeded") return "SUCCEEDED";
  if (event_type == "MapRunFailed") return "FAILED";
  return event_type == "MapRunAborted" ? "ABORTED" : "";
}

// In the order in which they began. The events of a run follow each other: the length of the list,
// the start, the end.
std::vector<MapRun> MapRunsOf(const ReplayedExecution& execution) {
  std::vector<MapRun> runs;
  std::vector<int64_t> starts;
  for (const HistoryEvent& event : execution.events) {
    if (event.type == "MapRunStarted") {
      // Ids count from 1.
      const HistoryEvent& before = execution.events[static_cast<size_t>(event.previous_id - 1)];
      runs.push_back({.arn = event.details.Find("mapRunArn")->AsString(),
                      .items = before.details.Find("length")->AsInt(),
                      .start = event.at});
      starts.push_back(event.id);
    } else if (const std::string_view end = EndOf(event.type); !end.empty()) {
      const auto start = std::find(starts.begin(), starts.end(), event.previous_id);
      if (start == starts.end()) continue;
      MapRun& run = runs[static_cast<size_t>(start - starts.begin())];
      run.status = end;
      run.stop = event.at;
    }
  }
  // The execution was over before.
  for (MapRun& run : runs) {
    if (run.stop || !execution.record.stop_time) continue;
    run.status = "ABORTED";
    run.stop = execution.record.stop_time;
  }
  return runs;
}

// The state of this name, wherever it stands in a definition. Null if there is none.
const json::Value* FindState(const json::Value& within, const std::string& name) {
  if (within.IsArray()) {
    for (const json::Value& element : within.AsArray()) {
      if (const json::Value* found = FindState(element, name)) return found;
    }
  }
  if (!within.IsObject()) return nullptr;
  if (const json::Value* states = within.Find("States"); states != nullptr && states->IsObject()) {
    if (const json::Value* state = states->Find(name)) return state;
  }
  for (const json::Member& member : within.AsMembers()) {
    if (const json::Value* found = FindState(member.value, name)) return found;
  }
  return nullptr;
}

// What the definition says itself; 0 where it leaves it to a path or says nothing.
double NumberOf(const json::Value* state, std::string_view field) {
  const json::Value* value = state == nullptr ? nullptr : state->Find(field);
  return value != nullptr && value->IsNumber() ? value->AsDouble() : 0;
}

template <typename Counts>
void Count(Counts& counts, ExecutionStatus status, int64_t number) {
  switch (status) {
    case ExecutionStatus::kRunning:
      return counts.set_running(number);
    case ExecutionStatus::kSucceeded:
      return counts.set_succeeded(number);
    case ExecutionStatus::kFailed:
      return counts.set_failed(number);
    case ExecutionStatus::kTimedOut:
      return counts.set_timed_out(number);
    case ExecutionStatus::kAborted:
      return counts.set_aborted(number);
  }
}

workflow::v1::DescribeMapRunResponse ToProto(const MapRun& run, const store::MapRunRecord& record,
                                             const ReplayedExecution& parent) {
  workflow::v1::DescribeMapRunResponse response;
  response.set_map_run_arn(run.arn);
  response.set_execution_arn(parent.record.arn);
  response.set_status(std::string(run.status));
  SetTimestamp(run.start, *response.mutable_start_date());
  if (run.stop) SetTimestamp(*run.stop, *response.mutable_stop_date());
  const json::Value* state = FindState(parent.machine->definition->definition(), record.map_state);
  response.set_max_concurrency(static_cast<int32_t>(NumberOf(state, "MaxConcurrency")));
  response.set_tolerated_failure_count(
      static_cast<int64_t>(NumberOf(state, "ToleratedFailureCount")));
  response.set_tolerated_failure_percentage(
      static_cast<float>(NumberOf(state, "ToleratedFailurePercentage")));
  int64_t items = 0;
  int64_t executions = 0;
  for (const store::MapRunCount& count : record.counts) {
    Count(*response.mutable_item_counts(), count.status, count.items);
    Count(*response.mutable_execution_counts(), count.status, count.executions);
    items += count.items;
    executions += count.executions;
  }
  response.mutable_item_counts()->set_pending(run.items - items);
  response.mutable_item_counts()->set_total(run.items);
  response.mutable_execution_counts()->set_total(executions);
  return response;
}

absl::Status NoMapRun(const std::string& arn) {
  return StatesError("ResourceNotFound", absl::StrCat("Resource not found: '", arn, "'"));
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
  const std::vector<MapRun> runs = MapRunsOf(execution);
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
    SetTimestamp(runs[i].start, *item.mutable_start_date());
    if (runs[i].stop) SetTimestamp(*runs[i].stop, *item.mutable_stop_date());
  }
  return response;
}

}  // namespace

void MapRunApi::Describe(const workflow::v1::DescribeMapRunRequest& request,
                         Callback<workflow::v1::DescribeMapRunResponse> done) {
  const std::string arn = request.map_run_arn();
  if (absl::Status checked = CheckArn("mapRunArn", arn, Arn::Kind::kMapRun).status(); !checked.ok())
    return std::move(done)(checked);
  auto on_counts = [this, arn,
                    done = std::move(done)](absl::StatusOr<store::MapRunRecord> record) mutable {
    if (absl::IsNotFound(record.status())) return std::move(done)(NoMapRun(arn));
    if (!record.ok()) return std::move(done)(ToStatesError(record.status()));
    std::string parent = record->parent_arn;
    ReplayExecution(store_, registry_, limits_, std::move(parent),
                    [arn, record = *std::move(record),
                     done = std::move(done)](absl::StatusOr<ReplayedExecution> execution) mutable {
                      if (!execution.ok()) return std::move(done)(execution.status());
                      for (const MapRun& run : MapRunsOf(*execution)) {
                        if (run.arn == arn)
                          return std::move(done)(ToProto(run, record, *execution));
                      }
                      std::move(done)(NoMapRun(arn));
                    });
  };
  store_.GetMapRun(arn, std::move(on_counts));
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
