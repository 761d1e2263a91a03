#include "common/base/quote.h"

namespace orderflow {
namespace {

void AppendEscaped(char c, char quote, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == quote || c == '\\') {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (byte < 0x20 || byte > 0x7e) {
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  } else {
    out += c;
  }
}

}  // namespace

std::string Quote(std::string_view value, size_t max_bytes) {
  std::string out = "\"";
  for (const char c : value.substr(0, max_bytes)) AppendEscaped(c, '"', out);
  out += '"';
  if (value.size() > max_bytes) out += "...";
  return out;
}

std::string QuoteChar(char c) {
  std::string out = "'";
  AppendEscaped(c, '\'', out);
  out += '\'';
  return out;
}

}  // namespace orderflow
