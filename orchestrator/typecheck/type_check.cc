#include "orchestrator/typecheck/type_check.h"

#include <set>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/typecheck/flow.h"
#include "orchestrator/typecheck/state_check.h"

namespace orderflow::typecheck {
namespace {

using asl::ChildLocation;
using json::Value;
using Kind = Type::Kind;

// Follows the data through all states until nothing new is learned of any, then looks at each with
// all that can come there.
class Checker {
 public:
  Checker(const asl::StateMachine& machine, const ResourceTypes& resources)
      : map_(machine.definition()), language_(machine.query_language()), check_(resources, types_) {
    error_ = types_.Object({{.name = "Error", .other_name = {}, .type = PlainType(Kind::kText)},
                            {.name = "Cause", .other_name = {}, .type = PlainType(Kind::kText)}},
                           /*open=*/false);
    nothing_ = types_.Object({}, /*open=*/false);
  }

  std::vector<asl::Diagnostic> Run() {
    Enter(map_.root().start, {.input = AnyType(), .variables = nothing_});
    do {
      Settle();
    } while (EndMapsWithoutItems());
    asl::Diagnostics found;
    check_.set_sink(&found);
    for (FlowState* state : map_.states()) {
      if (state->reached) Pass(*state);
    }
    return found.Take();
  }

 private:
  // A state that is looked at more often counts as one of which nothing is known, so that all ends.
  static constexpr int kMaxVisits = 6;

  void Settle() {
    while (!waiting_.empty()) {
      FlowState* state = map_.states()[static_cast<size_t>(*waiting_.begin())];
      waiting_.erase(waiting_.begin());
      if (++state->visits > kMaxVisits) state->roots = Roots();
      Pass(*state);
    }
  }

  // A Map of no items ends even if none of its iterations could. False where there is none.
  bool EndMapsWithoutItems() {
    for (FlowState* state : map_.states()) {
      if (!state->reached || TextOf(*state->json, "Type") != "Map") continue;
      for (FlowGraph* graph : state->inner) {
        if (graph->output != nullptr) continue;
        graph->output = AnyType();
        waiting_.insert(state->order);
      }
    }
    return !waiting_.empty();
  }

  void Enter(FlowState* state, const Roots& roots) {
    if (state == nullptr) return;
    if (!std::exchange(state->reached, true)) {
      state->roots = roots;
      waiting_.insert(state->order);
      return;
    }
    const Roots joined = {.input = types_.Join(state->roots.input, roots.input),
                          .variables = types_.Join(state->roots.variables, roots.variables)};
    if (joined.input == state->roots.input && joined.variables == state->roots.variables) return;
    state->roots = joined;
    waiting_.insert(state->order);
  }

  void Go(const FlowState& from, std::string_view name, const Roots& roots) {
    const auto found = from.graph->states.find(name);
    if (found != from.graph->states.end()) Enter(found->second, roots);
  }

  // The branch ends here.
  void End(const FlowState& state, const Type* output) {
    FlowGraph& graph = *state.graph;
    const Type* joined = graph.output == nullptr ? output : types_.Join(graph.output, output);
    if (joined == graph.output) return;
    graph.output = joined;
    if (graph.owner != nullptr && graph.owner->reached) waiting_.insert(graph.owner->order);
  }

  void Pass(FlowState& state) {
    const std::string_view own = TextOf(*state.json, "QueryLanguage");
    const bool is_json_path = (own.empty() ? language_ : own) == "JSONPath";
    return is_json_path ? PassJsonPath(state) : PassUnknown(state);
  }

  // A state of another language: everything may come out.
  void PassUnknown(FlowState& state) {
    for (FlowGraph* graph : state.inner) Enter(graph->start, Roots());
    for (const std::string_view name : SuccessorsOf(*state.json)) Go(state, name, Roots());
    if (state.json->Find("Next") == nullptr) End(state, AnyType());
  }

  void PassJsonPath(FlowState& state) {
    const std::string_view type = TextOf(*state.json, "Type");
    if (type == "Fail") {
      check_.Read(state, "ErrorPath", state.roots, Kind::kText);
      check_.Read(state, "CausePath", state.roots, Kind::kText);
      return;
    }
    Roots view = state.roots;
    view.input = check_.Select(state, "InputPath", state.roots);
    PassCatches(state);
    if (type == "Choice") return PassChoice(state, view);
    if (const Type* result = Result(state, type, view)) Finish(state, result);
  }

  // What the state makes; null where nothing comes out so far.
  const Type* Result(FlowState& state, std::string_view type, const Roots& view) {
    if (type == "Task") return check_.Task(state, view);
    if (type == "Pass") {
      const Type* given = check_.Template(state, "Parameters", view, view.input);
      const Value* result = state.json->Find("Result");
      return result == nullptr ? given : types_.Of(*result);
    }
    if (type == "Parallel") return RunBranches(state, view);
    if (type == "Map") return RunItems(state, view);
    check_.Read(state, "SecondsPath", view, Kind::kInteger);
    check_.Read(state, "TimestampPath", view, Kind::kTime);
    return view.input;
  }

