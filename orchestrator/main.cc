#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/database/database_flags.h"
#include "common/rpc/server_flags.h"
#include "common/rpc/server_main.h"
#include "common/settings/settings.h"
#include "orchestrator/api/integration_flags.h"
#include "orchestrator/api/lambda_flags.h"
#include "orchestrator/api/orchestrator_module.h"
#include "orchestrator/aws/aws_flags.h"
#include "orchestrator/tasks/grpc_resource.h"

ABSL_FLAG(
    std::string, receive_address, "localhost:50051",
    "Where the receive service is: HOST:PORT, dns:///HOST:PORT, or with another name server "
    "dns://IP:PORT/HOST:PORT. Calls go to all addresses that the host has. grpcs:// before it: "
    "over TLS.");
ABSL_FLAG(std::string, inventory_address, "localhost:50052",
          "Where the inventory service is, likewise.");
ABSL_FLAG(std::string, payment_address, "localhost:50053",
          "Where the payment service is, likewise.");
ABSL_FLAG(std::string, email_address, "localhost:50054", "Where the email service is, likewise.");
ABSL_FLAG(std::string, substitutions, "",
          "A JSON file, {\"Name\": \"value\"}: what each ${Name} in a definition stands for, added "
          "to those that the "
          "addresses of the services give.");
ABSL_FLAG(std::string, workflow, "",
          "The definition that orders run, deployed at the start as state machine "
          "order-processing. Empty: the one "
          "built in.");
ABSL_FLAG(std::string, workflow_logging, "",
          "Which events of orders go to the log: ALL, ERROR, FATAL or OFF. Empty: as it was; OFF "
          "at first.");
ABSL_FLAG(absl::Duration, place_order_wait, absl::Seconds(60),
          "How long PlaceOrder waits for an order's outcome before it answers IN_PROGRESS.");
ABSL_FLAG(int, shards, 0, "Threads that run executions. 0: one for every two cores.");
ABSL_FLAG(int, max_running_executions, 1'000'000,
          "Executions in memory; further starts are refused.");
ABSL_FLAG(
    int64_t, max_payload_bytes, 262'144,
    "What an input, result or output may have as JSON, 1024 to 1048576 bytes. The same in all "
    "replicas; to be raised but not lowered, since executions are replayed.");
ABSL_FLAG(int64_t, max_history_events, 25'000,
          "Events after which an execution fails, 100 to 10000000. The same in all replicas; to be "
          "raised but not lowered, since executions are replayed.");
ABSL_FLAG(std::string, region, "us-east-1", "The region in ARNs.");
ABSL_FLAG(std::string, account, "000000000000", "The account in ARNs.");
ABSL_FLAG(std::string, task_descriptor_set, "",
          "A file made by protoc --include_imports --descriptor_set_out with the types of the "
          "services that tasks "
          "call. Services that it lacks are asked by reflection.");
ABSL_FLAG(int, task_connections, 2, "Connections to each service that tasks call.");
ABSL_FLAG(std::string, task_tls_ca, "",
          "A PEM file with the authorities that vouch for grpcs:// services. Empty: those of the "
          "system.");
ABSL_FLAG(std::string, task_tls_certificate, "",
          "A PEM file with the certificate to show to grpcs:// services.");
ABSL_FLAG(std::string, task_tls_key, "", "A PEM file with the key of --task_tls_certificate.");

ABSL_DECLARE_FLAG(int, max_message_bytes);

