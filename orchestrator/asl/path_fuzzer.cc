// A path, a line break, and a JSON document to walk. What parses must evaluate within its bounds,
// and parse again from its own text.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/json/value.h"
#include "orchestrator/asl/path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace orderflow;
  using asl::Path;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  std::string problem;
  const std::optional<Path> path = Path::Parse(text.substr(0, line), problem);
  if (path.has_value() == !problem.empty()) std::abort();
  if (!path.has_value()) return 0;
  if (!Path::Parse(path->text(), problem).has_value()) std::abort();
  const json::ParseResult parsed = json::Parse(line < text.size() ? text.substr(line + 1) : "{}");
  const json::Value document =
      parsed.value.value_or(json::Value::Object({{"a", json::Value::List({1, 2})}}));
  const Path::Result found = path->Evaluate(document);
  if (path->is_definite() && !found.value.has_value() && path->DescribeMiss(document).empty())
    std::abort();
  if (!path->is_definite() && !found.too_expensive && !found.value->IsArray()) std::abort();
  if (path->is_reference()) {
    const std::optional<json::Value> put = path->Put(document, json::Value("put"));
    if (put.has_value() && !(*path->Find(*put) == json::Value("put"))) std::abort();
  }
  return 0;
}
