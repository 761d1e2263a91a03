#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/typecheck/type.h"

namespace orderflow::typecheck {

// Codes of diagnostics, all of our own, all warnings: a definition that has them can be created, as
// its services may be other ones by the time it runs.
inline constexpr char kTaskCannotBeCalled[] = "TASK_CANNOT_BE_CALLED";
inline constexpr char kTaskTypesUnknown[] = "TASK_TYPES_UNKNOWN";
inline constexpr char kUnknownParameter[] = "UNKNOWN_PARAMETER";
inline constexpr char kWrongType[] = "WRONG_TYPE";
inline constexpr char kImpossiblePath[] = "IMPOSSIBLE_PATH";

// What a resource takes and answers.
struct TaskTypes {
  const Type* request = AnyType();
  const Type* response = AnyType();
  std::shared_ptr<const void> owner;  // keeps both, and the names in them, alive
};

// By the text of the Resource field. UNIMPLEMENTED: whoever would be called has no such method. Any
// other error: the types are not known, and the message says why. A resource that is not there has
// no types that could be known.
using ResourceTypes = absl::flat_hash_map<std::string, absl::StatusOr<TaskTypes>>;

// The resources that the Tasks of a machine name, each once, in the order of the definition.
std::vector<std::string> ResourcesOf(const asl::StateMachine& machine);

// Finds what cannot be right in a definition, given what its tasks take and answer: methods that
// are not there, parameters that the request does not have, values of a wrong type, and paths that
// can lead nowhere, in any state that the data reaches. What it does not know counts as right; it
// knows nothing of an execution's input.
//
// Takes time in proportion to the size of the definition, and no more than a fixed amount of
// memory. Pure.
std::vector<asl::Diagnostic> Check(const asl::StateMachine& machine,
                                   const ResourceTypes& resources);

}  // namespace orderflow::typecheck
