#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/json/value.h"
#include "orchestrator/asl/state_machine.h"

namespace orderflow::asl {

// The codes of ValidateStateMachineDefinition that we give.
inline constexpr char kSchemaValidationFailed[] = "SCHEMA_VALIDATION_FAILED";
inline constexpr char kDuplicateStateName[] = "DUPLICATE_STATE_NAME";
inline constexpr char kInvalidJson[] = "INVALID_JSON_DESCRIPTION";
inline constexpr char kInvalidStateName[] = "INVALID_STATE_NAME";
inline constexpr char kInvalidLabelName[] = "INVALID_LABEL_NAME";
inline constexpr char kDuplicateLabelName[] = "DUPLICATE_LABEL_NAME";
inline constexpr char kMissingEndState[] = "MISSING_END_STATE";
inline constexpr char kEndlessLoop[] = "ENDLESS_LOOP";        // of our own
inline constexpr char kWrongArguments[] = "WRONG_ARGUMENTS";  // of our own
inline constexpr char kMissingTransitionTarget[] = "MISSING_TRANSITION_TARGET";
// Warnings of the service's: a text that looks like an expression where it is none.
inline constexpr char kNoDollar[] = "NO_DOLLAR";
inline constexpr char kNoPath[] = "NO_PATH";
inline constexpr char kPassResultIsStatic[] = "PASS_RESULT_IS_STATIC";

// "/States/Check stock/Catch[0]/Next": as the service writes places, names as they are;
// json::Locate finds them.
std::string ChildLocation(std::string_view parent, std::string_view name);
std::string ChildLocation(std::string_view parent, size_t index);

// Collects what is wrong with a definition. More than kMaxDiagnostics are dropped: the caller reads
// the first ones. One thread only.
class Diagnostics {
 public:
  static constexpr size_t kMaxDiagnostics = 100;

  void Error(std::string_view code, std::string location, std::string message,
             std::string hint = "");
  // What a definition may have, but hardly on purpose.
  void Warning(std::string_view code, std::string location, std::string message,
               std::string hint = "");
  bool has_errors() const { return has_errors_; }
  // Findings so far.
  size_t count() const { return found_.size(); }
  // Expressions that are read by the way name variables; see State::variables.
  void UsesVariable(const std::string& name) { variables_.insert(name); }
  std::set<std::string> TakeVariables() { return std::exchange(variables_, {}); }
  // Whether this very place was reported already, so that one mistake is not told twice.
  bool HasErrorAt(std::string_view location) const;
  std::vector<Diagnostic> Take() { return std::move(found_); }

 private:
  void Add(Diagnostic::Severity severity, std::string_view code, std::string location,
           std::string message, std::string hint);

  std::vector<Diagnostic> found_;
  bool has_errors_ = false;
  std::set<std::string> variables_;
};

// Reads the members of one object of a definition; what nobody took by the end is reported as not
// supported.
//
//   ObjectReader catcher(value, "/States/A/Catch/0", diagnostics);
//   std::optional<std::string> next = catcher.TakeText("Next");
//   catcher.Require({"ErrorEquals", "Next"});
//   catcher.ReportUnknown();
//
// Borrows the object and the diagnostics. One thread only.
class ObjectReader {
 public:
  ObjectReader(const json::Value& object, std::string location, Diagnostics& diagnostics)
      : object_(object), location_(std::move(location)), diagnostics_(diagnostics) {
    known_.reserve(24);  // as many as the richest state has
  }

  // The member, or nullptr where it is absent; from now on it counts as known.
  const json::Value* Take(std::string_view name);
  bool Has(std::string_view name) const { return object_.Find(name) != nullptr; }

  // The member where it is there and of the type; reports another type, or a value out of range.
  std::optional<std::string> TakeText(std::string_view name);
  // The same for a text that must not be empty, such as the name of a state.
  std::optional<std::string> TakeName(std::string_view name);
  std::optional<bool> TakeBool(std::string_view name);
  std::optional<int64_t> TakeInteger(std::string_view name, int64_t min, int64_t max);
  std::optional<double> TakeNumber(std::string_view name, double min, double max);
  // Also reports an empty list, where `allow_empty` is false.
  const json::Array* TakeList(std::string_view name, bool allow_empty);
  const json::Value* TakeObject(std::string_view name);
  // A text that is one of these; reports any other.
  std::optional<std::string> TakeOneOf(std::string_view name,
                                       std::initializer_list<std::string_view> values);

  // Reports those that are absent, together.
  void Require(std::initializer_list<std::string_view> names);
  // Reports more than one of these, or, where one is `needed`, none; true if there is no mistake.
  // From now on they count as known.
  bool CheckChoiceOf(std::initializer_list<std::string_view> names, bool needed);
  void ReportUnknown();

  // Reports a mistake at the object itself, or at one of its members.
  void Error(std::string message, std::string hint = "");
  void ErrorAt(std::string_view name, std::string message, std::string hint = "");

  const json::Value& object() const { return object_; }
  const std::string& location() const { return location_; }
  std::string LocationOf(std::string_view name) const { return ChildLocation(location_, name); }
  Diagnostics& diagnostics() { return diagnostics_; }

 private:
  const json::Value& object_;
  const std::string location_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;
};

}  // namespace orderflow::asl
