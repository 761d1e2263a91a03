#pragma once

#include <optional>
#include <string>

#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/resource.h"

namespace orderflow::asl {

// Reports what the Parameters of a Task lack that calls an integration of the service
// (`arn:aws:states:::...`): all of them, or a member that it cannot do without. False if so.
bool CheckIntegrationParameters(const Resource& resource, ObjectReader& state);

// What is wrong with the parameters that a Task has made, so that it cannot be started; nothing
// where they are right, or where their shape is not known: of a function, or a mapped integration.
std::optional<std::string> ProblemOfParameters(const Resource& resource,
                                               const json::Value& parameters);

}  // namespace orderflow::asl
