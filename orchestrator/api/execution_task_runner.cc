#include "orchestrator/api/execution_task_runner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/hash/sha256.h"
#include "orchestrator/api/machine_finder.h"
#include "orchestrator/api/qualified_arn.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orchestrator/api/uuid.h"
#include "orchestrator/engine/arn.h"
#include "orchestrator/engine/nested_execution.h"

namespace orderflow::api {
namespace {

using engine::StartRequest;
using engine::StartResult;
using json::Value;

// How the answer looks.
enum class Pattern { kStarted, kText, kJson };
Pattern PatternOf(std::string_view resource) {
  const std::string_view suffix = resource.substr(kStartExecution.size());
  if (suffix == ".sync") return Pattern::kText;
  return suffix == ".sync:2" ? Pattern::kJson : Pattern::kStarted;
}

// An error of the API as AWS words it for a task.
asl::Failure ToFailure(const absl::Status& status) {
  const std::optional<ErrorInfo> info = GetErrorInfo(status);
  const std::string name = info ? info->reason : "SfnException";
  const bool is_exception = name.size() > 9 && name.substr(name.size() - 9) == "Exception";
  return asl::Failure{absl::StrCat("StepFunctions.", name, is_exception ? "" : "Exception"),
                      absl::StrCat(std::string(status.message()),
                                   " (Service: AWSStepFunctions; Status Code: 400; Error Code: ",
                                   name, "; Request ID: ", NewUuid(), "; Proxy: null)")};
}

absl::StatusOr<std::string> TextParameter(const Value& parameters, std::string_view name) {
  const Value* value = parameters.Find(name);
  if (value == nullptr || value->IsNull()) return std::string();
  if (value->IsString()) return value->AsString();
  return StatesError("ValidationException",
                     absl::StrCat("the parameter ", Quote(name), " is not a string"));
}

// What stays the same for the attempt, however often it is issued. The name of its own making looks
// like a UUID.
absl::StatusOr<StartRequest> ReadRequest(const tasks::TaskCall& call, QualifiedArn& machine) {
  ORDERFLOW_ASSIGN_OR_RETURN(const std::string arn, TextParameter(call.input, "StateMachineArn"));
  ORDERFLOW_ASSIGN_OR_RETURN(machine, CheckQualifiedArn("stateMachineArn", arn));
  StartRequest request;
  request.origin = absl::StrCat(call.idempotency_key, "/", call.try_number);
  const std::string id = Sha256Hex(request.origin);
  if (PatternOf(call.resource) == Pattern::kStarted) request.origin += engine::kDetachedOrigin;
  const std::string made =
      absl::StrCat(id.substr(0, 8), "-", id.substr(8, 4), "-", id.substr(12, 4), "-",
                   id.substr(16, 4), "-", id.substr(20, 12));
  ORDERFLOW_ASSIGN_OR_RETURN(request.name, TextParameter(call.input, "Name"));
  if (request.name.empty()) request.name = made;
  ORDERFLOW_RETURN_IF_ERROR(CheckName(request.name));
  request.express_id = made;
  const Value* input = call.input.Find("Input");
  request.parsed_input = input == nullptr || input->IsNull() ? Value::Object({}) : *input;
  request.input = json::Serialize(request.parsed_input);
  request.trace_header = call.traceparent;
  return request;
}

// As AWS gives times to a workflow: milliseconds of the epoch.
Value Date(absl::Time time) { return Value(absl::ToUnixMillis(time)); }

Value Started(const StartResult& started) {
  return Value::Object({{"ExecutionArn", started.execution_arn},
                        {"SdkHttpMetadata", Value::Object({{"HttpStatusCode", 200}})},
                        {"SdkResponseMetadata", Value::Object({{"RequestId", NewUuid()}})},
                        {"StartDate", Date(started.start_time)}});
}

std::string_view StatusName(store::ExecutionStatus status) {
  switch (status) {
    case store::ExecutionStatus::kRunning:
      return "RUNNING";
    case store::ExecutionStatus::kSucceeded:
      return "SUCCEEDED";
    case store::ExecutionStatus::kFailed:
      return "FAILED";
    case store::ExecutionStatus::kTimedOut:
      return "TIMED_OUT";
    case store::ExecutionStatus::kAborted:
      return "ABORTED";
  }
  return "";
}

// The text, or the value that it is.
Value Shown(const std::string& text, Pattern pattern) {
  if (pattern == Pattern::kText) return Value(text);
  json::ParseResult parsed = json::Parse(text);
  return parsed.value ? *std::move(parsed.value) : Value(text);
}

// As DescribeExecution answers it, members in the order of their names.
Value Description(const StartResult& ended, const std::string& name, const std::string& input,
                  Pattern pattern) {
  const engine::ExecutionResult& result = *ended.result;
  const bool succeeded = result.status == store::ExecutionStatus::kSucceeded;
  // The cause of a failure has its limit.
  const bool with_input = succeeded || input.size() + result.cause.value_or("").size() < 30'000;
  const auto included = [](bool yes) { return Value::Object({{"Included", yes}}); };
  // As DescribeExecution has it: that of one that ran out of its time is in its history only.
  const bool tells_error = result.status != store::ExecutionStatus::kTimedOut;
  json::Members members;
  if (tells_error && result.cause) members.push_back({"Cause", *result.cause});
  if (tells_error && result.error) members.push_back({"Error", *result.error});
  members.push_back({"ExecutionArn", ended.execution_arn});
  if (with_input) members.push_back({"Input", Shown(input, pattern)});
  members.push_back({"InputDetails", included(with_input)});
  members.push_back({"Name", name});
  if (succeeded) {
    members.push_back({"Output", Shown(result.output, pattern)});
    members.push_back({"OutputDetails", included(true)});
    // Only here: recordings of failures have none of this.
    members.push_back({"RedriveCount", result.redrives});
    members.push_back({"RedriveStatus", "NOT_REDRIVABLE"});
    members.push_back({"RedriveStatusReason", "Execution is SUCCEEDED and cannot be redriven"});
  }
  members.push_back({"StartDate", Date(result.start_time)});
  members.push_back({"StateMachineArn", engine::StateMachineArnOf(ended.execution_arn)});
  members.push_back({"Status", Value(StatusName(result.status))});
  members.push_back({"StopDate", Date(result.stop_time)});
  return Value::FromMembers(std::move(members));
}

tasks::TaskOutcome OutcomeOf(const absl::StatusOr<StartResult>& result, const StartRequest& request,
                             Pattern pattern) {
  if (!result.ok()) return ToFailure(result.status());
  if (pattern == Pattern::kStarted) return Started(*result);
  Value description = Description(*result, request.name, request.input, pattern);
  if (result->result->status == store::ExecutionStatus::kSucceeded) return description;
  return asl::Failure{asl::kErrorTaskFailed, json::Serialize(description)};
}

// EXPRESS executions leave no record that could be waited for.
absl::Status CheckType(const engine::Machine& machine, Pattern pattern) {
  if (pattern == Pattern::kStarted || machine.record.type == store::MachineType::kStandard)
    return absl::OkStatus();
  return StatesError("StateMachineTypeNotSupported",
                     absl::StrCat("the end of an execution of an EXPRESS state machine cannot be "
                                  "waited for: ",
                                  machine.record.arn));
}

}  // namespace

std::unique_ptr<tasks::RunningTask> ExecutionTaskRunner::Run(tasks::TaskCall call,
                                                             tasks::TaskDone done) {
  const Pattern pattern = PatternOf(call.resource);
  QualifiedArn machine;
  absl::StatusOr<StartRequest> request = ReadRequest(call, machine);
  engine::NestedExecution nested;
  nested.waits = pattern != Pattern::kStarted;
  nested.prepare = [this, request, machine, pattern](Callback<StartRequest> prepared) {
    if (!request.ok()) return std::move(prepared)(request.status());
    FindMachine(registry_, versions_, machine,
                [request = *request, pattern,
                 prepared = std::move(prepared)](absl::StatusOr<FoundMachine> found) mutable {
                  if (!found.ok()) return std::move(prepared)(found.status());
                  if (absl::Status checked = CheckType(*found->machine, pattern); !checked.ok())
                    return std::move(prepared)(checked);
                  SetMachine(*std::move(found), request);
                  std::move(prepared)(std::move(request));
                });
  };
  if (call.submitted) {
    nested.started = [submitted = std::move(call.submitted)](const StartResult& started) {
      submitted(Started(started));
    };
  }
  nested.done = [request = request.value_or(StartRequest()), pattern,
                 done = std::move(done)](absl::StatusOr<StartResult> result) mutable {
    std::move(done)(OutcomeOf(result, request, pattern));
  };
  return engine::RunNested(*engine_, std::move(nested));
}

std::optional<std::string> ExecutionTaskRunner::CheckResource(std::string_view resource) const {
  const std::string_view suffix = resource.substr(kStartExecution.size());
  for (const std::string_view known : {"", ".sync", ".sync:2", ".waitForTaskToken"}) {
    if (suffix == known) return std::nullopt;
  }
  return absl::StrCat(Quote(resource, 200), " is not supported; expected ",
                      std::string(kStartExecution),
                      ", or with .sync, .sync:2 or .waitForTaskToken behind it");
}

}  // namespace orderflow::api