  const Type* RunBranches(FlowState& state, const Roots& view) {
    const Type* given = check_.Template(state, "Parameters", view, view.input);
    const Type* outputs = nullptr;
    bool all_end = true;
    for (FlowGraph* branch : state.inner) {
      Enter(branch->start, {.input = given, .variables = state.roots.variables});
      all_end = all_end && branch->output != nullptr;
      if (!all_end) continue;
      outputs = outputs == nullptr ? branch->output : types_.Join(outputs, branch->output);
    }
    return all_end && outputs != nullptr ? types_.List(outputs) : nullptr;
  }

  const Type* RunItems(FlowState& state, const Roots& view) {
    for (const char* field :
         {"MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath"})
      check_.Read(state, field, view, Kind::kAny);
    const Type* item = check_.Item(state, view);
    // Parameters is what older definitions say.
    item = check_.Template(state, "Parameters", view, item);
    item = check_.Template(state, "ItemSelector", view, item);
    if (state.json->Find("ItemBatcher") != nullptr || state.json->Find("ItemReader") != nullptr)
      item = AnyType();
    const Type* output = nullptr;
    for (FlowGraph* graph : state.inner) {
      Enter(graph->start,
            {.input = item, .variables = graph->own_execution ? nothing_ : state.roots.variables});
      output = graph->output;
    }
    if (output == nullptr) return nullptr;
    return state.json->Find("ResultWriter") != nullptr ? AnyType() : types_.List(output);
  }

  void PassChoice(FlowState& state, const Roots& view) {
    check_.ReadChoices(state, view);
    const Type* output =
        check_.Select(state, "OutputPath", {.input = view.input, .variables = view.variables});
    const Type* variables = check_.Assign(*state.json, state.location, view);
    Go(state, TextOf(*state.json, "Default"), {.input = output, .variables = variables});
    const Value* rules = state.json->Find("Choices");
    if (rules == nullptr || !rules->IsArray()) return;
    const std::string location = ChildLocation(state.location, "Choices");
    for (size_t i = 0; i < rules->size(); ++i) {
      const Value& rule = rules->AsArray()[i];
      Go(state, TextOf(rule, "Next"),
         {.input = output, .variables = check_.Assign(rule, ChildLocation(location, i), view)});
    }
  }

  void PassCatches(FlowState& state) {
    const Value* catches = state.json->Find("Catch");
    if (catches == nullptr || !catches->IsArray()) return;
    const std::string location = ChildLocation(state.location, "Catch");
    for (size_t i = 0; i < catches->size(); ++i) {
      const Value& each = catches->AsArray()[i];
      const Roots error = {.input = error_, .variables = state.roots.variables};
      Go(state, TextOf(each, "Next"),
         {.input = check_.Combine(each, state.roots.input, error_),
          .variables = check_.Assign(each, ChildLocation(location, i), error)});
    }
  }

  void Finish(FlowState& state, const Type* result) {
    const Roots of_result = {.input = result, .variables = state.roots.variables};
    const Type* selected = check_.Template(state, "ResultSelector", of_result, result);
    const Type* combined = check_.Combine(*state.json, state.roots.input, selected);
    const Type* output =
        check_.Select(state, "OutputPath", {.input = combined, .variables = state.roots.variables});
    const Type* variables = check_.Assign(*state.json, state.location, of_result);
    const std::string_view next = TextOf(*state.json, "Next");
    if (next.empty()) return End(state, output);
    Go(state, next, {.input = output, .variables = variables});
  }

  TypeArena types_;
  FlowMap map_;
  const std::string_view language_;
  StateCheck check_;
  const Type* error_;      // what a Catch is given
  const Type* nothing_;    // an object without members
  std::set<int> waiting_;  // states to look at, by their order
};

void AddResources(const FlowMap& map, std::vector<std::string>& resources) {
  absl::flat_hash_set<std::string_view> seen;
  for (const FlowState* state : map.states()) {
    const std::string_view resource = TextOf(*state->json, "Resource");
    if (TextOf(*state->json, "Type") != "Task" || !seen.insert(resource).second) continue;
    resources.emplace_back(resource);
  }
}

}  // namespace

std::vector<std::string> ResourcesOf(const asl::StateMachine& machine) {
  std::vector<std::string> resources;
  AddResources(FlowMap(machine.definition()), resources);
  return resources;
}

std::vector<asl::Diagnostic> Check(const asl::StateMachine& machine,
                                   const ResourceTypes& resources) {
  return Checker(machine, resources).Run();
}

}  // namespace orderflow::typecheck
