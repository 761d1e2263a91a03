#pragma once

#include <string>

namespace orderflow::api {

// A random UUID (version 4), such as "3f1c...": names that nobody chose. Thread-safe.
std::string NewUuid();

// 256 bits that nobody can guess, as 64 hexadecimal digits. Thread-safe.
std::string NewSecret();

}  // namespace orderflow::api
