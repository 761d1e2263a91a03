#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/query_language.h"
#include "orchestrator/asl/resource.h"
#include "orchestrator/asl/retry.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/asl/state_type.h"

namespace orderflow::asl {

struct State;

// What a Task adds: who does the work, and how long it may take.
struct TaskState {
  Resource resource;
  std::unique_ptr<const Expression> timeout_seconds;    // null: no limit
  std::unique_ptr<const Expression> heartbeat_seconds;  // null: none is expected
};

struct PassState {
  std::optional<json::Value>
      result;  // stands for itself, whatever it looks like; absent: the input is the result
};

// The first rule whose condition holds decides.
struct ChoiceRule {
  std::unique_ptr<const Condition> condition;
  std::string next_name;
  const State* next = nullptr;
};
struct ChoiceState {
  std::vector<ChoiceRule> rules;
  std::string default_name;
  const State* default_next = nullptr;  // null: States.NoChoiceMatched
};

// Exactly one is set.
struct WaitState {
  std::unique_ptr<const Expression> seconds;
  std::unique_ptr<const Expression> timestamp;
};

struct SucceedState {};

// Null where the definition does not have the field.
struct FailState {
  std::unique_ptr<const Expression> error;
  std::unique_ptr<const Expression> cause;
};

// The branches run side by side; the result is a list of their outputs.
struct ParallelState {
  std::vector<StateGraph> branches;
};

// Runs its states once per item; the result is a list of the outputs.
struct MapState {
  std::unique_ptr<const ItemFlow> items;
  StateGraph processor;
  std::unique_ptr<const Expression> max_concurrency;  // null or 0: no limit of the definition's own
};

using StateKind = std::variant<TaskState, PassState, ChoiceState, WaitState, SucceedState,
                               FailState, ParallelState, MapState>;

// One state of a definition. Does not change once its machine is parsed.
struct State {
  std::string name;
  StateType type = StateType::kPass;
  std::string comment;
  const QueryLanguage* language = nullptr;
  std::unique_ptr<const DataFlow> data;  // null for a Fail, which has none
  std::string next_name;  // empty at an end and where the kind has its own transitions
  const State* next = nullptr;
  std::vector<Retrier> retriers;
  std::vector<Catcher> catchers;
  StateKind kind;
};

}  // namespace orderflow::asl
