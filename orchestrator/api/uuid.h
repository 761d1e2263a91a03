#pragma once

#include <string>

namespace orderflow::api {

// A random UUID (version 4), such as "3f1c...": names that nobody chose. Thread-safe.
std::string NewUuid();

}  // namespace orderflow::api
