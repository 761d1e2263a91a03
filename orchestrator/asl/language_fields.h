#pragma once

#include <string>
#include <string_view>

#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/state_type.h"

namespace orderflow::asl {

// Fields that one query language has and the other has not. The service tells of each that a state
// may have in the other language only, at the object that holds it; any other unknown field is
// reported as such (ObjectReader::ReportUnknown).

// Of a state, in `language` ("JSONPath" or "JSONata"). What is reported counts as known.
void ReportForeignFields(StateType type, std::string_view language, ObjectReader& state);
// Of a catcher, and of a Choice rule.
void ReportForeignCatcherFields(std::string_view language, ObjectReader& catcher);
void ReportForeignRuleFields(std::string_view language, ObjectReader& rule);

// Of all states of a machine in JSONata, whose language is not there yet: its fields are not read
// otherwise. `graph` holds States. A state cannot go back to JSONPath either.
void ReportMixedLanguages(const json::Value& graph, const std::string& location,
                          Diagnostics& diagnostics);

}  // namespace orderflow::asl
