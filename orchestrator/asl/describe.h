#pragma once

#include <string>

#include "common/json/value.h"

namespace orderflow::asl {

// A value's JSON text for a message, cut where it is long: causes are limited to 32,768 characters,
// and a message is for people.
std::string DescribeInput(const json::Value& value);

}  // namespace orderflow::asl
