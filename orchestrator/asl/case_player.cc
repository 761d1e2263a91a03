#include "orchestrator/asl/case_player.h"

#include <algorithm>
#include <optional>

#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {
namespace {

using json::Value;

constexpr char kFunctionPrefix[] = "arn:aws:lambda:us-east-1:111111111111:function:";
constexpr char kInvoke[] = "arn:aws:states:::lambda:invoke";
constexpr char kStartExecution[] = "arn:aws:states:::states:startExecution";
constexpr char kMachinePrefix[] = "arn:aws:states:us-east-1:111111111111:stateMachine:";

std::string NotFound(const std::string& name) {
  return "Function not found: " + std::string(kFunctionPrefix) + name +
         ":$LATEST (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; "
         "Request ID: 1; Proxy: null)";
}

Value InvokePayload(const Value& input) {
  const Value* payload = input.Find("Payload");
  if (payload == nullptr || payload->IsNull()) return Value::Object({});
  if (!payload->IsString()) return *payload;
  return json::Parse(payload->AsString()).value.value_or(*payload);
}

Value ResultOf(const Value& function, const Value& event) {
  if (function.Find("echo") != nullptr) return event;
  if (const Value* repeat = function.Find("return_repeat")) {
    const auto count = static_cast<size_t>(repeat->Find("count")->AsInt());
    return Value(std::string(count, TextOf(*repeat, "char")[0]));
  }
  return *function.Find("return");
}

// DescribeExecution of a nested execution, as `.sync` (texts) and `.sync:2` (values) give it.
Value Description(const ExecutionContext& context, const Value& input, const Complete& outcome,
                  bool as_values) {
  const auto data = [&](const Value& value) {
    return as_values ? value : Value(json::Serialize(value));
  };
  json::Members members = {{"ExecutionArn", context.execution_arn},
                           {"Input", data(input)},
                           {"InputDetails", Value::Object({{"Included", true}})},
                           {"Name", context.execution_name},
                           {"StartDate", 1},
                           {"StateMachineArn", context.state_machine_arn},
                           {"Status", Value(StatusName(outcome.status))},
                           {"StopDate", 2}};
  if (outcome.error.has_value()) members.push_back({"Error", *outcome.error});
  if (outcome.cause.has_value()) members.push_back({"Cause", *outcome.cause});
  if (outcome.status == Status::kSucceeded) {
    members.push_back({"Output", data(outcome.output)});
    members.push_back({"OutputDetails", Value::Object({{"Included", true}})});
  }
  return Value::FromMembers(std::move(members));
}

}  // namespace

std::string TextOf(const Value& object, std::string_view key) {
  const Value* value = object.Find(key);
  return value != nullptr && value->IsString() ? value->AsString() : "";
}

std::string_view StatusName(Status status) {
  switch (status) {
    case Status::kRunning:
      return "RUNNING";
    case Status::kSucceeded:
      return "SUCCEEDED";
    case Status::kFailed:
      return "FAILED";
    case Status::kTimedOut:
      return "TIMED_OUT";
    case Status::kAborted:
      return "ABORTED";
  }
  return "";
}

CasePlayer::CasePlayer(const Value& recording, std::shared_ptr<const ExecutionContext> context,
                       std::shared_ptr<const StateMachine> machine)
    : recording_(recording),
      context_(context),
      execution_(std::move(machine), std::move(context)),
      now_(context_->start_time) {}

