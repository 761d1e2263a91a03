#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

struct LambdaTaskRunnerOptions {
  // Where the Invoke API of AWS Lambda is, or of something that speaks it:
  // "https://lambda.eu-central-1.amazonaws.com", "http://localhost:9001". Empty: nowhere, only
  // mapped functions can be called.
  std::string endpoint;
  // Functions that are gRPC methods here, by name: {"charge-payment",
  // "grpc://payment:50053/orderflow.payment.v1.PaymentService/ChargePayment"}. These go before the
  // endpoint.
  std::map<std::string, std::string, std::less<>> functions;
  // Of the endpoint and its credentials. Functions that name others are refused, as the endpoint
  // would call one of its own. Empty: not checked, but needed to sign.
  std::string region;
  std::string account;
  // Requests are signed with these (SigV4); empty: they are not. Secrets.
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;

  // Requests under way at a time; more wait, in their order.
  int max_connections = 64;
  // How long a task without a timeout may take: as long as Lambda lets a function run.
  absl::Duration default_deadline = absl::Minutes(15);
  absl::Duration connect_timeout = absl::Seconds(5);
  // The largest answer: what Lambda itself lets a function answer. (The engine's limit on payloads
  // is smaller and speaks first for anything in between.)
  size_t max_answer_bytes = 6 << 20;
  // The engine's limit. Said here, too, since the engine does not see an answer that is no JSON.
  size_t max_payload_bytes = 256 << 10;
};

// Carries out tasks whose resource is a Lambda function
// (`arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`) or `arn:aws:states:::lambda:invoke`:
// a mapped function by `grpc`, any other over HTTP at the endpoint.
//
// Failures: what AWS reports, see lambda_answer.h; besides `Lambda.SdkClientException` where there
// was no answer (the function may have run), `States.Timeout` after the task's deadline,
// `States.DataLimitExceeded` for an answer that is too large. A mapped function fails as its gRPC
// method does.
//
// Thread-safe. The destructor ends calls under way: drop their handles first. INVALID_ARGUMENT: an
// option, by the name of its flag. `grpc` carries out what `functions` name.
absl::StatusOr<std::unique_ptr<TaskRunner>> CreateLambdaTaskRunner(
    const LambdaTaskRunnerOptions& options, std::shared_ptr<TaskRunner> grpc,
    const Clock& clock = SystemClock());

}  // namespace orderflow::tasks
