#pragma once

#include <string>

#include "absl/status/status.h"

namespace orderflow::database {

// Makes sure that the file is there, with the directories above it, readable by this user only, and
// that their names survive a power failure. UNAVAILABLE: cannot be created; the message says why.
absl::Status CreateDatabaseFile(const std::string& path);

}  // namespace orderflow::database
