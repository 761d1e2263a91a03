#include "orchestrator/asl/retry.h"

#include <algorithm>
#include <utility>

#include "orchestrator/asl/failure.h"
#include "orchestrator/asl/language_fields.h"

namespace orderflow::asl {
namespace {

using json::Value;

// The language's limits.
constexpr int64_t kMaxIntervalSeconds = 99'999'999;
constexpr int64_t kMaxRetries = 99'999'999;
constexpr int64_t kMaxDelaySeconds = 31'622'400;

std::vector<std::string> ReadErrorNames(ObjectReader& reader, bool last) {
  std::vector<std::string> names;
  const json::Array* items = reader.TakeList("ErrorEquals", /*allow_empty=*/false);
  if (items == nullptr) return names;
  const std::string location = reader.LocationOf("ErrorEquals");
  for (size_t i = 0; i < items->size(); ++i) {
    if ((*items)[i].IsString()) {
      names.push_back((*items)[i].AsString());
    } else {
      reader.diagnostics().Error(kSchemaValidationFailed, ChildLocation(location, i),
                                 "Expected value of type [STRING]",
                                 "the name of an error, such as \"States.Timeout\"");
    }
  }
  if (std::find(names.begin(), names.end(), kErrorAll) != names.end()) {
    if (names.size() > 1 || !last)
      reader.ErrorAt("ErrorEquals", "States.ALL must appear alone and at end of list");
  }
  return names;
}

Retrier ReadRetrier(ObjectReader& reader, bool last) {
  Retrier retrier;
  retrier.errors = ErrorMatcher(ReadErrorNames(reader, last));
  retrier.interval_seconds =
      reader.TakeInteger("IntervalSeconds", 0, kMaxIntervalSeconds).value_or(1);
  retrier.max_attempts = reader.TakeInteger("MaxAttempts", 0, kMaxRetries).value_or(3);
  retrier.backoff_rate = reader.TakeNumber("BackoffRate", 1.0, 1000.0).value_or(2.0);
  retrier.max_delay_seconds = reader.TakeInteger("MaxDelaySeconds", 1, kMaxDelaySeconds);
  if (retrier.max_delay_seconds.has_value() &&
      *retrier.max_delay_seconds <= retrier.interval_seconds) {
    reader.ErrorAt("MaxDelaySeconds", "MaxDelaySeconds (" +
                                          std::to_string(*retrier.max_delay_seconds) +
                                          ") must be greater than IntervalSeconds (" +
                                          std::to_string(retrier.interval_seconds) + ")");
  }
  retrier.full_jitter = reader.TakeOneOf("JitterStrategy", {"NONE", "FULL"}) == "FULL";
  reader.Take("Comment");
  reader.Require({"ErrorEquals"});
  reader.ReportUnknown();
  return retrier;
}

Catcher ReadCatcher(const QueryLanguage& language, ObjectReader& reader, bool last) {
  Catcher catcher;
  ReportForeignCatcherFields(language.name(), reader);
  catcher.errors = ErrorMatcher(ReadErrorNames(reader, last));
  catcher.next_name = reader.TakeName("Next").value_or("");
  catcher.output = language.CompileCatchOutput(reader);
  catcher.assign = language.CompileAssignment(reader);
  reader.Take("Comment");
  reader.Require({"ErrorEquals", "Next"});
  reader.ReportUnknown();
  return catcher;
}

// base^exponent by multiplications alone, so that every machine gets the same bits (std::pow may
// differ by library).
double Power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

// Calls `read(reader, is_last)` for each element of a list of objects.
template <typename Read>
void ForEachElement(ObjectReader& state, std::string_view field, const Read& read) {
  const json::Array* items = state.TakeList(field, /*allow_empty=*/true);
  if (items == nullptr) return;
  for (size_t i = 0; i < items->size(); ++i) {
    const std::string location = ChildLocation(state.LocationOf(field), i);
    if (!(*items)[i].IsObject()) {
      state.diagnostics().Error(kSchemaValidationFailed, location,
                                "Expected value of type [OBJECT]");
      continue;
    }
    ObjectReader reader((*items)[i], location, state.diagnostics());
    read(reader, i + 1 == items->size());
  }
}

}  // namespace

bool ErrorMatcher::Matches(const Failure& failure) const {
  for (const std::string& name : names_) {
    if (name == kErrorAll || name == failure.error) return true;
    if (name == kErrorTaskFailed && failure.error != kErrorTimeout) return true;
    if (name == kErrorHeartbeatTimeout && failure.missed_heartbeat) return true;
  }
  return false;
}

bool CanBeHandled(const Failure& failure) { return failure.error != kErrorRuntime; }

Value ErrorOutput(const Failure& failure) {
  const auto text = [](const std::optional<std::string>& given) {
    return given.has_value() ? Value(*given) : Value();
  };
  // A timeout has no cause in the history, but an empty one here.
  const Value cause =
      failure.error == kErrorTimeout ? Value(failure.cause.value_or("")) : text(failure.cause);
  return Value::Object({{"Error", text(failure.error)}, {"Cause", cause}});
}

absl::Duration Retrier::Delay(int64_t retry, Random& random) const {
  if (interval_seconds == 0) return absl::ZeroDuration();
  const double limit = static_cast<double>(max_delay_seconds.value_or(kMaxDelaySeconds));
  const double grown = static_cast<double>(interval_seconds) * Power(backoff_rate, retry - 1);
  double seconds = std::min(grown, limit);
  if (full_jitter) seconds *= random.NextUnit();
  // Whole microseconds, which is what the journal keeps of a time.
  return absl::Microseconds(static_cast<int64_t>(seconds * 1e6));
}

std::vector<Retrier> ReadRetriers(ObjectReader& state) {
  std::vector<Retrier> retriers;
  ForEachElement(state, "Retry", [&](ObjectReader& reader, bool last) {
    retriers.push_back(ReadRetrier(reader, last));
  });
  return retriers;
}

std::vector<Catcher> ReadCatchers(const QueryLanguage& language, ObjectReader& state) {
  std::vector<Catcher> catchers;
  ForEachElement(state, "Catch", [&](ObjectReader& reader, bool last) {
    catchers.push_back(ReadCatcher(language, reader, last));
  });
  return catchers;
}

}  // namespace orderflow::asl
