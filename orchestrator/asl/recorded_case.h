#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace orderflow::asl {

// One recording of an execution on the real service, run here: in this process, on a clock that
// jumps to the next thing that happens, with the recording's Lambda functions played from its data.
struct CaseResult {
  std::optional<std::string> out_of_scope;  // the feature that this engine does not have
  std::string outcome_difference;           // status, output, error, cause; empty: as recorded
  bool has_history = false;
  std::string history_difference;  // empty: as recorded
};
CaseResult RunRecordedCase(const json::Value& recording);

// One recording of what the service says about a definition. Nothing where it is about features
// that this engine does not have, or about more than the definition.
struct ValidationResult {
  bool same_verdict = false;
  std::string
      message_difference;  // empty: the first finding has the recorded code, message and place
};
std::optional<ValidationResult> RunRecordedValidation(const json::Value& recording);

// One recording of a test of a state: the first difference, or an empty text. Nothing where it is
// about features that this engine does not have, calls a function, or is refused for a limit.
std::optional<std::string> RunRecordedStateTest(const json::Value& recording);

// The texts in a list of a recording; empty where there is none.
std::vector<std::string> TextsOf(const json::Value& object, std::string_view key);

}  // namespace orderflow::asl
