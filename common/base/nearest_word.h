#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderflow {

// The candidate that `typed` was probably meant to be, or nothing where none is near.
std::optional<std::string> NearestWord(std::string_view typed,
                                       const std::vector<std::string>& candidates);

}  // namespace orderflow
