#include <cstdint>
#include <cstring>

#include "common/json/value.h"

namespace orderflow::json {
namespace {

// Whether `c` continues a character: 10xxxxxx.
bool Continues(unsigned char c) { return (c & 0xc0) == 0x80; }

// The length of the character at `p`, which is not ASCII, or 0 where it is none: the table of
// well-formed byte sequences in the Unicode standard, section 3.9.
size_t CharacterLength(const unsigned char* p, size_t left) {
  const unsigned char first = p[0];
  if (first >= 0xc2 && first <= 0xdf) return left >= 2 && Continues(p[1]) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (left < 3 || !Continues(p[1]) || !Continues(p[2])) return 0;
    if (first == 0xe0 && p[1] < 0xa0) return 0;   // could be shorter
    if (first == 0xed && p[1] >= 0xa0) return 0;  // half of a surrogate pair
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (left < 4 || !Continues(p[1]) || !Continues(p[2]) || !Continues(p[3])) return 0;
    if (first == 0xf0 && p[1] < 0x90) return 0;   // could be shorter
    if (first == 0xf4 && p[1] >= 0x90) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p < end) {
    // Eight ASCII characters at a time, as most texts are nothing else.
    uint64_t chunk;
    if (end - p >= 8 && (std::memcpy(&chunk, p, 8), (chunk & 0x8080808080808080) == 0)) {
      p += 8;
    } else if (*p < 0x80) {
      ++p;
    } else if (const size_t length = CharacterLength(p, static_cast<size_t>(end - p))) {
      p += length;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace orderflow::json
