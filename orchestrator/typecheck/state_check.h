#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "common/json/value.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/typecheck/flow.h"
#include "orchestrator/typecheck/path_type.h"
#include "orchestrator/typecheck/type.h"
#include "orchestrator/typecheck/type_check.h"

namespace orderflow::typecheck {

// Evaluates the fields of states on types instead of values, and reports what cannot be right to
// `sink`, where there is one. Borrows the definition. One thread only.
class StateCheck {
 public:
  StateCheck(const ResourceTypes& resources, TypeArena& types)
      : resources_(resources), types_(types) {}

  // Null: nothing is reported.
  void set_sink(asl::Diagnostics* sink) { sink_ = sink; }

  // InputPath and its like: what it selects of `roots.input`, all of it where it is absent.
  const Type* Select(const FlowState& state, std::string_view field, const Roots& roots);
  // What a Parameters field and its like make; `otherwise` where it is absent.
  const Type* Template(const FlowState& state, std::string_view field, const Roots& roots,
                       const Type* otherwise);
  // A field such as SecondsPath or CausePath, whose value must be of a kind.
  void Read(const FlowState& state, std::string_view field, const Roots& roots, Type::Kind wanted);
  // The type of one of a Map's items, from what ItemsPath selects.
  const Type* Item(const FlowState& state, const Roots& view);
  void ReadChoices(const FlowState& state, const Roots& roots);
  // The task's result; checks what it is given, `view` where it has no Parameters.
  const Type* Task(const FlowState& state, const Roots& view);
  // `input` with the result where a ResultPath field of `holder` says.
  const Type* Combine(const json::Value& holder, const Type* input, const Type* result);
  // The variables after an Assign field of `holder`, at `location`.
  const Type* Assign(const json::Value& holder, const std::string& location, const Roots& roots);

 private:
  // An expression that was read before, as definitions repeat them; null where it is none.
  const asl::PathExpression* Parse(const std::string& text);
  const Type* Evaluate(const json::Value& text, const std::string& location, const Roots& roots);
  const Type* TypeOfTemplate(const json::Value& json, const std::string& location,
                             const Roots& roots);
  void CheckArguments(const json::Value& json, const std::string& location, const Type& wanted,
                      const Roots& roots);
  void CheckMembers(const json::Value& json, const std::string& location, const Type& wanted,
                    const Roots& roots);
  void ReadCondition(const json::Value& rule, const std::string& location, const Roots& roots);
  void ReadComparison(const json::Value& rule, const std::string& location, const Roots& roots);
  void CheckComparison(std::string_view name, const json::Value& literal, const Type& variable,
                       const std::string& location);
  // Whether the rules at hand ask for the presence of a path, or of one that leads to it.
  bool IsAsked(std::string_view path) const;
  void ReportProblem(const absl::Status& problem, const FlowState& state);
  void Report(std::string_view code, std::string location, std::string message,
              std::string hint = "");

  const ResourceTypes& resources_;
  TypeArena& types_;
  asl::Diagnostics* sink_ = nullptr;
  // By text, which is the definition's.
  absl::flat_hash_map<std::string_view, std::unique_ptr<const asl::PathExpression>> expressions_;
  // Paths whose presence the rules of a Choice ask for: to be absent is no mistake of theirs.
  std::set<std::string_view> asked_;
  std::set<std::string> told_;  // problems with servers: once each
};

}  // namespace orderflow::typecheck
