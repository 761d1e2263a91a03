#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "orchestrator/engine/engine.h"

namespace orderflow::workflow::v1 {
class LoggingConfiguration;
}

namespace orderflow::api {

// What a caller may ask for. InvalidLoggingConfiguration: a level other than OFF without a
// destination, or more than one destination. ValidationException: an unknown level, a log group's
// ARN too long.
absl::Status CheckLogging(const workflow::v1::LoggingConfiguration& configuration);

// A LoggingConfiguration as the store keeps it: JSON with the member names of AWS, empty for the
// default (OFF). Equal configurations give equal texts.
absl::StatusOr<std::string> EncodeLogging(const workflow::v1::LoggingConfiguration& configuration);

// The same as a message, defaults filled in. A text that is none of ours gives the default.
void DecodeLogging(std::string_view text, workflow::v1::LoggingConfiguration& configuration);

// What the engine does by it.
void ApplyLogging(std::string_view text, engine::Machine& machine);

}  // namespace orderflow::api
