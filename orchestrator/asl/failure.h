#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace orderflow::asl {

// How a child execution of a distributed Map ended without success.
enum class ChildEnd : uint8_t { kFailed, kTimedOut, kAborted };

// An error as the language sees it: what Retry and Catch match.
struct Failure {
  std::optional<std::string> error;  // such as "States.Timeout"; a Fail state may leave it out
  std::optional<std::string> cause;  // for people; absent for a timeout
  // A timeout because no heartbeat came, which has a name of its own in ErrorEquals only.
  bool missed_heartbeat = false;
  ChildEnd child_end = ChildEnd::kFailed;  // of a task that is a child execution
  bool operator==(const Failure&) const = default;
};

// The error names that the language reserves.
inline constexpr char kErrorAll[] = "States.ALL";
inline constexpr char kErrorDataLimitExceeded[] = "States.DataLimitExceeded";
inline constexpr char kErrorExceedToleratedFailureThreshold[] =
    "States.ExceedToleratedFailureThreshold";
inline constexpr char kErrorHeartbeatTimeout[] = "States.HeartbeatTimeout";
inline constexpr char kErrorResultPathMatchFailure[] = "States.ResultPathMatchFailure";
inline constexpr char kErrorRuntime[] = "States.Runtime";
inline constexpr char kErrorTaskFailed[] = "States.TaskFailed";
inline constexpr char kErrorTimeout[] = "States.Timeout";

inline Failure RuntimeFailure(std::string cause) {
  return Failure{kErrorRuntime, std::move(cause)};
}

// A path is to be applied to an input that is null.
inline Failure NothingToSelectFrom() {
  return RuntimeFailure("Unable to apply Path transformation to null or empty input.");
}

// A value, or the failure that evaluating it met. Not a Status: the engine is well, the program met
// an error that the program may handle.
template <typename T>
class [[nodiscard]] Evaluated {
 public:
  Evaluated(T value)
      : content_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: reads as the value
  Evaluated(Failure failure) : content_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT

  bool ok() const { return content_.index() == 0; }
  const T& operator*() const& { return *std::get_if<0>(&content_); }
  T& operator*() & { return *std::get_if<0>(&content_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&content_)); }
  const T* operator->() const { return std::get_if<0>(&content_); }
  const Failure& failure() const& { return *std::get_if<1>(&content_); }
  Failure&& failure() && { return std::move(*std::get_if<1>(&content_)); }

 private:
  std::variant<T, Failure> content_;
};

// Declares or assigns `lhs` from an Evaluated, or returns its failure from the enclosing function.
#define ORDERFLOW_ASL_ASSIGN_OR_FAIL(lhs, expression) \
  ORDERFLOW_ASL_ASSIGN_OR_FAIL_IMPL_(ORDERFLOW_ASL_CONCAT_(evaluated_, __LINE__), lhs, expression)
#define ORDERFLOW_ASL_ASSIGN_OR_FAIL_IMPL_(temporary, lhs, expression) \
  auto temporary = (expression);                                       \
  if (!temporary.ok()) return std::move(temporary).failure();          \
  lhs = *std::move(temporary)
#define ORDERFLOW_ASL_CONCAT_(a, b) ORDERFLOW_ASL_CONCAT_IMPL_(a, b)
#define ORDERFLOW_ASL_CONCAT_IMPL_(a, b) a##b

}  // namespace orderflow::asl
