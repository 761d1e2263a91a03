#pragma once

#include <string>
#include <string_view>

#include "common/json/value.h"

namespace orderflow::asl {

// What is wrong with a text that is no JSON.
struct JsonProblem {
  std::string message;
  int line = 1;
  int column = 1;  // in characters, from 1; behind what is wrong
};

// Words a mistake as the service does, which reads JSON with Jackson: people look for these words,
// and alarms match them. `error` is what our own parser said of `text`; its message stands where
// Jackson would have none (it does not mind what our limits do).
JsonProblem DescribeProblem(std::string_view text, const json::ParseError& error);

// The same on two lines, as a newer Jackson words it: without the text, and with the place of a
// character that is wrong instead of the one behind it.
std::string DescribeWithoutSource(std::string_view text, const json::ParseError& error);

// Jackson's words for a place: [Source: (String)"TEXT"; line: 1, column: 4], the text cut after 500
// bytes.
std::string PlaceInSource(std::string_view text, int line, int column);

}  // namespace orderflow::asl
