#pragma once

#include <optional>
#include <string>

#include "common/json/value.h"
#include "orchestrator/typecheck/type.h"

namespace orderflow::typecheck {

// Whether what a task is given becomes its request, by the rules of Protobuf's JSON as
// common/protojson reads it: an integer may be a decimal text, a value of an enumeration its name
// or number, null is the same as absent. Each answers what was expected and found, or nothing where
// it fits or that cannot be told.

// A scalar of the definition; arrays and objects are judged by their kind only.
std::optional<std::string> Misfit(const json::Value& literal, const Type& wanted);
// A value known by its type; looks at its items and members as well.
std::optional<std::string> Misfit(const Type& given, const Type& wanted);

// Whether a value of the one type, as a task answers it, can be equal to one of the other.
bool CanBeAlike(const Type& a, const Type& b);

}  // namespace orderflow::typecheck
