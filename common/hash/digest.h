#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace orderflow {

// The digest of some bytes by the algorithm of this name, as lower-case hexadecimal digits: "MD5",
// "SHA-1", "SHA-256", "SHA-384" or "SHA-512". Nothing for any other name. MD5 and SHA-1 are for
// fingerprints that others ask for, not for protection.
std::optional<std::string> DigestHex(std::string_view algorithm, std::string_view bytes);

}  // namespace orderflow
