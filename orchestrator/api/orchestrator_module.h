#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/rpc/module.h"
#include "orchestrator/api/substitutions.h"
#include "orchestrator/aws/endpoint.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/tasks/grpc_task_runner.h"
#include "orchestrator/tasks/http_task_runner.h"
#include "orchestrator/tasks/integration_task_runner.h"
#include "orchestrator/tasks/lambda_task_runner.h"

namespace orderflow::api {

struct OrchestratorOptions {
  database::Options database;  // journal and visibility
  tasks::GrpcTaskRunnerOptions tasks;
  tasks::LambdaTaskRunnerOptions lambda;
  tasks::HttpTaskRunnerOptions http;  // its region is the one below
  tasks::Integrations integrations;
  engine::Options engine;

  // Parts of all ARNs.
  std::string region = "us-east-1";
  std::string account = "000000000000";

  // Where the API is served as AWS serves it; its region is the one above.
  aws::EndpointOptions aws;

  // Where the order workflow's tasks are; `substitutions` are added to them and win.
  ServiceAddresses services;
  Substitutions substitutions;

  // The definition that orders run, deployed at the start as state machine "order-processing".
  // Empty: the one built in.
  std::string order_workflow;
  // Where it comes from, for messages: a file name.
  std::string order_workflow_source = "the built-in order workflow";
  // Which of its events are logged. Not set: what was set before; OFF for a new one.
  std::optional<engine::LogLevel> order_workflow_logging;

  // How long PlaceOrder waits for the outcome at most.
  absl::Duration place_order_wait = absl::Seconds(60);

  const Clock* clock = &SystemClock();  // borrowed
};

class OrchestratorModule : public rpc::Module {
 public:
  // Where the AWS API is served, with the port it got; empty where it is not.
  virtual std::string aws_address() const = 0;
};

// The orchestrator, ready to be served: opens the journal, deploys the order workflow and takes up
// all unfinished executions. Blocks until that is done. Serves WorkflowService and
// OrderService, and the AWS API from now on.
//
// INVALID_ARGUMENT: the order workflow has mistakes (one line each), or a setting. UNAVAILABLE: the
// AWS API cannot be served there.
// FAILED_PRECONDITION, DATA_LOSS: an unfinished execution cannot be taken up. Otherwise the errors
// of Database::Open.
absl::StatusOr<std::unique_ptr<OrchestratorModule>> OpenOrchestratorModule(
    OrchestratorOptions options);

// The same with tasks carried out by `runner`, whatever their resource; what the
// options say of tasks is not looked at.
absl::StatusOr<std::unique_ptr<OrchestratorModule>> OpenOrchestratorModule(
    OrchestratorOptions options, std::unique_ptr<tasks::TaskRunner> runner);

// The order workflow that is built in: workflows/order-processing.asl.json.
std::string_view BuiltInOrderWorkflow();

}  // namespace orderflow::api
