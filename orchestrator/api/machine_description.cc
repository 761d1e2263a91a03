#include "orchestrator/api/machine_description.h"

#include "orchestrator/asl/state.h"

namespace orderflow::api {
namespace {

using References = google::protobuf::Map<std::string, google::protobuf::ListValue>;

void DescribeGraph(const std::vector<std::unique_ptr<asl::State>>& states, References& out) {
  for (const auto& state : states) {
    for (const std::string& name : state->variables) {
      out[state->name].add_values()->set_string_value(name);
    }
    if (const auto* parallel = std::get_if<asl::ParallelState>(&state->kind)) {
      for (const asl::StateGraph& branch : parallel->branches) DescribeGraph(branch.states, out);
    } else if (const auto* map = std::get_if<asl::MapState>(&state->kind)) {
      DescribeGraph(
          map->distributed ? map->distributed->processor->states() : map->processor.states, out);
    }
  }
}

}  // namespace

void DescribeVariables(const asl::StateMachine& machine, References& out) {
  DescribeGraph(machine.states(), out);
}

}  // namespace orderflow::api
