#include "orchestrator/typecheck/flow.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "orchestrator/asl/definition_reader.h"

namespace orderflow::typecheck {

using asl::ChildLocation;
using json::Value;

std::string_view TextOf(const Value& object, std::string_view name) {
  const Value* value = object.Find(name);
  return value != nullptr && value->IsString() ? std::string_view(value->AsString()) : "";
}

std::vector<std::string_view> SuccessorsOf(const Value& state) {
  std::vector<std::string_view> names = {TextOf(state, "Next"), TextOf(state, "Default")};
  for (const char* field : {"Catch", "Choices"}) {
    const Value* list = state.Find(field);
    if (list == nullptr || !list->IsArray()) continue;
    for (const Value& item : list->AsArray()) names.push_back(TextOf(item, "Next"));
  }
  std::erase(names, "");
  return names;
}

FlowMap::FlowMap(const Value& definition) {
  AddGraph(definition, "/", nullptr);
  Order();
}

// The depth of recursion is that of the definition's JSON text, which the JSON parser bounds.
FlowGraph* FlowMap::AddGraph(const Value& json, const std::string& location, FlowState* owner) {
  FlowGraph* graph = graphs_.emplace_back(std::make_unique<FlowGraph>()).get();
  graph->owner = owner;
  const Value* states = json.Find("States");
  if (states == nullptr || !states->IsObject()) return graph;
  const std::string at = ChildLocation(location, "States");
  for (const json::Member& member : states->AsMembers()) {
    FlowState* state = states_.emplace_back(std::make_unique<FlowState>()).get();
    state->json = &member.value;
    state->location = ChildLocation(at, member.key);
    state->graph = graph;
    graph->states.emplace(member.key, state);
    AddInner(*state);
  }
  const auto start = graph->states.find(TextOf(json, "StartAt"));
  if (start != graph->states.end()) graph->start = start->second;
  return graph;
}

void FlowMap::AddInner(FlowState& state) {
  if (const Value* branches = state.json->Find("Branches");
      branches != nullptr && branches->IsArray()) {
    const std::string at = ChildLocation(state.location, "Branches");
    for (size_t i = 0; i < branches->size(); ++i)
      state.inner.push_back(AddGraph(branches->AsArray()[i], ChildLocation(at, i), &state));
  }
  for (const char* field : {"ItemProcessor", "Iterator"}) {
    const Value* processor = state.json->Find(field);
    if (processor == nullptr) continue;
    FlowGraph* graph = AddGraph(*processor, ChildLocation(state.location, field), &state);
    const Value* config = processor->Find("ProcessorConfig");
    graph->own_execution = config != nullptr && TextOf(*config, "Mode") == "DISTRIBUTED";
    state.inner.push_back(graph);
  }
}

// Depth first, without recursion: a definition may be one chain of thousands of states.
void FlowMap::Order() {
  struct Visit {
    FlowState* state;
    std::vector<FlowState*> next;
  };
  absl::flat_hash_set<const FlowState*> seen;
  std::vector<Visit> path;
  const auto enter = [&](FlowState* state) {
    if (state == nullptr || !seen.insert(state).second) return;
    Visit visit{.state = state, .next = {}};
    for (const std::string_view name : SuccessorsOf(*state->json)) {
      const auto found = state->graph->states.find(name);
      if (found != state->graph->states.end()) visit.next.push_back(found->second);
    }
    // Gone into last, so that in the reversed order they come before what follows the state.
    for (const FlowGraph* graph : state->inner) {
      if (graph->start != nullptr) visit.next.push_back(graph->start);
    }
    std::reverse(visit.next.begin(), visit.next.end());
    path.push_back(std::move(visit));
  };
  enter(root().start);
  while (!path.empty()) {
    Visit& last = path.back();
    if (last.next.empty()) {
      ordered_.push_back(last.state);
      path.pop_back();
      continue;
    }
    FlowState* next = last.next.back();
    last.next.pop_back();
    enter(next);
  }
  std::reverse(ordered_.begin(), ordered_.end());
  for (size_t i = 0; i < ordered_.size(); ++i) ordered_[i]->order = static_cast<int>(i);
}

}  // namespace orderflow::typecheck
