#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/json/value.h"
#include "orchestrator/asl/resource.h"

namespace orderflow::asl {

// What is wrong with `result` as an answer of the service that a Task calls, in the words of the
// service's own check of mocked results; nothing where it fits, or where this engine does not know
// what the service answers (service_results.cc lists those that it knows). Members that a service
// does not have may be there. `with_required`: members that it always answers must be.
std::optional<std::string> CheckServiceResult(const Resource& resource, const json::Value& result,
                                              bool with_required);

// The same for a schema, written as in service_results.cc. For tests.
std::optional<std::string> CheckAgainstSchema(std::string_view schema, const json::Value& result,
                                              bool with_required);

// What a service answers, by "lambda:invoke" or "aws-sdk:lambda:invoke", or the schema of a name
// that schemas use. Empty where it is not known.
std::string_view FindServiceResult(std::string_view name);

}  // namespace orderflow::asl
