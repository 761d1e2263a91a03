// Any definition that can be created can be checked, with tasks of which everything is known.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "orchestrator/asl/state_machine.h"
#include "orchestrator/typecheck/type_check.h"

namespace {

using orderflow::typecheck::PlainType;
using orderflow::typecheck::ResourceTypes;
using orderflow::typecheck::TaskTypes;
using orderflow::typecheck::Type;

// A message with a field of each kind, itself among them.
const Type& Everything() {
  static const Type& everything = *[] {
    auto* type = new Type();
    type->kind = Type::Kind::kObject;
    type->name = "fuzz.Everything";
    static constexpr std::string_view kNames[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    for (size_t i = 0; i < std::size(kNames); ++i) {
      type->members.push_back(
          {.name = kNames[i], .other_name = "x", .type = PlainType(static_cast<Type::Kind>(i))});
    }
    auto* list = new Type();
    list->kind = Type::Kind::kList;
    list->item = type;
    type->members.push_back({.name = "list", .other_name = {}, .type = list});
    type->members.push_back({.name = "self", .other_name = {}, .type = type});
    return type;
  }();
  return everything;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace orderflow;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  asl::ParseOptions options;
  options.distributed_maps = true;
  const asl::ParsedDefinition parsed = asl::ParseStateMachine(text, options);
  if (parsed.machine == nullptr) return 0;
  ResourceTypes types;
  for (const std::string& resource : typecheck::ResourcesOf(*parsed.machine)) {
    if (resource.size() % 4 == 3) {
      types.emplace(resource, absl::UnimplementedError("gone"));
    } else {
      types.emplace(resource, TaskTypes{&Everything(), &Everything(), nullptr});
    }
  }
  for (const asl::Diagnostic& found : typecheck::Check(*parsed.machine, types)) {
    if (found.message.empty() || found.location.empty() || found.location.front() != '/')
      std::abort();
  }
  return 0;
}
