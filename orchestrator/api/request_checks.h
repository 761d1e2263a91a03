#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/json/value.h"
#include "orchestrator/engine/arn.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {

// The limits of the Step Functions API, as its service description states them; lengths in
// characters unless it says bytes.
constexpr size_t kMaxNameLength = 80;
constexpr size_t kMaxArnLength = 256;
constexpr size_t kMaxLongArnLength = 2000;  // of a map run
constexpr size_t kMaxDefinitionBytes = 1'048'576;
constexpr size_t kMaxTraceHeaderLength = 256;
constexpr size_t kMaxErrorLength = 256;
constexpr size_t kMaxCauseLength = 32'768;
constexpr size_t kMaxClientTokenLength = 64;
constexpr size_t kMaxTags = 50;
constexpr int kMaxPage = 1000;
constexpr int kDefaultPage = 100;

// A member that must or may be there, and its length. ValidationException otherwise.
absl::Status CheckLength(std::string_view field, std::string_view value, size_t min, size_t max);

// A name of a state machine or an execution: 1 to 80 characters, none of those that AWS forbids.
// InvalidName otherwise.
absl::Status CheckName(std::string_view name);

// InvalidArn unless it is an ARN of this kind.
absl::StatusOr<engine::Arn> CheckArn(std::string_view field, std::string_view arn,
                                     engine::Arn::Kind kind);

// ValidationException for none at all, or for more than kMaxDefinitionBytes.
absl::Status CheckDefinitionLength(std::string_view definition);

// 0 stands for the default. ValidationException beyond the limits.
absl::StatusOr<int> CheckPageSize(int max_results);
// Empty if there is none. ValidationException for one that is empty or too long.
absl::StatusOr<std::string> CheckToken(const std::string* token, size_t max_length);

// The input as a value. InvalidExecutionInput: no JSON. ValidationException: too long.
absl::StatusOr<json::Value> CheckInput(std::string_view input, size_t max_bytes);

// ValidationException unless it is ASCII of at most 256 characters.
absl::Status CheckTraceHeader(std::string_view header);

// InvalidEncryptionConfiguration for a key of the caller's.
absl::Status CheckEncryption(const workflow::v1::EncryptionConfiguration& encryption);

// Characters (code points) of a UTF-8 text.
size_t CountCharacters(std::string_view text);

}  // namespace orderflow::api
