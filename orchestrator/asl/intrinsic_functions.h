#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/asl/random.h"

namespace orderflow::asl {

// An argument of a call: its value and, of a text written in the definition, the text with its
// escapes, because States.Format tells `{}` from `\{\}`.
struct IntrinsicArgument {
  json::Value value;
  std::string_view raw = {};
  bool is_literal_text = false;
  bool is_parsed_json = false;  // by States.StringToJson: States.Format prints it as JSON
};

// One function of the language's table.
struct IntrinsicFunction {
  std::string_view name;  // "States.Format"
  int min_arguments;
  int max_arguments;  // -1: any number
  // Needs as many arguments as it takes. A failure without a cause means that they are invalid; the
  // caller words that, and says which call it was.
  Evaluated<json::Value> (*apply)(const std::vector<IntrinsicArgument>& arguments, Random& random);
};

// nullptr where there is no such function.
const IntrinsicFunction* FindIntrinsicFunction(std::string_view name);
// "States.Array, States.ArrayContains, ...", for messages.
std::string IntrinsicFunctionNames();

}  // namespace orderflow::asl
