#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orderflow {

// A caller's value as an error message shows it: in double quotes, control characters, quotes and
// what is not ASCII escaped (`\n`, `\"`, `\xc3`), and cut after `max_bytes` of the value with "..."
// behind the closing quote. What comes out is always one line of ASCII, so it can stand in a log, a
// header or a terminal.
std::string Quote(std::string_view value, size_t max_bytes = 64);

// One character in the same form, for messages that point at it: `'/'`, `'\n'`, `'\xc3'`.
std::string QuoteChar(char c);

}  // namespace orderflow
