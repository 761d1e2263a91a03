#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/json/value.h"
#include "orchestrator/typecheck/path_type.h"
#include "orchestrator/typecheck/type.h"

namespace orderflow::typecheck {

struct FlowGraph;

// A state, and what is known of the data when an execution enters it.
struct FlowState {
  const json::Value* json = nullptr;
  std::string location;
  FlowGraph* graph = nullptr;     // that it is in
  std::vector<FlowGraph*> inner;  // branches of a Parallel, the processor of a Map
  bool reached = false;
  Roots roots;     // once reached
  int visits = 0;  // how often its successors were told
  int order = 0;   // states that come before others are looked at first
};

// The states that go to each other, of the machine, a branch or a Map's items.
struct FlowGraph {
  FlowState* owner = nullptr;  // null: the machine
  FlowState* start = nullptr;
  absl::flat_hash_map<std::string_view, FlowState*> states;
  const Type* output = nullptr;  // what it ends with; null: no end is reached so far
  bool own_execution = false;    // variables do not reach into it
};

// All states of a valid definition, which it borrows.
class FlowMap {
 public:
  explicit FlowMap(const json::Value& definition);
  FlowGraph& root() { return *graphs_.front(); }
  // Those that lead to others before these, as far as there are no circles.
  const std::vector<FlowState*>& states() const { return ordered_; }

 private:
  FlowGraph* AddGraph(const json::Value& json, const std::string& location, FlowState* owner);
  void AddInner(FlowState& state);
  void Order();

  std::vector<std::unique_ptr<FlowGraph>> graphs_;
  std::vector<std::unique_ptr<FlowState>> states_;
  std::vector<FlowState*> ordered_;
};

// The names of the states that a state may go to.
std::vector<std::string_view> SuccessorsOf(const json::Value& state);
// A member that is a text, or an empty one.
std::string_view TextOf(const json::Value& object, std::string_view name);

}  // namespace orderflow::typecheck
