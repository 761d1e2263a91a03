#include "orchestrator/asl/describe.h"

#include "orchestrator/asl/measure.h"

namespace orderflow::asl {

std::string DescribeInput(const json::Value& value) {
  constexpr size_t kMaxShown = 16 * 1024;
  if (Fits(value, kMaxShown)) return json::Serialize(value);
  return "(more than " + std::to_string(kMaxShown) + " bytes)";
}

}  // namespace orderflow::asl
