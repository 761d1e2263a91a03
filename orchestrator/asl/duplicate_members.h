#pragma once

#include <string_view>

#include "orchestrator/asl/definition_reader.h"

namespace orderflow::asl {

// Reports every name that occurs twice in one object of `text`, which must be valid JSON. A value
// tree keeps only one of the two, so that two states of one name would silently be one.
void ReportDuplicateMembers(std::string_view text, Diagnostics& diagnostics);

}  // namespace orderflow::asl
