#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "common/json/value.h"
#include "orchestrator/asl/failure.h"

namespace orderflow::asl {

struct State;

// Where a value stands on its way through a state: what a field of the state has made of it.
enum class Stage : uint8_t {
  kAfterInputPath,
  kAfterParameters,
  kAfterResultSelector,
  kAfterResultPath,
  kAfterItemsPath,
  kAfterItemSelector,
  kAfterItemBatcher,
};
inline constexpr size_t kStages = 7;

// How a Map would run; absent is what its definition does not say.
struct MapSettings {
  int64_t iterations = 0;
  int64_t max_concurrency = 0;
  std::optional<int64_t> tolerated_failure_count;
  std::optional<double> tolerated_failure_percentage;
};

// Watches the interpreter carry out one state alone, and says what that state sees of the world:
// how a test of a state (test_state.h) looks inside without an interpreter of its own. Where an
// execution has an inspector, it goes no further than the end of the state, a Parallel or Map waits
// to be answered instead of running, and causes do not tell of the execution's events.
//
// An execution without one pays a comparison with nullptr per stage.
class Inspector {
 public:
  virtual ~Inspector() = default;

  // The Context Object. Never changes.
  virtual const json::Value& context() const = 0;
  // What the ItemReader of a Map has read; nullptr: nothing, its items come from its input.
  virtual const json::Value* items_read() const = 0;
  // How often each retrier has been used already.
  virtual int32_t used_retries() const = 0;

  virtual void OnValue(Stage stage, const json::Value& value) = 0;
  virtual void OnMap(const MapSettings& settings) = 0;
  // The state's retrier of this index is for the failure; no pause: it is used up.
  virtual void OnRetry(size_t index, const Failure& failure,
                       std::optional<absl::Duration> pause) = 0;
  // The state's catcher of this index takes the failure.
  virtual void OnCatch(size_t index, const Failure& failure) = 0;
  // The state is over; `next` is nullptr at an end. `variables` is an object, or null.
  virtual void OnLeft(const json::Value& output, const State* next,
                      const json::Value& variables) = 0;
};

}  // namespace orderflow::asl
