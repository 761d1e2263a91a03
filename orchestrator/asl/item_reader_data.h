#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/json/value.h"

namespace orderflow::asl {

struct ReadItemsResult {
  json::Value items;                         // an array
  std::optional<json::Value> after_pointer;  // what an ItemsPointer leads to, where there is one
};

// The items that the ItemReader of a Map would make of a file's content: JSON (an array, an object,
// or what ItemsPointer leads to), JSONL or CSV. `reader` is the field as a definition has it. What
// is wrong with either, if there are none.
std::variant<ReadItemsResult, std::string> ReadItemsOf(const json::Value& reader,
                                                       std::string_view data);

}  // namespace orderflow::asl
