#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace orderflow::engine {

// The names of things in the form that AWS gives them:
//   arn:aws:states:<region>:<account>:stateMachine:<machine>
//   arn:aws:states:<region>:<account>:execution:<machine>:<name>
//   arn:aws:states:<region>:<account>:express:<machine>:<name>:<id>
//   arn:aws:states:<region>:<account>:activity:<name>
//   arn:aws:states:<region>:<account>:mapRun:<machine>/<label>:<name>
struct Arn {
  enum class Kind { kStateMachine, kExecution, kExpress, kActivity, kMapRun };
  Kind kind = Kind::kStateMachine;
  std::string_view region;
  std::string_view account;
  std::string_view machine;  // kMapRun: with the label; empty for an activity
  std::string_view name;     // of the execution, the activity or the map run
  std::string_view id;       // kExpress only
};

// The parts of an ARN, or nothing if it is none of these. The parts point into `text`.
std::optional<Arn> ParseArn(std::string_view text);

std::string ActivityArn(std::string_view region, std::string_view account, std::string_view name);
std::string StateMachineArn(std::string_view region, std::string_view account,
                            std::string_view name);
// `machine_arn` must be a state machine's.
std::string ExecutionArn(std::string_view machine_arn, std::string_view name);
std::string ExpressExecutionArn(std::string_view machine_arn, std::string_view name,
                                std::string_view id);
// The state machine's ARN of an execution's; `execution_arn` must be an execution's.
std::string StateMachineArnOf(std::string_view execution_arn);

}  // namespace orderflow::engine
