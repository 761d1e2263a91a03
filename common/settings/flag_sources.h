#pragma once

// The registry of flags as settings.cc sees it. Private to common/settings.

#include <map>
#include <string>
#include <string_view>

#include "absl/flags/commandlineflag.h"

namespace orderflow::settings {

// All flags that this project declares, by name; none of a library's.
std::map<std::string, absl::CommandLineFlag*> OurFlags();

bool IsSecret(std::string_view flag);

}  // namespace orderflow::settings
