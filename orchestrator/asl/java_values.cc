#include "orchestrator/asl/java_values.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/base/check.h"

namespace orderflow::asl {
namespace {

using json::Value;

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// --- Hash codes: those of Integer, Long, Double, Boolean, String, ArrayList and LinkedHashMap. ---

uint32_t Fold(uint64_t bits) { return static_cast<uint32_t>(bits ^ (bits >> 32)); }

uint32_t HashOfInt(int64_t value) {
  const bool is_int =
      value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
  return is_int ? static_cast<uint32_t>(value) : Fold(static_cast<uint64_t>(value));
}

uint32_t HashOfDouble(double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return Fold(bits);
}

uint32_t HashOfText(const std::string& text) {
  uint32_t hash = 0;
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    uint32_t code = lead < 0x80   ? lead
                    : lead < 0xe0 ? lead & 0x1f
                    : lead < 0xf0 ? lead & 0xf
                                  : lead & 7;
    for (++at; at < text.size() && Continues(text[at]); ++at)
      code = code << 6 | (static_cast<unsigned char>(text[at]) & 0x3f);
    if (code < 0x10000) {
      hash = hash * 31 + code;
    } else {
      hash = hash * 31 + (0xd800 + ((code - 0x10000) >> 10));
      hash = hash * 31 + (0xdc00 + ((code - 0x10000) & 0x3ff));
    }
  }
  return hash;
}

// The depth of recursion is that of an execution's data, which is limited.
uint32_t HashOf(const Value& value) {
  uint32_t hash = 0;
  switch (value.kind()) {
    case json::Kind::kNull:
      break;
    case json::Kind::kBool:
      hash = value.AsBool() ? 1231 : 1237;
      break;
    case json::Kind::kInt:
      hash = HashOfInt(value.AsInt());
      break;
    case json::Kind::kDouble:
      hash = HashOfDouble(value.AsDouble());
      break;
    case json::Kind::kString:
      hash = HashOfText(value.AsString());
      break;
    case json::Kind::kArray:
      hash = 1;
      for (const Value& item : value.AsArray()) hash = hash * 31 + HashOf(item);
      break;
    case json::Kind::kObject:
      for (const json::Member& member : value.AsMembers())
        hash += HashOfText(member.key) ^ HashOf(member.value);
      break;
  }
  return hash;
}

// A text that two values have in common if and only if they are equal.
void AppendIdentity(const Value& value, std::string& out) {
  if (value.IsArray()) {
    out += '[';
    for (const Value& item : value.AsArray()) {
      AppendIdentity(item, out);
      out += ',';
    }
    out += ']';
  } else if (value.IsObject()) {
    std::vector<const json::Member*> members;
    for (const json::Member& member : value.AsMembers()) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const json::Member* a, const json::Member* b) { return a->key < b->key; });
    out += '{';
    for (const json::Member* member : members) {
      json::AppendQuoted(member->key, out);
      out += ':';
      AppendIdentity(member->value, out);
      out += ',';
    }
    out += '}';
  } else {
    json::AppendSerialized(value, out);
  }
}

// --- Base64 ---

// The six bits of a character of either alphabet.
std::optional<uint32_t> SixBits(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<uint32_t>(c - 'a') + 26;
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0') + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return std::nullopt;
}

// How many of the first bytes belong to one character or to one mistake, as Unicode recommends to
// tell mistakes apart: the longest beginning of a well-formed character is one.
std::pair<size_t, bool> NextCharacter(std::string_view bytes) {
  size_t most = 1;
  for (size_t size = 1; size <= std::min<size_t>(bytes.size(), 4); ++size) {
    if (json::IsUtf8(bytes.substr(0, size))) return {size, true};
    // Whether some character begins like that: then it goes on with one or two of these.
    const std::string begin(bytes.substr(0, size));
    for (const char* rest :
         {"\x80", "\x80\x80", "\x80\x80\x80", "\xbf", "\xbf\x80", "\xbf\x80\x80"})
      if (json::IsUtf8(begin + rest)) most = size;
  }
  return {most, false};
}

}  // namespace

json::Array InHashSetOrder(const json::Array& items) {
  absl::flat_hash_set<std::string> seen;
  std::vector<std::pair<uint32_t, const Value*>> unique;
  for (const Value& item : items) {
    std::string identity;
    AppendIdentity(item, identity);
    if (!seen.insert(std::move(identity)).second) continue;
    const uint32_t hash = HashOf(item);
    unique.emplace_back(hash ^ (hash >> 16), &item);
  }
  // The table starts with 16 buckets and doubles when it is more than three quarters full.
  size_t buckets = 16;
  while (unique.size() > buckets / 4 * 3) buckets *= 2;
  std::stable_sort(unique.begin(), unique.end(), [buckets](const auto& a, const auto& b) {
    return (a.first & (buckets - 1)) < (b.first & (buckets - 1));
  });
  json::Array ordered;
  ordered.reserve(unique.size());
  for (const auto& [hash, item] : unique) ordered.push_back(*item);
  return ordered;
}

int32_t JavaRandomBelow(int32_t bound, int64_t seed) {
  ORDERFLOW_CHECK(bound > 0);
  constexpr uint64_t kMultiplier = 0x5deece66d, kMask = (uint64_t{1} << 48) - 1;
  uint64_t state = (static_cast<uint64_t>(seed) ^ kMultiplier) & kMask;
  const auto next = [&state] {  // 31 bits
    state = (state * kMultiplier + 0xb) & kMask;
    return static_cast<int64_t>(state >> 17);
  };
  if ((bound & (bound - 1)) == 0) return static_cast<int32_t>((bound * next()) >> 31);
  while (true) {
    const int64_t bits = next();
    const int64_t value = bits % bound;
    // The last, incomplete stretch below 2^31 would prefer small numbers.
    if (bits - value + (bound - 1) < (int64_t{1} << 31)) return static_cast<int32_t>(value);
  }
}

size_t JavaLength(std::string_view text) {
  size_t units = 0;
  for (const char c : text)
    units += Continues(c) ? 0 : static_cast<unsigned char>(c) >= 0xf0 ? 2 : 1;
  return units;
}

std::string DecodeBase64Text(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const std::optional<uint32_t> six = SixBits(c);
    if (!six.has_value()) continue;
    bits = bits << 6 | *six;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  if (json::IsUtf8(bytes)) return bytes;
  std::string decoded;
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto [size, is_character] = NextCharacter(rest);
    decoded += is_character ? rest.substr(0, size) : "\xef\xbf\xbd";
    rest.remove_prefix(size);
  }
  return decoded;
}

}  // namespace orderflow::asl
