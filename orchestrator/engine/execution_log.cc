#include "orchestrator/engine/execution_log.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/json/value.h"

namespace orderflow::engine {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool TellsOfAnError(std::string_view type) {
  return EndsWith(type, "Failed") || EndsWith(type, "TimedOut") || EndsWith(type, "Aborted") ||
         type == "FailStateEntered";
}

bool EndsInFailure(std::string_view type) {
  return type == "ExecutionFailed" || type == "ExecutionTimedOut" || type == "ExecutionAborted";
}

std::string_view EndEventType(store::ExecutionStatus status) {
  switch (status) {
    case store::ExecutionStatus::kRunning:
      break;
    case store::ExecutionStatus::kSucceeded:
      return "ExecutionSucceeded";
    case store::ExecutionStatus::kFailed:
      return "ExecutionFailed";
    case store::ExecutionStatus::kTimedOut:
      return "ExecutionTimedOut";
    case store::ExecutionStatus::kAborted:
      return "ExecutionAborted";
  }
  return "ExecutionStarted";
}

// Members that hold what customers and services said.
constexpr std::array<std::string_view, 9> kExecutionData = {
    "input",         "inputDetails",      "output",
    "outputDetails", "parameters",        "cause",
    "result",        "assignedVariables", "assignedVariablesDetails"};

}  // namespace

std::string ExpressEndLine(std::string_view execution_arn, const ExecutionResult& result) {
  json::Members members = {
      {"execution_arn", execution_arn},
      {"type", EndEventType(result.status)},
      {"start_timestamp", absl::StrCat(absl::ToUnixMillis(result.start_time))},
      {"event_timestamp", absl::StrCat(absl::ToUnixMillis(result.stop_time))},
  };
  if (result.error) members.push_back({"error", *result.error});
  if (!result.failed_state.empty()) members.push_back({"state", result.failed_state});
  return json::Serialize(json::Value::FromMembers(std::move(members)));
}

bool IsLogged(LogLevel level, std::string_view event_type) {
  switch (level) {
    case LogLevel::kOff:
      return false;
    case LogLevel::kFatal:
      return EndsInFailure(event_type);
    case LogLevel::kError:
      return TellsOfAnError(event_type);
    case LogLevel::kAll:
      return true;
  }
  return false;
}

json::Value WithoutExecutionData(const json::Value& details) {
  if (!details.IsObject()) return details;
  json::Members kept;
  for (const json::Member& member : details.AsMembers()) {
    if (std::find(kExecutionData.begin(), kExecutionData.end(), member.key) ==
        kExecutionData.end()) {
      kept.push_back(member);
    }
  }
  return json::Value::FromMembers(std::move(kept));
}

std::string ExecutionLogLine(std::string_view execution_arn, const asl::HistoryEvent& event,
                             bool execution_data, int64_t redrive_count) {
  json::Value details = execution_data ? event.details : WithoutExecutionData(event.details);
  if (details.IsNull()) details = json::Value::Object({});
  // Numbers are texts there, too.
  return json::Serialize(json::Value::Object({
      {"id", absl::StrCat(event.id)},
      {"type", event.type},
      {"details", std::move(details)},
      {"previous_event_id", absl::StrCat(event.previous_id)},
      {"event_timestamp", absl::StrCat(absl::ToUnixMillis(event.at))},
      {"execution_arn", execution_arn},
      {"redrive_count", absl::StrCat(redrive_count)},
  }));
}

}  // namespace orderflow::engine
