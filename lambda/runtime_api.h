#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/failure/failure.h"

namespace orderflow::lambda {

// One call of the function.
struct Invocation {
  std::string request_id;
  std::string function_arn;
  std::string trace_id;  // of AWS X-Ray, as it came; may be empty
  // When Lambda stops the function, by this process's clock that nobody sets.
  std::chrono::steady_clock::time_point deadline;
  std::string event;  // JSON text, as the caller gave it
};

// The Lambda Runtime API (2018-06-01): how a function learns of its invocations and answers them.
// Plain HTTP over one connection that is kept; where it turns out to be stale, as after the sandbox
// was frozen, the request is sent once more over a new one.
//
// Any failure but FAILED_PRECONDITION means that this sandbox cannot go on: the process should say
// so and end. Messages name the request and what was answered.
//
// One thread only.
class RuntimeApi {
 public:
  // `endpoint` is HOST:PORT, as in AWS_LAMBDA_RUNTIME_API. Does not connect yet. INVALID_ARGUMENT:
  // it is no such thing.
  static absl::StatusOr<std::unique_ptr<RuntimeApi>> Create(std::string_view endpoint);
  ~RuntimeApi();

  // Waits for the next invocation, however long that takes: the sandbox may be frozen meanwhile.
  absl::StatusOr<Invocation> Next();

  // Answers an invocation; each is answered once. FAILED_PRECONDITION: Lambda does not take this
  // answer (it is too large, or came too late); the function goes on.
  absl::Status Respond(const std::string& request_id, std::string_view json);
  absl::Status Fail(const std::string& request_id, const failure::TaskFailure& failure);

  // The function cannot start. The process should end after it.
  absl::Status FailInit(const failure::TaskFailure& failure);

 private:
  class Connection;
  explicit RuntimeApi(std::unique_ptr<Connection> connection);
  absl::Status Post(const std::string& target, std::string_view body, std::string_view error_type);

  const std::unique_ptr<Connection> connection_;
};

}  // namespace orderflow::lambda
