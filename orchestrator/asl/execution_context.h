#pragma once

#include <string>

#include "absl/time/time.h"

namespace orderflow::asl {

// What an execution knows of itself: the Context Object's `Execution` and `StateMachine`, and the
// seed.
struct ExecutionContext {
  std::string execution_arn;
  std::string execution_name;
  std::string role_arn;
  std::string state_machine_arn;
  std::string state_machine_name;
  absl::Time start_time;
  bool synchronous = false;    // its caller waits: its `Execution` has no RedriveCount
  std::string token_key = {};  // known to nobody else: makes task tokens impossible to guess
};

}  // namespace orderflow::asl
