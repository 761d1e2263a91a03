#include "orchestrator/asl/validator.h"

#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "orchestrator/asl/state.h"

namespace orderflow::asl {
namespace {

class Linker {
 public:
  using Reached = absl::flat_hash_set<const State*>;

  Linker(StateGraph& graph, std::string location, Diagnostics& diagnostics)
      : graph_(graph), location_(std::move(location)), diagnostics_(diagnostics) {
    for (const auto& state : graph.states) by_name_.try_emplace(state->name, state.get());
  }

  void Link(const std::string& start_at) {
    const bool has_schema_errors = diagnostics_.has_errors();
    graph_.start = Target(start_at, ChildLocation(location_, "StartAt"));
    for (const auto& state : graph_.states) LinkState(*state);
    // What was not read as a whole leads nobody knows where.
    if (has_schema_errors || LacksEnd()) return;
    const Reached reached = ReportUnreachable();
    WarnOfLoop(reached);
  }

 private:
  // Whatever the field is, the service calls it 'Next'.
  const State* Target(const std::string& name, const std::string& location) {
    if (name.empty()) return nullptr;  // absent, or reported already
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) return found->second;
    diagnostics_.Error(kMissingTransitionTarget, location, "Missing 'Next' target: " + name,
                       "there is no state of this name");
    return nullptr;
  }

  std::string StateLocation(const State& state) const {
    return ChildLocation(ChildLocation(location_, "States"), state.name);
  }

  void LinkState(State& state) {
    const std::string location = StateLocation(state);
    state.next = Target(state.next_name, ChildLocation(location, "Next"));
    for (size_t i = 0; i < state.catchers.size(); ++i) {
      const std::string catcher = ChildLocation(ChildLocation(location, "Catch"), i);
      state.catchers[i].next = Target(state.catchers[i].next_name, ChildLocation(catcher, "Next"));
    }
    auto* choice = std::get_if<ChoiceState>(&state.kind);
    if (choice == nullptr) return;
    for (size_t i = 0; i < choice->rules.size(); ++i) {
      const std::string rule = ChildLocation(ChildLocation(location, "Choices"), i);
      choice->rules[i].next = Target(choice->rules[i].next_name, ChildLocation(rule, "Next"));
    }
    choice->default_next = Target(choice->default_name, ChildLocation(location, "Default"));
  }

  static std::vector<const State*> Successors(const State& state) {
    std::vector<const State*> next = {state.next};
    for (const Catcher& catcher : state.catchers) next.push_back(catcher.next);
    if (const auto* choice = std::get_if<ChoiceState>(&state.kind)) {
      for (const ChoiceRule& rule : choice->rules) next.push_back(rule.next);
      next.push_back(choice->default_next);
    }
    return next;
  }

  Reached ReportUnreachable() {
    Reached reached;
    std::vector<const State*> todo;
    if (graph_.start != nullptr) {
      reached.insert(graph_.start);
      todo.push_back(graph_.start);
    }
    while (!todo.empty()) {
      const State* state = todo.back();
      todo.pop_back();
      for (const State* next : Successors(*state)) {
        if (next != nullptr && reached.insert(next).second) todo.push_back(next);
      }
    }
    for (const auto& state : graph_.states) {
      if (reached.contains(state.get())) continue;
      diagnostics_.Error(kMissingTransitionTarget, StateLocation(*state),
                         "State \"" + state->name + "\" is not reachable.",
                         "no Next, Default or Catch on a way from StartAt leads to it");
    }
    return reached;
  }

  // Succeed, Fail, or a state without a next one. (A mistyped Next was reported as such.)
  static bool Ends(const State& state) {
    return state.type != StateType::kChoice && state.next_name.empty();
  }

  // A machine needs a state that ends, which need not be reachable; a graph within does not. One
  // without is told of nothing else but dangling transitions.
  bool LacksEnd() {
    if (location_ != "/") return false;
    for (const auto& state : graph_.states) {
      if (Ends(*state)) return false;
    }
    diagnostics_.Error(kMissingEndState, "", "Workflow has no terminal state",
                       "at least one must have \"End\": true or be of type Succeed or Fail");
    return true;
  }

  void WarnOfLoop(const Reached& reached) {
    absl::flat_hash_map<const State*, std::vector<const State*>> predecessors;
    absl::flat_hash_set<const State*> leave;  // from which a way leads to an end
    std::vector<const State*> todo;
    for (const auto& state : graph_.states) {
      for (const State* next : Successors(*state)) predecessors[next].push_back(state.get());
      if (Ends(*state) && leave.insert(state.get()).second) todo.push_back(state.get());
    }
    while (!todo.empty()) {
      const State* state = todo.back();
      todo.pop_back();
      for (const State* previous : predecessors[state]) {
        if (leave.insert(previous).second) todo.push_back(previous);
      }
    }
    for (const auto& state : graph_.states) {
      if (leave.contains(state.get()) || !reached.contains(state.get())) continue;
      // One warning: the states of a loop are all alike.
      return diagnostics_.Warning(kEndlessLoop, StateLocation(*state),
                                  "No way leads from state \"" + state->name + "\" to an end.",
                                  "an execution that comes here ends by a failure, a timeout or "
                                  "the limit of its history only");
    }
  }

  StateGraph& graph_;
  const std::string location_;
  Diagnostics& diagnostics_;
  absl::flat_hash_map<std::string_view, const State*> by_name_;
};

// Goes down the graphs within graphs with the names assigned around them.
class ScopeChecker {
 public:
  explicit ScopeChecker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void Check(const StateGraph& graph, const std::string& location) {
    std::vector<std::string_view> added;
    for (const auto& state : graph.states) {
      const std::string at = ChildLocation(ChildLocation(location, "States"), state->name);
      for (const std::string& name : state->assigned) {
        if (outer_.contains(name)) {
          diagnostics_.Error(kSchemaValidationFailed, at,
                             "The variable '" + name + "' is assigned in an outer scope as well",
                             "give the inner one another name");
        }
      }
    }
    for (const auto& state : graph.states) {
      for (const std::string& name : state->assigned) {
        if (outer_.insert(name).second) added.push_back(name);
      }
    }
    for (const auto& state : graph.states) {
      CheckWithin(*state, ChildLocation(ChildLocation(location, "States"), state->name));
    }
    for (const std::string_view name : added) outer_.erase(name);
  }

 private:
  void CheckWithin(const State& state, const std::string& location) {
    if (const auto* parallel = std::get_if<ParallelState>(&state.kind)) {
      for (size_t i = 0; i < parallel->branches.size(); ++i)
        Check(parallel->branches[i], ChildLocation(ChildLocation(location, "Branches"), i));
    } else if (const auto* map = std::get_if<MapState>(&state.kind)) {
      Check(map->processor, ChildLocation(location, "ItemProcessor"));
    }
  }

  Diagnostics& diagnostics_;
  absl::flat_hash_set<std::string_view> outer_;
};

}  // namespace

void CheckVariableScopes(const StateGraph& graph, const std::string& location,
                         Diagnostics& diagnostics) {
  ScopeChecker(diagnostics).Check(graph, location);
}

void LinkGraph(StateGraph& graph, const std::string& start_at, const std::string& location,
               Diagnostics& diagnostics) {
  Linker(graph, location, diagnostics).Link(start_at);
}

}  // namespace orderflow::asl
