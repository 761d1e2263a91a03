#include "orchestrator/engine/execution_record.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "orchestrator/engine/arn.h"

namespace orderflow::engine {
namespace {

// version-trace_id-parent_id-flags, in lower-case hexadecimal digits: 2, 32, 16 and 2 of them.
bool IsTraceparent(std::string_view text) {
  if (text.size() != 55) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !digit) return false;
  }
  return true;
}

bool IsDetached(std::string_view origin) {
  return origin.substr(origin.rfind('/')) == kDetachedOrigin;
}

// An origin without the number of the try.
std::string_view TaskOf(std::string_view origin) { return origin.substr(0, origin.rfind('/')); }

}  // namespace

store::ExecutionRecord MakeRecord(const StartRequest& request, store::ExecutionKey key,
                                  absl::Time start_time) {
  const store::StateMachineRecord& machine = request.machine->record;
  store::ExecutionRecord record;
  record.key = key;
  record.arn = machine.type == store::MachineType::kExpress
                   ? ExpressExecutionArn(machine.arn, request.name, request.express_id)
                   : ExecutionArn(machine.arn, request.name);
  record.name = request.name;
  record.state_machine_arn = machine.arn;
  record.revision = machine.revision;
  record.input = request.input;
  record.trace_header = request.trace_header;
  record.version = request.version;
  record.alias = request.alias;
  record.start_time = start_time;
  record.origin = request.origin;
  record.map_run_arn = request.map_run_arn;
  record.map_state = request.map_state;
  record.items = request.items;
  return record;
}

std::shared_ptr<const asl::ExecutionContext> MakeContext(const store::ExecutionRecord& record,
                                                         const Machine& machine, bool synchronous) {
  return std::make_shared<asl::ExecutionContext>(
      asl::ExecutionContext{.execution_arn = record.arn,
                            .execution_name = record.name,
                            .role_arn = machine.record.role_arn,
                            .state_machine_arn = machine.record.arn,
                            .state_machine_name = machine.record.name,
                            .start_time = record.start_time,
                            .synchronous = synchronous,
                            .token_key = machine.token_key});
}

std::optional<std::string> WaitingParentOf(const store::ExecutionRecord& record) {
  if (record.origin.empty() || IsDetached(record.origin)) return std::nullopt;
  // The ARN, the number of the task and that of the try.
  const std::string_view task = TaskOf(record.origin);
  return std::string(task.substr(0, task.rfind('/')));
}

bool IsAttempt(const store::ExecutionRecord& record, std::string_view origin) {
  return !origin.empty() &&
         (record.origin == origin ||
          record.origin == absl::StrCat(std::string(origin), std::string(kDetachedOrigin)));
}

bool IsTryOfSameTask(const store::ExecutionRecord& record, std::string_view origin) {
  return !origin.empty() && !record.origin.empty() && TaskOf(record.origin) == TaskOf(origin);
}

std::string OriginOnceRedriven(const store::ExecutionRecord& record) {
  if (record.origin.empty() || IsDetached(record.origin)) return "";
  return absl::StrCat(record.origin, std::string(kDetachedOrigin));
}

std::string TraceparentOf(const store::ExecutionRecord& record) {
  return IsTraceparent(record.trace_header) ? record.trace_header : std::string();
}

ExecutionResult ResultOf(const store::ExecutionRecord& record) {
  return ExecutionResult{record.status,
                         record.start_time,
                         record.stop_time.value_or(record.start_time),
                         record.output.value_or(""),
                         record.error,
                         record.cause,
                         record.failed_state,
                         record.events,
                         record.redrives};
}

}  // namespace orderflow::engine
