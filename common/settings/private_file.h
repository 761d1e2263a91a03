#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace orderflow::settings {

// The content of a file that holds secrets: one that nobody but its owner may read or write, or its
// group read (FAILED_PRECONDITION otherwise), of at most 1 MiB. INVALID_ARGUMENT: it cannot be
// read, or is larger. The messages name the file.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

}  // namespace orderflow::settings
