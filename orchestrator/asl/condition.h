#pragma once

#include <memory>

#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/query_language.h"

namespace orderflow::asl {

// Compiles a Choice rule of the JSONPath language: a comparison (`Variable` with one operator) or
// And, Or, Not of further rules. Mistakes are reported, and then nothing comes back.
std::unique_ptr<const Condition> CompileJsonPathCondition(ObjectReader& rule);

// Whether `text` matches a StringMatches pattern: `*` is any text, `\*` a star and `\\` a
// backslash.
bool MatchesPattern(std::string_view text, std::string_view pattern);

}  // namespace orderflow::asl
