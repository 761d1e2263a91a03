#include "orchestrator/asl/language_fields.h"

#include <initializer_list>
#include <optional>
#include <vector>

namespace orderflow::asl {
namespace {

using json::Value;
using Names = std::initializer_list<std::string_view>;

constexpr std::string_view kJsonPath = "JSONPath";
constexpr std::string_view kJsonata = "JSONata";

// No type of state but these has them, so that any other state is told of an unknown field.
std::vector<std::string_view> JsonataFields(StateType type) {
  if (type == StateType::kFail) return {};
  std::vector<std::string_view> names = {"Output"};
  if (type == StateType::kTask || type == StateType::kParallel) names.push_back("Arguments");
  if (type == StateType::kMap) names.push_back("Items");
  return names;
}

constexpr std::string_view kJsonPathFields[] = {"InputPath",
                                                "OutputPath",
                                                "ResultPath",
                                                "Parameters",
                                                "ResultSelector",
                                                "Result",
                                                "ItemsPath",
                                                "TimeoutSecondsPath",
                                                "HeartbeatSecondsPath",
                                                "SecondsPath",
                                                "TimestampPath",
                                                "MaxConcurrencyPath",
                                                "ToleratedFailurePercentagePath",
                                                "ToleratedFailureCountPath",
                                                "ErrorPath",
                                                "CausePath"};

// Reports those of the names that the object has.
template <typename List>
void Report(const List& names, std::string_view language, ObjectReader& object) {
  for (const std::string_view name : names) {
    if (!object.Has(name)) continue;
    object.Take(name);
    object.Error("The QueryLanguage is set to '" + std::string(language) + "', but field '" +
                 std::string(name) + "' is only supported for the '" +
                 std::string(language == kJsonPath ? kJsonata : kJsonPath) + "' QueryLanguage");
  }
}

void ReportInParts(const Value& state, const std::string& location, Diagnostics& diagnostics) {
  const auto each = [&](std::string_view name, const auto& report) {
    const Value* list = state.Find(name);
    if (list == nullptr || !list->IsArray()) return;
    for (size_t i = 0; i < list->AsArray().size(); ++i) {
      const Value& part = list->AsArray()[i];
      if (part.IsObject()) report(part, ChildLocation(ChildLocation(location, name), i));
    }
  };
  each("Catch", [&](const Value& part, const std::string& at) {
    ObjectReader catcher(part, at, diagnostics);
    ReportForeignCatcherFields(kJsonata, catcher);
  });
  each("Choices", [&](const Value& part, const std::string& at) {
    ObjectReader rule(part, at, diagnostics);
    ReportForeignRuleFields(kJsonata, rule);
  });
  each("Branches", [&](const Value& part, const std::string& at) {
    ReportMixedLanguages(part, at, diagnostics);
  });
  for (const std::string_view name : {"ItemProcessor", "Iterator"}) {
    const Value* graph = state.Find(name);
    if (graph != nullptr) ReportMixedLanguages(*graph, ChildLocation(location, name), diagnostics);
  }
}

}  // namespace

void ReportForeignFields(StateType type, std::string_view language, ObjectReader& state) {
  if (language == kJsonPath) return Report(JsonataFields(type), language, state);
  Report(kJsonPathFields, language, state);
}

void ReportForeignCatcherFields(std::string_view language, ObjectReader& catcher) {
  Report(language == kJsonPath ? Names{"Output"} : Names{"ResultPath"}, language, catcher);
}

void ReportForeignRuleFields(std::string_view language, ObjectReader& rule) {
  Report(language == kJsonPath ? Names{"Condition", "Output"} : Names{"Variable"}, language, rule);
}

// The depth of recursion is that of the definition's JSON text, which the JSON parser bounds.
void ReportMixedLanguages(const Value& graph, const std::string& location,
                          Diagnostics& diagnostics) {
  const Value* states = graph.IsObject() ? graph.Find("States") : nullptr;
  if (states == nullptr || !states->IsObject()) return;
  for (const json::Member& member : states->AsMembers()) {
    if (!member.value.IsObject()) continue;
    const std::string at = ChildLocation(ChildLocation(location, "States"), member.key);
    ObjectReader state(member.value, at, diagnostics);
    const Value* language = member.value.Find("QueryLanguage");
    const Value* type = member.value.Find("Type");
    const std::optional<StateType> known =
        type != nullptr && type->IsString() ? ParseStateType(type->AsString()) : std::nullopt;
    if (language != nullptr && language->IsString() && language->AsString() == kJsonPath) {
      state.Error(
          "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
    } else if (known.has_value()) {
      ReportForeignFields(*known, kJsonata, state);
    }
    ReportInParts(member.value, at, diagnostics);
  }
}

}  // namespace orderflow::asl
