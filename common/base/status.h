#pragma once

// absl::Status with the details of google.rpc, kept free of Protobuf and gRPC so that domain code
// can say why it refuses. common/rpc turns the details into google.rpc.Status for the wire; a
// Lambda adapter turns them into `errorType`.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Returns the status of `expression` from the enclosing function unless it is OK.
#define ORDERFLOW_RETURN_IF_ERROR(expression)                               \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

// Declares or assigns `lhs` from a StatusOr, or returns its status.
#define ORDERFLOW_ASSIGN_OR_RETURN(lhs, expression) \
  ORDERFLOW_ASSIGN_OR_RETURN_IMPL_(ORDERFLOW_CONCAT_(status_or_, __LINE__), lhs, expression)
#define ORDERFLOW_ASSIGN_OR_RETURN_IMPL_(temporary, lhs, expression) \
  auto temporary = (expression);                                     \
  if (!temporary.ok()) return std::move(temporary).status();         \
  lhs = *std::move(temporary)
#define ORDERFLOW_CONCAT_(a, b) ORDERFLOW_CONCAT_IMPL_(a, b)
#define ORDERFLOW_CONCAT_IMPL_(a, b) a##b

namespace orderflow {

// Why a call failed, for programs: becomes google.rpc.ErrorInfo, and the error name in a workflow.
struct ErrorInfo {
  std::string reason;  // UPPER_SNAKE_CASE (or an API's own error name), unique in `domain`
  std::string domain;  // such as "inventory.orderflow"
  std::vector<std::pair<std::string, std::string>> metadata;

  bool operator==(const ErrorInfo&) const = default;
};

// One broken rule of a request: becomes google.rpc.BadRequest.FieldViolation.
struct FieldViolation {
  std::string field;        // path in proto names, such as "customer_email"
  std::string description;  // what is wrong and what would be right

  bool operator==(const FieldViolation&) const = default;
};

// Attaches details to a non-OK status.
absl::Status WithErrorInfo(absl::Status status, const ErrorInfo& info);
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);
absl::Status WithFieldViolations(absl::Status status,
                                 const std::vector<FieldViolation>& violations);

// INVALID_ARGUMENT that names all violations; the message lists them too. `violations` must not be
// empty.
absl::Status InvalidArgumentError(const std::vector<FieldViolation>& violations);

// The details of a status, if it has any.
std::optional<ErrorInfo> GetErrorInfo(const absl::Status& status);
std::vector<FieldViolation> GetFieldViolations(const absl::Status& status);
std::optional<absl::Duration> GetRetryDelay(const absl::Status& status);

// "NOT_FOUND" for absl::StatusCode::kNotFound, and so on: the names of the gRPC codes.
std::string_view StatusCodeName(absl::StatusCode code);

}  // namespace orderflow
