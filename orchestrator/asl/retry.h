#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "orchestrator/asl/definition_reader.h"
#include "orchestrator/asl/failure.h"
#include "orchestrator/asl/query_language.h"
#include "orchestrator/asl/random.h"

namespace orderflow::asl {

struct State;

// Which errors a retrier or a catcher is for.
class ErrorMatcher {
 public:
  ErrorMatcher() = default;
  explicit ErrorMatcher(std::vector<std::string> names) : names_(std::move(names)) {}
  bool Matches(const Failure& failure) const;

 private:
  std::vector<std::string> names_;
};

// One element of Retry: how often, and after what pause, a failed task is tried again.
struct Retrier {
  ErrorMatcher errors;
  int64_t interval_seconds = 1;
  double backoff_rate = 2.0;
  int64_t max_attempts = 3;  // retries after the first try; 0: none
  std::optional<int64_t> max_delay_seconds;
  bool full_jitter = false;  // a random part of the pause instead of all of it

  // The pause before retry number `retry` (from 1).
  absl::Duration Delay(int64_t retry, Random& random) const;
};

// One element of Catch: where an error that was not retried away goes on.
struct Catcher {
  ErrorMatcher errors;
  std::unique_ptr<const CatchOutput> output;
  std::unique_ptr<const Assignment> assign;  // null: assigns nothing
  std::string next_name;
  const State* next = nullptr;
};

// Whether Retry and Catch get to see an error at all: what went wrong in the definition itself is
// not theirs.
bool CanBeHandled(const Failure& failure);

// What a Catch puts into the state's output.
json::Value ErrorOutput(const Failure& failure);

// Reads the lists of a state; mistakes are reported.
std::vector<Retrier> ReadRetriers(ObjectReader& state);
std::vector<Catcher> ReadCatchers(const QueryLanguage& language, ObjectReader& state);

}  // namespace orderflow::asl
