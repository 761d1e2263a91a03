#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "orchestrator/tasks/http_connection.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

struct HttpTaskRunnerOptions {
  HttpConnections connections;
  // A PEM file with the authorities that vouch for servers. Empty: those of the system.
  std::string ca_file;
  std::string region = "us-east-1";  // a part of the user agent, as AWS sends it

  // How long a call may take, whatever the task's timeout: as long as on AWS.
  absl::Duration max_duration = absl::Seconds(60);
  absl::Duration connect_timeout = absl::Seconds(10);
  // Requests under way at a time; more wait, in their order.
  int max_connections = 64;
  // The largest answer. (The engine's limit on payloads is smaller and speaks first for anything in
  // between.)
  size_t max_answer_bytes = 6 << 20;
};

// Carries out `arn:aws:states:::http:invoke`: a request of the task's own making with the
// credentials of a connection, to a URL that the connection is for. Redirects are not followed.
//
// Failures: those of an answer, see ReadHttpAnswer;
//   States.Runtime               parameters that there cannot be, as on AWS
//   States.Timeout               the task's own deadline has passed
//   States.Http.Socket           no answer: nobody listens, a cut connection, nothing in 60 s
//   States.DataLimitExceeded     too large a request or answer
//   Events.ConnectionResource.ResourceNotFound       the connection is not known
//   Events.ConnectionResource.AccessDenied           it is not for this URL
//   Events.ConnectionResource.InvalidConnectionState the authorization endpoint gives no token
//   Events.ConnectionResource.InternalError          that endpoint cannot be reached
// Neither causes nor anything that is logged have a credential in them; what a server itself
// repeats in its answer is the task's output.
//
// Thread-safe. The destructor ends calls under way: drop their handles first. INVALID_ARGUMENT: an
// option, by the name of its flag.
absl::StatusOr<std::unique_ptr<TaskRunner>> CreateHttpTaskRunner(
    HttpTaskRunnerOptions options, const Clock& clock = SystemClock());

}  // namespace orderflow::tasks
