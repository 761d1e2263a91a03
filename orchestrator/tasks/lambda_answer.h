#pragma once

#include <string>
#include <string_view>

#include "common/http/client.h"
#include "orchestrator/tasks/lambda_invocation.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

// What an answer of the Invoke API means to a task.
//
// | Answer | Outcome |
// | --- | --- |
// | 2xx | the payload, or for lambda:invoke the envelope around it |
// | X-Amz-Function-Error | error: the payload's `errorType`; cause: the payload |
// | the same without errorType | `Lambda.Unknown` |
// | 4xx, 5xx | `Lambda.<x-amzn-ErrorType>`, else by status; cause: as the AWS SDK words it |
// | a payload that is no JSON | `Lambda.Unknown` |
//
// `endpoint` is named where the answer is not one of Lambda's.
TaskOutcome ReadLambdaAnswer(const LambdaInvocation& invocation, const http::Response& response,
                             std::string_view endpoint);

// The output of lambda:invoke for a payload that did not come over HTTP.
json::Value LambdaEnvelope(json::Value payload, std::string_view request_id);

}  // namespace orderflow::tasks
