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
  std::unique_ptr<const Expression> credentials;        // null: the machine's own role
};

struct PassState {
  std::optional<json::Value>
      result;  // stands for itself, whatever it looks like; absent: the input is the result
};

// The first rule whose condition holds decides.
struct ChoiceRule {
  std::unique_ptr<const Condition> condition;
  std::unique_ptr<const Assignment> assign;  // null: assigns nothing
  std::string next_name;
  const State* next = nullptr;
};
struct ChoiceState {
  std::vector<ChoiceRule> rules;
  std::string default_name;
  const State* default_next = nullptr;  // null: States.Runtime
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

// A Map in mode DISTRIBUTED: its items, alone or in batches, are the inputs of child executions,
// each with a history of its own. Together they are a map run.
struct DistributedMap {
  std::shared_ptr<const StateMachine> processor;  // what a child execution runs
  bool express = false;                           // the type of the child executions
  std::string label;                              // part of the map run's name; may be empty
  json::Value item_reader;      // as in the definition; null: the items come from the input
  bool writes_results = false;  // a ResultWriter is there
  std::unique_ptr<const Expression> tolerated_failure_count;       // null: none
  std::unique_ptr<const Expression> tolerated_failure_percentage;  // null: none
  bool batches = false;  // an ItemBatcher is there, with the three fields below
  std::unique_ptr<const Expression> batch_input;          // null: none
  std::unique_ptr<const Expression> max_items_per_batch;  // null: no limit
  std::unique_ptr<const Expression> max_bytes_per_batch;  // null: no limit
};

// Runs its states once per item; the result is a list of the outputs.
struct MapState {
  std::unique_ptr<const ItemFlow> items;
  StateGraph processor;                               // of an inline Map
  std::unique_ptr<const Expression> max_concurrency;  // null or 0: no limit of the definition's own
  std::unique_ptr<const DistributedMap> distributed;  // null: an inline Map
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
  std::unique_ptr<const Assignment> assign;  // null: assigns nothing
  std::vector<std::string> assigned;         // variables that it may assign in any way
  std::vector<std::string> variables;        // those that its expressions name, sorted
  std::vector<Retrier> retriers;
  std::vector<Catcher> catchers;
  StateKind kind;
};

}  // namespace orderflow::asl
