#pragma once

#include <algorithm>
#include <string_view>

namespace orderflow::asl {

// Negative, 0 or positive: how two UTF-8 texts sort by their UTF-16 units, as the service sorts
// them. That differs from their bytes where one has a character beyond U+FFFF (lead bytes from F0)
// and the other one from U+E000 to U+FFFF (lead bytes EE and EF): surrogates come first.
inline int CompareTexts(std::string_view a, std::string_view b) {
  const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (at == a.end() || other == b.end()) {
    return static_cast<int>(at != a.end()) - static_cast<int>(other != b.end());
  }
  const auto rank = [](char c) {
    const int byte = static_cast<unsigned char>(c);
    return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
  };
  return rank(*at) - rank(*other);
}

}  // namespace orderflow::asl
