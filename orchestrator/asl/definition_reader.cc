#include "orchestrator/asl/definition_reader.h"

#include <algorithm>
#include <utility>

#include "orchestrator/asl/describe.h"

namespace orderflow::asl {
namespace {

using json::Value;

std::string Shown(const Value& value) {
  std::string text = DescribeInput(value);
  constexpr size_t kMaxShown = 80;
  if (text.size() <= kMaxShown) return text;
  size_t end = kMaxShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;  // keep characters whole
  return text.substr(0, end) + "...";
}

std::string ButWas(const Value& value) { return "but was " + Shown(value); }

std::string Listed(std::initializer_list<std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "[" : ", ").append(name);
  return list + "]";
}

// Of a limit; all of them are whole numbers.
std::string NumberText(double number) { return std::to_string(static_cast<int64_t>(number)); }

}  // namespace

std::string ChildLocation(std::string_view parent, std::string_view name) {
  std::string location(parent == "/" ? "" : parent);
  return location.append("/").append(name);
}

std::string ChildLocation(std::string_view parent, size_t index) {
  return std::string(parent).append("[").append(std::to_string(index)).append("]");
}

void Diagnostics::Error(std::string_view code, std::string location, std::string message,
                        std::string hint) {
  has_errors_ = true;
  Add(Diagnostic::Severity::kError, code, std::move(location), std::move(message), std::move(hint));
}

void Diagnostics::Warning(std::string_view code, std::string location, std::string message,
                          std::string hint) {
  Add(Diagnostic::Severity::kWarning, code, std::move(location), std::move(message),
      std::move(hint));
}

void Diagnostics::Add(Diagnostic::Severity severity, std::string_view code, std::string location,
                      std::string message, std::string hint) {
  if (found_.size() == kMaxDiagnostics) return;
  found_.push_back(Diagnostic{.severity = severity,
                              .code = std::string(code),
                              .location = std::move(location),
                              .message = std::move(message),
                              .hint = std::move(hint)});
}

bool Diagnostics::HasErrorAt(std::string_view location) const {
  for (const Diagnostic& diagnostic : found_) {
    if (diagnostic.location == location) return true;
  }
  return false;
}

const Value* ObjectReader::Take(std::string_view name) {
  known_.emplace_back(name);
  return object_.Find(name);
}

std::optional<std::string> ObjectReader::TakeText(std::string_view name) {
  const Value* value = Take(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsString()) return value->AsString();
  ErrorAt(name, "Expected value of type [STRING]", ButWas(*value));
  return std::nullopt;
}

std::optional<std::string> ObjectReader::TakeName(std::string_view name) {
  std::optional<std::string> text = TakeText(name);
  if (!text.has_value() || !text->empty()) return text;
  ErrorAt(name, "Value cannot be empty");
  return std::nullopt;
}

std::optional<std::string> ObjectReader::TakeOneOf(std::string_view name,
                                                   std::initializer_list<std::string_view> values) {
  std::optional<std::string> text = TakeText(name);
  if (!text.has_value() || std::find(values.begin(), values.end(), *text) != values.end())
    return text;
  ErrorAt(name, "Value should be one of the following: " + Listed(values),
          "but was '" + *text + "'");
  return std::nullopt;
}

std::optional<bool> ObjectReader::TakeBool(std::string_view name) {
  const Value* value = Take(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsBool()) return value->AsBool();
  ErrorAt(name, "Expected value of type [BOOLEAN]", ButWas(*value));
  return std::nullopt;
}

std::optional<int64_t> ObjectReader::TakeInteger(std::string_view name, int64_t min, int64_t max) {
  const Value* value = Take(name);
  if (value == nullptr) return std::nullopt;
  if (!value->IsInt()) {
    ErrorAt(name, "Expected value of type Integer", ButWas(*value));
  } else if (value->AsInt() < min) {
    ErrorAt(name, "Minimum value is " + std::to_string(min), ButWas(*value));
  } else if (value->AsInt() > max) {
    ErrorAt(name, "Maximum value is " + std::to_string(max), ButWas(*value));
  } else {
    return value->AsInt();
  }
  return std::nullopt;
}

std::optional<double> ObjectReader::TakeNumber(std::string_view name, double min, double max) {
  const Value* value = Take(name);
  if (value == nullptr) return std::nullopt;
  if (!value->IsNumber()) {
    ErrorAt(name, "Expected value of type Number", ButWas(*value));
  } else if (value->AsDouble() < min) {
    ErrorAt(name, "Minimum value is " + NumberText(min), ButWas(*value));
  } else if (value->AsDouble() > max) {
    ErrorAt(name, "Maximum value is " + NumberText(max), ButWas(*value));
  } else {
    return value->AsDouble();
  }
  return std::nullopt;
}

const json::Array* ObjectReader::TakeList(std::string_view name, bool allow_empty) {
  const Value* value = Take(name);
  if (value == nullptr) return nullptr;
  if (!value->IsArray()) {
    ErrorAt(name, "Expected value of type [ARRAY]", ButWas(*value));
    return nullptr;
  }
  if (value->size() == 0 && !allow_empty) ErrorAt(name, "Value cannot be empty");
  return &value->AsArray();
}

const Value* ObjectReader::TakeObject(std::string_view name) {
  const Value* value = Take(name);
  if (value == nullptr || value->IsObject()) return value;
  ErrorAt(name, "Expected value of type [OBJECT]", ButWas(*value));
  return nullptr;
}

void ObjectReader::Require(std::initializer_list<std::string_view> names) {
  std::string missing;
  for (std::string_view name : names) {
    if (Has(name)) continue;
    if (!missing.empty()) missing += ", ";
    missing += name;
  }
  if (!missing.empty()) Error("These fields are required: [" + missing + "]");
}

bool ObjectReader::CheckChoiceOf(std::initializer_list<std::string_view> names, bool needed) {
  const auto count = std::count_if(names.begin(), names.end(),
                                   [this](std::string_view name) { return Take(name) != nullptr; });
  if (count == 0 && needed)
    Error("This object should have only one of the following fields: " + Listed(names));
  else if (count > 1)
    Error("There should only be one of the following fields: " + Listed(names));
  return count == 1 || (count == 0 && !needed);
}

void ObjectReader::ReportUnknown() {
  for (const json::Member& member : object_.AsMembers()) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    std::string expected;
    for (const std::string& name : known_)
      expected.append(expected.empty() ? "" : ", ").append(name);
    Error("Field '" + member.key + "' is not supported", "expected one of: " + expected);
  }
}

void ObjectReader::Error(std::string message, std::string hint) {
  diagnostics_.Error(kSchemaValidationFailed, location_, std::move(message), std::move(hint));
}

void ObjectReader::ErrorAt(std::string_view name, std::string message, std::string hint) {
  diagnostics_.Error(kSchemaValidationFailed, LocationOf(name), std::move(message),
                     std::move(hint));
}

}  // namespace orderflow::asl
