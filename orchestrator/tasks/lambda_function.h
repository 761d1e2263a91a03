#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace orderflow::tasks {

// The resource of the service integration: which function is called stands in its parameters.
inline constexpr std::string_view kLambdaInvoke = "arn:aws:states:::lambda:invoke";
// The same, answered by whoever the function hands its task's token to.
inline constexpr std::string_view kLambdaInvokeForToken =
    "arn:aws:states:::lambda:invoke.waitForTaskToken";
// What the ARN of a function begins with.
inline constexpr std::string_view kLambdaArn = "arn:aws:lambda:";

// A function of AWS Lambda as a definition names it.
struct LambdaFunction {
  std::string region;     // "eu-central-1"; empty where the text does not say
  std::string account;    // twelve digits; likewise
  std::string name;       // "charge-payment"
  std::string qualifier;  // a version or an alias; empty: the newest

  // As messages name it: the ARN as far as it is known.
  std::string ToString() const;
  bool operator==(const LambdaFunction&) const = default;
};

// The Resource of a task: `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, perhaps with `:QUALIFIER`.
// INVALID_ARGUMENT says what is wrong and what would be right.
absl::StatusOr<LambdaFunction> ParseLambdaArn(std::string_view text);

// The FunctionName of `lambda:invoke`: such an ARN, `ACCOUNT:function:NAME`, or `NAME`, each
// perhaps with `:QUALIFIER`. INVALID_ARGUMENT likewise.
absl::StatusOr<LambdaFunction> ParseFunctionName(std::string_view text);

// The Qualifier of `lambda:invoke`: `$LATEST`, a version's number or an alias.
bool IsLambdaQualifier(std::string_view text);

}  // namespace orderflow::tasks
