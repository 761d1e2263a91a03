#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/container/inlined_vector.h"
#include "common/base/check.h"
#include "common/json/value.h"

namespace orderflow::json {
namespace {

// An array or object that is being written, and the child that comes next.
struct Frame {
  const Value* container;
  size_t next = 0;
};
using Stack = absl::InlinedVector<Frame, 16>;

const Value& Child(const Value& container, size_t index) {
  return container.IsArray() ? container.AsArray()[index] : container.AsMembers()[index].value;
}

// Inside a string only these need an escape: the quote, the backslash and what is below the blank.
constexpr std::array<uint8_t, 256> MakeEscapeLengths() {
  std::array<uint8_t, 256> lengths{};
  for (int c = 0; c < 256; ++c) lengths[c] = c < 0x20 ? 6 : 1;
  for (char c : {'"', '\\', '\b', '\f', '\n', '\r', '\t'}) lengths[static_cast<uint8_t>(c)] = 2;
  return lengths;
}
constexpr std::array<uint8_t, 256> kEscapeLengths = MakeEscapeLengths();

void AppendEscaped(char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '\\';
  switch (c) {
    case '"':
    case '\\':
      out += c;
      return;
    case '\b':
      out += 'b';
      return;
    case '\f':
      out += 'f';
      return;
    case '\n':
      out += 'n';
      return;
    case '\r':
      out += 'r';
      return;
    case '\t':
      out += 't';
      return;
    default:
      out += "u00";
      out += kHex[static_cast<uint8_t>(c) >> 4];
      out += kHex[static_cast<uint8_t>(c) & 15];
  }
}

size_t QuotedSize(std::string_view text) {
  size_t size = 2;
  for (char c : text) size += kEscapeLengths[static_cast<uint8_t>(c)];
  return size;
}

// Room for any int64 and for any double in either notation.
using NumberBuffer = std::array<char, 64>;

std::string_view FormatInt(int64_t value, NumberBuffer& buffer) {
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  ORDERFLOW_CHECK(error == std::errc());
  return {buffer.data(), static_cast<size_t>(end - buffer.data())};
}

std::string_view FormatDouble(double value, NumberBuffer& buffer) {
  ORDERFLOW_CHECK(std::isfinite(value));
  const double magnitude = std::fabs(value);
  const bool plain = magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21);
  auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size() - 2, value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  ORDERFLOW_CHECK(error == std::errc());
  if (plain && std::find(buffer.data(), end, '.') == end) {
    *end++ = '.';
    *end++ = '0';
  }
  return {buffer.data(), static_cast<size_t>(end - buffer.data())};
}

void AppendScalar(const Value& value, std::string& out) {
  NumberBuffer buffer;
  switch (value.kind()) {
    case Kind::kNull:
      out += "null";
      return;
    case Kind::kBool:
      out += value.AsBool() ? "true" : "false";
      return;
    case Kind::kInt:
      out += FormatInt(value.AsInt(), buffer);
      return;
    case Kind::kDouble:
      out += FormatDouble(value.AsDouble(), buffer);
      return;
    case Kind::kString:
      AppendQuoted(value.AsString(), out);
      return;
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  ORDERFLOW_CHECK(false);
}

size_t ScalarSize(const Value& value) {
  NumberBuffer buffer;
  switch (value.kind()) {
    case Kind::kNull:
      return 4;
    case Kind::kBool:
      return value.AsBool() ? 4 : 5;
    case Kind::kInt:
      return FormatInt(value.AsInt(), buffer).size();
    case Kind::kDouble:
      return FormatDouble(value.AsDouble(), buffer).size();
    case Kind::kString:
      return QuotedSize(value.AsString());
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  ORDERFLOW_CHECK(false);
  return 0;
}

// Writes a value depth first, without recursion. An indent of 0 means compact.
class Writer {
 public:
  Writer(std::string& out, size_t indent) : out_(out), indent_(indent) {}

  void Write(const Value& value) {
    Open(value);
    while (!stack_.empty()) {
      Frame& frame = stack_.back();
      const Value& container = *frame.container;
      if (frame.next == container.size()) {
        stack_.pop_back();
        NewLine();
        out_ += container.IsArray() ? ']' : '}';
        continue;
      }
      if (frame.next > 0) out_ += ',';
      NewLine();
      if (container.IsObject()) WriteKey(container.AsMembers()[frame.next].key);
      Open(Child(container, frame.next++));
    }
  }

 private:
  // Writes a scalar or an empty container, begins any other.
  void Open(const Value& value) {
    if (!value.IsArray() && !value.IsObject()) return AppendScalar(value, out_);
    if (value.size() == 0) {
      out_ += value.IsArray() ? "[]" : "{}";
      return;
    }
    out_ += value.IsArray() ? '[' : '{';
    stack_.push_back({&value});
  }

  void WriteKey(std::string_view key) {
    AppendQuoted(key, out_);
    out_ += indent_ == 0 ? ":" : ": ";
  }

  void NewLine() {
    if (indent_ == 0) return;
    out_ += '\n';
    out_.append(stack_.size() * indent_, ' ');
  }

  std::string& out_;
  const size_t indent_;
  Stack stack_;
};

// One value may share another many times over at each of its levels.
size_t SumOf(size_t a, size_t b) {
  constexpr size_t kMost = std::numeric_limits<size_t>::max();
  return a > kMost - b ? kMost : a + b;
}

// The braces and commas of a container, and the names of an object with their colons.
size_t SizeWithoutChildren(const Value& container) {
  size_t size = container.size() == 0 ? 2 : container.size() + 1;
  if (container.IsObject()) {
    for (const Member& member : container.AsMembers()) size += QuotedSize(member.key) + 1;
  }
  return size;
}

}  // namespace

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kEscapeLengths[static_cast<uint8_t>(text[i])] == 1) [[likely]]
      continue;
    out.append(text, begin, i - begin);
    AppendEscaped(text[i], out);
    begin = i + 1;
  }
  out.append(text, begin);
  out += '"';
}

void AppendDouble(double value, std::string& out) {
  NumberBuffer buffer;
  out += FormatDouble(value, buffer);
}

void AppendSerialized(const Value& value, std::string& out) { Writer(out, 0).Write(value); }

std::string Serialize(const Value& value) {
  std::string out;
  AppendSerialized(value, out);
  return out;
}

std::string SerializePretty(const Value& value) {
  std::string out;
  Writer(out, 2).Write(value);
  return out;
}

size_t SerializedSize(const Value& value) {
  if (const size_t known = value.KnownSerializedSize()) return known;
  if (!value.IsArray() && !value.IsObject()) {
    const size_t size = ScalarSize(value);
    value.RememberSerializedSize(size);
    return size;
  }
  struct Sum {
    const Value* container;
    size_t next;
    size_t size;
  };
  absl::InlinedVector<Sum, 16> stack = {{&value, 0, SizeWithoutChildren(value)}};
  while (true) {
    Sum& sum = stack.back();
    if (sum.next == sum.container->size()) {
      const size_t size = sum.size;
      sum.container->RememberSerializedSize(size);
      stack.pop_back();
      if (stack.empty()) return size;
      stack.back().size = SumOf(stack.back().size, size);
      continue;
    }
    const Value& child = Child(*sum.container, sum.next++);
    const size_t known = child.KnownSerializedSize();
    if (known == 0 && (child.IsArray() || child.IsObject())) {
      stack.push_back({&child, 0, SizeWithoutChildren(child)});
    } else {
      sum.size = SumOf(sum.size, known > 0 ? known : SerializedSize(child));
    }
  }
}

}  // namespace orderflow::json
