#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace orderflow::cli {

// All of a file. NOT_FOUND names it.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace orderflow::cli