std::shared_ptr<const ExecutionContext> CasePlayer::ContextOf(const Value& recording) {
  std::string name = TextOf(recording, "execution_name");
  if (name.empty()) name = "11111111aaaa";
  const bool express = TextOf(recording, "type") == "EXPRESS";
  const Value* sync = recording.Find("sync");
  // Some recordings name the role that they ran with.
  std::string role = "arn:aws:iam::111111111111:role/role0";
  const Value* history = recording.Find("expect")->Find("history");
  if (history != nullptr && history->size() > 0) {
    const Value* details = history->AsArray()[0].Find("executionStartedEventDetails");
    const std::string recorded = details == nullptr ? "" : TextOf(*details, "roleArn");
    if (recorded.rfind("arn:", 0) == 0 && recorded.find('<') == std::string::npos) role = recorded;
  }
  return std::make_shared<const ExecutionContext>(ExecutionContext{
      .execution_arn =
          std::string("arn:aws:states:us-east-1:111111111111:") +
          (express ? "express:machine0:" + name + ":22222222bbbb" : "execution:machine0:" + name),
      .execution_name = name,
      .role_arn = role,
      .state_machine_arn = "arn:aws:states:us-east-1:111111111111:stateMachine:machine0",
      .state_machine_name = "machine0",
      .start_time = absl::FromUnixSeconds(1'700'000'000),
      .synchronous = sync != nullptr && sync->IsBool() && sync->AsBool()});
}

void CasePlayer::Play(const Value& input) {
  Apply(Start{input});
  while (!pending_.empty()) {
    // Of two things at the same moment, the one that was asked for first.
    const auto next = pending_.begin();
    now_ = std::max(now_, next->first.first);
    const Input input{now_, std::move(next->second)};
    pending_.erase(next);
    if (execution_.WouldAccept(input)) Apply(input.what);
  }
}

void CasePlayer::OnEvent(HistoryEvent event) {
  json::Members members = {{"id", event.id},
                           {"previousEventId", event.previous_id},
                           {"timestamp", "timestamp"},
                           {"type", Value(event.type)}};
  if (!event.details_name.empty())
    members.push_back({std::string(event.details_name), event.details});
  events_.push_back(Value::FromMembers(std::move(members)));
}

void CasePlayer::Apply(What what) {
  std::vector<Effect> effects;
  Input input{now_, std::move(what)};
  const Value* activities = recording_.Find("activities");
  for (const std::string& activity : execution_.machine().activities()) {
    if (activities == nullptr || activities->Find(activity) == nullptr)
      input.missing_activities.push_back(activity);
  }
  execution_.Apply(input, effects, this);
  for (Effect& effect : effects) std::visit([this](auto& what) { Carry(what); }, effect);
}

void CasePlayer::Carry(const Complete& complete) {
  outcome_ = complete;
  pending_.clear();
}

void CasePlayer::Carry(const RunTask& task) {
  if (task.child != nullptr) return RunChild(task);
  const auto has = [&](std::string_view part) {
    return task.resource.find(part) != std::string::npos;
  };
  if (has(":activity:")) return WorkOnActivity(task);
  if (has(".waitForTaskToken")) return CallBack(task);
  if (has(kStartExecution)) return StartNested(task);
  CallFunction(task, task.resource == kInvoke);
}

void CasePlayer::RunChild(const RunTask& task) {
  auto context = std::make_shared<ExecutionContext>(*context_);
  context->execution_name = task.child->name;
  context->execution_arn =
      context_->execution_arn + "/" + task.child->label + ":" + task.child->name;
  context->start_time = now_;
  CasePlayer nested(recording_, context, task.child->machine);
  nested.Play(task.input);
  const Complete& end = nested.outcome();
  if (end.status == Status::kSucceeded)
    return Later(nested.now(), TaskSucceeded{task.attempt, end.output});
  Later(nested.now(), TaskFailed{task.attempt, {end.error, end.cause}});
}

void CasePlayer::CallFunction(const RunTask& task, bool invoked) {
  std::string name = invoked ? TextOf(task.input, "FunctionName") : task.resource;
  if (name.rfind(kFunctionPrefix, 0) == 0) name = name.substr(sizeof(kFunctionPrefix) - 1);
  name = name.substr(0, name.find(':'));
  const Value* functions = recording_.Find("tasks");
  const Value* function = functions != nullptr ? functions->Find(name) : nullptr;
  absl::Time due = now_;
  if (function == nullptr) {
    return Later(due,
                 TaskFailed{task.attempt, {"Lambda.ResourceNotFoundException", NotFound(name)}});
  }
  while (function->Find("sleep_seconds") != nullptr) {
    due += absl::Seconds(function->Find("sleep_seconds")->AsInt());
    function = function->Find("then");
  }
  if (const Value* raised = function->Find("raise")) {
    return Later(due,
                 TaskFailed{task.attempt, {TextOf(*raised, "errorType"), RaisedCause(*raised)}});
  }
  const Value result = ResultOf(*function, invoked ? InvokePayload(task.input) : task.input);
  Later(due, TaskSucceeded{task.attempt, invoked ? Wrapped(task.input, result) : result});
}

void CasePlayer::CallBack(const RunTask& task) {
  Later(now_, TaskSubmitted{task.attempt, Value::Object({})});
  const Value* callbacks = recording_.Find("callbacks");
  if (callbacks == nullptr || callbacks_ >= callbacks->size()) return;
  const Value& steps = *callbacks->AsArray()[callbacks_++].Find("answer");
  const Value* body = task.input.Find("MessageBody");
  AnswerAs(task, steps, "$parameters.MessageBody", body != nullptr ? *body : Value());
}

void CasePlayer::WorkOnActivity(const RunTask& task) {
  const Value& activity = *recording_.Find("activities")->Find(task.resource);
  Later(now_, TaskStarted{task.attempt, TextOf(activity, "worker_name")});
  AnswerAs(task, *activity.Find("on_task"), "$input", task.input);
}

void CasePlayer::AnswerAs(const RunTask& task, const Value& steps, std::string_view placeholder,
                          const Value& subject) {
  const auto text = [&](const Value& member) {
    return member.AsString() == placeholder ? json::Serialize(subject) : member.AsString();
  };
  for (const Value& step : steps.AsArray()) {
    if (step.Find("send_task_heartbeat") != nullptr) Later(now_, Heartbeat{task.attempt});
    if (const Value* success = step.Find("send_task_success")) {
      Later(now_, TaskSucceeded{task.attempt, *json::Parse(text(*success->Find("output"))).value});
    }
    if (const Value* failure = step.Find("send_task_failure")) {
      Failure sent;
      if (const Value* error = failure->Find("error")) sent.error = text(*error);
      if (const Value* cause = failure->Find("cause")) sent.cause = text(*cause);
      Later(now_, TaskFailed{task.attempt, std::move(sent)});
    }
  }
}

void CasePlayer::StartNested(const RunTask& task) {
  const std::string arn = TextOf(task.input, "StateMachineArn");
  const Value* machines = recording_.Find("state_machines");
  const Value* machine = machines == nullptr ? nullptr : machines->Find(arn);
  if (machine == nullptr) {
    return Later(now_,
                 TaskFailed{task.attempt,
                            {"StepFunctions.StateMachineDoesNotExistException",
                             "State Machine Does Not Exist: '" + arn +
                                 "' (Service: AWSStepFunctions; Status Code: 400; Error Code: "
                                 "StateMachineDoesNotExist; Request ID: 1; Proxy: null)"}});
  }
  auto context = std::make_shared<ExecutionContext>(*context_);
  context->state_machine_arn = arn;
  context->state_machine_name = arn.substr(sizeof(kMachinePrefix) - 1);
  context->execution_name = TextOf(task.input, "Name");
  context->execution_arn =
      "arn:aws:states:us-east-1:111111111111:execution:" + context->state_machine_name + ":" +
      context->execution_name;
  context->start_time = now_;
  const Value* given = task.input.Find("Input");
  const Value input = given == nullptr || given->IsNull() ? Value::Object({}) : *given;
  const std::string pattern = task.resource.substr(sizeof(kStartExecution) - 1);
  const Value started = Value::Object({{"ExecutionArn", context->execution_arn}, {"StartDate", 1}});
  if (pattern.empty()) return Later(now_, TaskSucceeded{task.attempt, started});
  Later(now_, TaskSubmitted{task.attempt, started});
  CasePlayer nested(
      recording_, context,
      ParseStateMachine(json::Serialize(*machine->Find("definition")), ParseOptions{}).machine);
  nested.Play(input);
  const Value end = Description(*context, input, nested.outcome(), pattern == ".sync:2");
  if (nested.outcome().status == Status::kSucceeded)
    return Later(nested.now(), TaskSucceeded{task.attempt, end});
  Later(nested.now(), TaskFailed{task.attempt, {"States.TaskFailed", json::Serialize(end)}});
}

std::string CasePlayer::NextRequestId() {
  return "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + ++requests_);
}

std::string CasePlayer::RaisedCause(const Value& raised) {
  json::Members members;
  for (const char* key : {"errorMessage", "errorType"}) {
    if (raised.Find(key) != nullptr) members.push_back({key, *raised.Find(key)});
  }
  members.push_back({"requestId", NextRequestId()});
  if (raised.Find("stackTrace") != nullptr)
    members.push_back({"stackTrace", *raised.Find("stackTrace")});
  return json::Serialize(Value::FromMembers(std::move(members)));
}

Value CasePlayer::Wrapped(const Value& parameters, const Value& payload) {
  Value envelope =
      Value::Object({{"ExecutedVersion", "$LATEST"},
                     {"Payload", payload},
                     {"SdkHttpMetadata", Value::Object({})},
                     {"SdkResponseMetadata", Value::Object({{"RequestId", NextRequestId()}})},
                     {"StatusCode", 200}});
  if (TextOf(parameters, "LogType") != "Tail") return envelope;
  return envelope.With("LogResult", "the end of the log");
}

}  // namespace orderflow::asl