namespace orderflow {
namespace {

constexpr char kUsage[] =
    "Runs workflows in the Amazon States Language, durably: the gRPC services "
    "orderflow.order.v1.OrderService and "
    "orderflow.workflow.v1.WorkflowService, and the API of AWS Step Functions over HTTP.\n\n"
    "Usage: orderflow-orchestrator [flags]";

// A definition may have 1 MiB, and a request a little around it.
constexpr int kMaxMessageBytes = 4 << 20;

absl::StatusOr<std::string> ReadFile(const std::string& flag, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return absl::InvalidArgumentError(absl::StrCat("--", flag, ": cannot read ", path));
  return text.str();
}

absl::StatusOr<std::string> AddressFromFlag(std::string_view flag, const std::string& address) {
  // As a task's resource will have it.
  const std::string scheme = address.rfind("grpcs://", 0) == 0 ? "" : "grpc://";
  if (tasks::ParseGrpcResource(scheme + address + "/package.Service/Method").ok()) return address;
  return absl::InvalidArgumentError(
      absl::StrCat("--", std::string(flag), ": ", Quote(address, 300),
                   " is no address; expected HOST:PORT, dns:///HOST:PORT or "
                   "dns://NAMESERVER-IP:PORT/HOST:PORT, with grpcs:// before it for TLS"));
}

absl::StatusOr<std::optional<engine::LogLevel>> LoggingFromFlag() {
  const std::string level = absl::GetFlag(FLAGS_workflow_logging);
  if (level.empty()) return std::nullopt;
  if (level == "ALL") return engine::LogLevel::kAll;
  if (level == "ERROR") return engine::LogLevel::kError;
  if (level == "FATAL") return engine::LogLevel::kFatal;
  if (level == "OFF") return engine::LogLevel::kOff;
  return absl::InvalidArgumentError(
      absl::StrCat("--workflow_logging: '", level, "' is none of ALL, ERROR, FATAL, OFF"));
}

absl::StatusOr<int64_t> NumberFromFlag(std::string_view flag, int64_t number, int64_t min,
                                       int64_t max) {
  if (number >= min && number <= max) return number;
  return absl::InvalidArgumentError(
      absl::StrCat("--", std::string(flag), ": ", number, " is not from ", min, " to ", max));
}

absl::StatusOr<asl::Limits> LimitsFromFlags() {
  asl::Limits limits;
  ORDERFLOW_ASSIGN_OR_RETURN(
      const int64_t bytes,
      NumberFromFlag("max_payload_bytes", absl::GetFlag(FLAGS_max_payload_bytes), 1024, 1 << 20));
  limits.max_payload_bytes = static_cast<size_t>(bytes);
  ORDERFLOW_ASSIGN_OR_RETURN(
      limits.max_events, NumberFromFlag("max_history_events",
                                        absl::GetFlag(FLAGS_max_history_events), 100, 10'000'000));
  return limits;
}

absl::StatusOr<api::OrchestratorOptions> OptionsFromFlags() {
  api::OrchestratorOptions options;
  options.database = database::OptionsFromFlags("orchestrator");
  ORDERFLOW_ASSIGN_OR_RETURN(
      options.services.receive,
      AddressFromFlag("receive_address", absl::GetFlag(FLAGS_receive_address)));
  ORDERFLOW_ASSIGN_OR_RETURN(
      options.services.inventory,
      AddressFromFlag("inventory_address", absl::GetFlag(FLAGS_inventory_address)));
  ORDERFLOW_ASSIGN_OR_RETURN(
      options.services.payment,
      AddressFromFlag("payment_address", absl::GetFlag(FLAGS_payment_address)));
  ORDERFLOW_ASSIGN_OR_RETURN(options.services.email,
                             AddressFromFlag("email_address", absl::GetFlag(FLAGS_email_address)));
  if (const std::string path = absl::GetFlag(FLAGS_substitutions); !path.empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(const std::string text, ReadFile("substitutions", path));
    auto parsed = api::ParseSubstitutions(text);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--substitutions: ", path, ": ", std::string(parsed.status().message())));
    }
    options.substitutions = *std::move(parsed);
  }
  if (const std::string path = absl::GetFlag(FLAGS_workflow); !path.empty()) {
    ORDERFLOW_ASSIGN_OR_RETURN(options.order_workflow, ReadFile("workflow", path));
    options.order_workflow_source = path;
  }
  ORDERFLOW_ASSIGN_OR_RETURN(options.order_workflow_logging, LoggingFromFlag());
  options.place_order_wait = absl::GetFlag(FLAGS_place_order_wait);
  options.engine.shards = absl::GetFlag(FLAGS_shards);
  options.engine.max_running = absl::GetFlag(FLAGS_max_running_executions);
  ORDERFLOW_ASSIGN_OR_RETURN(options.engine.limits, LimitsFromFlags());
  options.region = absl::GetFlag(FLAGS_region);
  options.account = absl::GetFlag(FLAGS_account);
  options.aws = aws::EndpointOptionsFromFlags();
  options.tasks.descriptor_set_file = absl::GetFlag(FLAGS_task_descriptor_set);
  options.tasks.connections_per_target = absl::GetFlag(FLAGS_task_connections);
  options.tasks.tls.ca_file = absl::GetFlag(FLAGS_task_tls_ca);
  options.tasks.tls.certificate_file = absl::GetFlag(FLAGS_task_tls_certificate);
  options.tasks.tls.key_file = absl::GetFlag(FLAGS_task_tls_key);
  ORDERFLOW_ASSIGN_OR_RETURN(options.lambda, api::LambdaOptionsFromFlags());
  ORDERFLOW_ASSIGN_OR_RETURN(options.http, api::HttpOptionsFromFlags());
  ORDERFLOW_ASSIGN_OR_RETURN(options.integrations, api::IntegrationsFromFlags());
  return options;
}

absl::StatusOr<std::unique_ptr<rpc::Module>> Open() {
  ORDERFLOW_ASSIGN_OR_RETURN(api::OrchestratorOptions options, OptionsFromFlags());
  return api::OpenOrchestratorModule(std::move(options));
}

}  // namespace
}  // namespace orderflow

int main(int argc, char** argv) {
  using namespace orderflow;
  rpc::SetServerFlagDefaults({.listen = "127.0.0.1:50050", .database = "sqlite:orchestrator.db"});
  absl::SetFlag(&FLAGS_max_message_bytes, kMaxMessageBytes);
  settings::ParseSettings(argc, argv, kUsage);
  return rpc::RunServer("orchestrator", Open);
}
