#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// What the resource of a service integration of AWS begins with.
inline constexpr std::string_view kIntegrationArn = "arn:aws:states:::";

// Service integrations that are gRPC methods here, by resource:
//
//   {"arn:aws:states:::sqs:sendMessage.waitForTaskToken": "grpc://queue:50060/shop.Queue/Send"}
using Integrations = std::map<std::string, std::string, std::less<>>;

// The same from JSON text, checked. INVALID_ARGUMENT: what is wrong, with the member.
absl::StatusOr<Integrations> ParseIntegrations(std::string_view text);

// Carries out tasks whose resource is a service integration (`arn:aws:states:::sns:publish`,
// `arn:aws:states:::aws-sdk:s3:getObject`, ...) by the gRPC method that it is mapped to. Members of
// the task's input and of its output are named as AWS names them (MemberNames::kAws); a method of
// google.protobuf.Struct gets and gives them as they are.
//
// - plain: the method's answer is the task's output.
// - .waitForTaskToken: the method gets the token, and answers that it has accepted the task.
// - .sync: the method answers when the job is done, which may take as long as the task may. It is
//   cancelled with the task, and called again, with the same idempotency key, after a restart.
//
// Failures: those of gRPC methods (CreateGrpcTaskRunner), but the cause of an error that the
// service names itself is its message alone, as that of a service of AWS. A resource that is not
// mapped fails with States.Runtime.
//
// Thread-safe. `grpc` makes the calls. Does not tell types (FindTypes): theirs are named otherwise
// than members of the definition.
std::unique_ptr<TaskRunner> MakeIntegrationTaskRunner(Integrations integrations,
                                                      std::shared_ptr<TaskRunner> grpc,
                                                      const Clock& clock = SystemClock());

}  // namespace orderflow::tasks
