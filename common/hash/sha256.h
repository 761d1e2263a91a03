#pragma once

#include <string>
#include <string_view>

namespace orderflow {

// SHA-256 (FIPS 180-4) of some bytes: 32 bytes, and the same as 64 lower-case hexadecimal digits.
// Where several texts are hashed together, put each behind its length, so that no two lists of
// texts give the same bytes.
std::string Sha256(std::string_view bytes);
std::string Sha256Hex(std::string_view bytes);

}  // namespace orderflow
