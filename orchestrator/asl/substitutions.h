#pragma once

#include <string>

#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {

// `definition` with each `${Name}` in its strings (not in the names of members) replaced; names
// that stand for nothing are reported with their place. A name has letters, digits, `_`, `-`, `.`
// and `:`; other text in `${}` stays as it is.
json::Value Substitute(const json::Value& definition, const ParseOptions& options,
                       Diagnostics& diagnostics);

}  // namespace orderflow::asl
