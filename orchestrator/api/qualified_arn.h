#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace orderflow::api {

// A state machine's ARN with what may follow it: a version (":7") or an alias (":PROD").
struct QualifiedArn {
  std::string machine_arn;
  int64_t version = 0;  // 0: none
  std::string alias;    // empty: none

  bool qualified() const { return version > 0 || !alias.empty(); }
};

// InvalidArn unless it is one of the three. ValidationException: too long, or nothing.
absl::StatusOr<QualifiedArn> CheckQualifiedArn(std::string_view field, std::string_view arn);

std::string VersionArn(std::string_view machine_arn, int64_t version);
std::string AliasArn(std::string_view machine_arn, std::string_view alias);

// Whether a text may name an alias: 1 to 80 letters, digits, `-`, `_` and `.`, not only digits.
bool IsAliasName(std::string_view name);

}  // namespace orderflow::api
