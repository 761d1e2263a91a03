#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/rpc/tls.h"
#include "orchestrator/tasks/task_runner.h"

namespace orderflow::tasks {

struct GrpcTaskRunnerOptions {
  // For `grpcs://` resources; `grpc://` ones are plain text. `tls.enabled` is not looked at.
  rpc::ClientTls tls;
  // Types of the services that are called, as `protoc --include_imports --descriptor_set_out`
  // writes them. Services that it does not have are asked by reflection. Empty: all are.
  std::string descriptor_set_file;
  // What to connect to instead of the host and port that a resource names: {"inventory:50052",
  // "127.0.0.1:40001"}.
  absl::flat_hash_map<std::string, std::string> targets;
  // HTTP/2 connections per host and port; calls take turns. A busy service gains from a second one.
  int connections_per_target = 2;
  // How long a task without a timeout may take.
  absl::Duration default_deadline = absl::Seconds(60);
  // The largest response.
  int max_message_bytes = 16 << 20;
  // How long asking a server for its types may take.
  absl::Duration reflection_deadline = absl::Seconds(5);
  // A method that was not there is asked for again after this time, as the server may be a newer
  // one by then.
  absl::Duration unknown_method_ttl = absl::Seconds(5);
  // Types from reflection are asked for anew, in the background, when they are older.
  absl::Duration types_ttl = absl::Minutes(5);
  // Hosts and ports that are called; more are refused, as each has connections of its own.
  size_t max_targets = 1000;
};

// Carries out tasks whose resource is `grpc://host:port/package.Service/Method` (or `grpcs://`):
// any unary method. The input becomes the request by proto field names (members it does not know
// are left out), the response the output.
//
// Failures: States.Timeout when the task's deadline has passed; else the `reason` of a
// google.rpc.ErrorInfo that the server sent; else "Grpc.<CODE>". The cause is JSON: {"code":...,
// "message":..., "details":[...]}.
//
// Metadata of each call: idempotency-key, orderflow-execution, orderflow-attempt, traceparent, and
// for those who answer by it the orderflow-task-token.
//
// Thread-safe. The destructor waits for calls under way: drop their handles first. Not to be
// destroyed in a gRPC callback. INVALID_ARGUMENT: the TLS files or the descriptor set.
absl::StatusOr<std::unique_ptr<TaskRunner>> CreateGrpcTaskRunner(
    const GrpcTaskRunnerOptions& options, const Clock& clock = SystemClock());

}  // namespace orderflow::tasks
