#include "orchestrator/asl/scope.h"

#include <utility>

#include "orchestrator/asl/task_token.h"
#include "orchestrator/asl/timestamp.h"

namespace orderflow::asl {

using json::Value;

namespace {

Value MapItem(int64_t index, const Value& item) {
  return Value::Object({{"Item", Value::Object({{"Index", index}, {"Value", item}})}});
}

}  // namespace

const Value& ContextObject::value() const {
  if (value_.has_value()) return *value_;
  if (sources_.given != nullptr) {
    value_ = *sources_.given;
    if (sources_.item != nullptr)
      value_ = value_->With("Map", MapItem(sources_.item_index, *sources_.item));
    return *value_;
  }
  const ExecutionContext& execution = *sources_.execution;
  json::Members state = {{"Name", Value(sources_.state_name)},
                         {"EnteredTime", Value(FormatTimestamp(sources_.state_entered))}};
  if (sources_.retry_count.has_value())
    state.push_back({"RetryCount", Value(*sources_.retry_count)});
  json::Members of_execution = {{"Id", Value(execution.execution_arn)},
                                {"Input", *sources_.execution_input},
                                {"StartTime", Value(FormatTimestamp(execution.start_time))},
                                {"Name", Value(execution.execution_name)},
                                {"RoleArn", Value(execution.role_arn)}};
  if (!execution.synchronous)
    of_execution.push_back({"RedriveCount", Value(sources_.redrive_count)});
  json::Members members = {
      {"Execution", Value::FromMembers(std::move(of_execution))},
      {"StateMachine", Value::Object({{"Id", execution.state_machine_arn},
                                      {"Name", execution.state_machine_name}})},
      {"State", Value::FromMembers(std::move(state))}};
  if (sources_.item != nullptr) {
    members.push_back({"Map", MapItem(sources_.item_index, *sources_.item)});
  }
  if (sources_.attempt != 0) {
    members.push_back({"Task", Value::Object({{"Token", TaskToken(execution, sources_.attempt)}})});
  }
  value_ = Value::FromMembers(std::move(members));
  return *value_;
}

const Value* Scope::Root(const Path& path) const {
  if (path.from_context()) return &context.value();
  if (path.variable().empty()) return &input;
  return variables == nullptr ? nullptr : variables->Find(path.variable());
}

}  // namespace orderflow::asl
