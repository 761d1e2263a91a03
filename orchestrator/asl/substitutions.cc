#include "orchestrator/asl/substitutions.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"

namespace orderflow::asl {
namespace {

using json::Value;

bool IsName(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        std::string_view("_-.:").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

class Substitution {
 public:
  Substitution(const ParseOptions& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics) {}

  // What comes out is the very same node where there was nothing to replace. Recursion is as deep
  // as the JSON text.
  Value Apply(const Value& value, const std::string& location) {
    if (value.IsString()) return ApplyToText(value, location);
    if (value.IsArray()) {
      json::Array items;
      items.reserve(value.size());
      for (const Value& item : value.AsArray())
        items.push_back(Apply(item, ChildLocation(location, items.size())));
      return Value::FromArray(std::move(items));
    }
    if (!value.IsObject()) return value;
    json::Members members;
    members.reserve(value.size());
    for (const json::Member& member : value.AsMembers()) {
      members.push_back({member.key, Apply(member.value, ChildLocation(location, member.key))});
    }
    return Value::FromMembers(std::move(members));
  }

 private:
  Value ApplyToText(const Value& value, const std::string& location) {
    const std::string_view text = value.AsString();
    if (text.find("${") == std::string_view::npos) return value;
    std::string out;
    size_t at = 0;
    while (at < text.size()) {
      const size_t begin = text.find("${", at);
      const size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
      if (end == std::string_view::npos) break;
      const std::string_view name = text.substr(begin + 2, end - begin - 2);
      out += text.substr(at, begin - at);
      if (!IsName(name)) {
        out += "${";
        at = begin + 2;
        continue;
      }
      out += Lookup(name, location);
      at = end + 1;
    }
    out += text.substr(at);
    return Value(std::move(out));
  }

  std::string Lookup(std::string_view name, const std::string& location) {
    if (std::optional<std::string> value = options_.substitute(name)) return *std::move(value);
    diagnostics_.Error(kSchemaValidationFailed, location,
                       "There is no substitution for '${" + std::string(name) + "}'",
                       "give it a value among the definition substitutions");
    return std::string(name);
  }

  const ParseOptions& options_;
  Diagnostics& diagnostics_;
};

}  // namespace

Value Substitute(const Value& definition, const ParseOptions& options, Diagnostics& diagnostics) {
  if (!options.substitute) return definition;
  return Substitution(options, diagnostics).Apply(definition, "/");
}

}  // namespace orderflow::asl
