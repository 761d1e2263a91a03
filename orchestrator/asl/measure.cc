#include "orchestrator/asl/measure.h"

#include <algorithm>
#include <string_view>

namespace orderflow::asl {
namespace {

// The length of a text as a JSON string literal, with its quotes: control characters, quotes and
// backslashes are escaped.
size_t QuotedSize(std::string_view text) {
  size_t size = text.size() + 2;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f') {
      size += 1;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      size += 5;
    }
  }
  return size;
}

Measured Add(const json::Value& value, size_t max_bytes, int depth, Extent& extent) {
  extent.depth = std::max(extent.depth, depth);
  if (value.IsString()) {
    extent.bytes += QuotedSize(value.AsString());
  } else if (value.IsArray()) {
    if (depth >= kMaxValueDepth) return Measured::kTooDeep;
    extent.bytes += 1 + std::max<size_t>(value.size(), 1);
    for (const json::Value& item : value.AsArray()) {
      if (const Measured part = Add(item, max_bytes, depth + 1, extent); part != Measured::kFits)
        return part;
    }
  } else if (value.IsObject()) {
    if (depth >= kMaxValueDepth) return Measured::kTooDeep;
    extent.bytes += 1 + std::max<size_t>(value.size(), 1);
    for (const json::Member& member : value.AsMembers()) {
      extent.bytes += QuotedSize(member.key) + 1;
      if (const Measured part = Add(member.value, max_bytes, depth + 1, extent);
          part != Measured::kFits)
        return part;
    }
  } else {
    extent.bytes += json::SerializedSize(value);
  }
  return extent.bytes <= max_bytes ? Measured::kFits : Measured::kTooLarge;
}

}  // namespace

Measured Measure(const json::Value& value, size_t max_bytes, Extent& extent) {
  extent = Extent{};
  return Add(value, max_bytes, 0, extent);
}

}  // namespace orderflow::asl
