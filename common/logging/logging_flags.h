#pragma once

// The setting that says what is logged, declared once. Linking it registers the flag.

#include "absl/status/statusor.h"
#include "common/logging/logging.h"

namespace orderflow::logging {

// INVALID_ARGUMENT: --log_level.
absl::StatusOr<Level> LevelFromFlags();

}  // namespace orderflow::logging
