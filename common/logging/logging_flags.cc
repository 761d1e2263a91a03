#include "common/logging/logging_flags.h"

#include <string>

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, log_level, "info",
          "The least important log lines to write: debug, info, warning, error or off.");

namespace orderflow::logging {

absl::StatusOr<Level> LevelFromFlags() { return ParseLevel(absl::GetFlag(FLAGS_log_level)); }

}  // namespace orderflow::logging
