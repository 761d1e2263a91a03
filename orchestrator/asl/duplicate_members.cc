#include "orchestrator/asl/duplicate_members.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/json/text_walk.h"

namespace orderflow::asl {
namespace {

std::string LocationOf(const std::vector<json::TextStep>& way) {
  std::string location = "/";
  for (const json::TextStep& step : way) {
    location =
        step.is_member ? ChildLocation(location, step.name) : ChildLocation(location, step.index);
  }
  return location;
}

}  // namespace

void ReportDuplicateMembers(std::string_view text, Diagnostics& diagnostics) {
  // The names so far in each object that we are in.
  std::vector<absl::flat_hash_set<std::string>> names;
  json::WalkText(text, [&](const std::vector<json::TextStep>& way, size_t) {
    names.resize(way.size());
    const json::TextStep& step = way.back();
    if (step.index == 0) names.back().clear();
    if (!step.is_member || names.back().insert(step.name).second) return;
    diagnostics.Error(kInvalidJson, LocationOf(way), "Duplicate field '" + step.name + "'");
  });
}

}  // namespace orderflow::asl
