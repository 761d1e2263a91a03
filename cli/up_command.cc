#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/data_directory.h"
#include "cli/everything.h"
#include "cli/sample_catalog.h"
#include "cli/session.h"
#include "common/base/status.h"
#include "common/database/database_flags.h"
#include "common/logging/logging.h"
#include "common/logging/logging_flags.h"
#include "common/metrics/endpoint.h"
#include "common/metrics/metrics.h"
#include "common/rpc/process.h"
#include "common/rpc/server_flags.h"
#include "common/settings/settings.h"
#include "common/version/version.h"
#include "orchestrator/api/integration_flags.h"
#include "orchestrator/api/lambda_flags.h"
#include "orchestrator/aws/aws_flags.h"

ABSL_DECLARE_FLAG(int, max_message_bytes);  // common/rpc/server_flags.cc

ABSL_FLAG(std::string, data, "data",
          "The directory that everything is kept in: databases and mails. One process at a time.");
ABSL_FLAG(std::string, receive_listen, "127.0.0.1:50051",
          "The address of the receive service, IP:PORT.");
ABSL_FLAG(std::string, inventory_listen, "127.0.0.1:50052",
          "The address of the inventory service, IP:PORT.");
ABSL_FLAG(std::string, payment_listen, "127.0.0.1:50053",
          "The address of the payment service, IP:PORT.");
ABSL_FLAG(std::string, email_listen, "127.0.0.1:50054",
          "The address of the email service, IP:PORT.");
ABSL_FLAG(bool, free_ports, false,
          "Take free ports for all addresses that are at their defaults; endpoints.env in --data "
          "tells which.");
ABSL_FLAG(
    std::string, catalog, "",
    "JSON file with the products that a new inventory starts with; empty: a few sample products.");
ABSL_FLAG(
    std::string, workflow, "",
    "The definition that orders run (Amazon States Language in JSON); empty: the one built in.");

namespace orderflow::cli {
namespace {

constexpr char kListen[] = "127.0.0.1:50050";
constexpr char kMetricsListen[] = "127.0.0.1:9464";
constexpr int kMaxMessageBytes = 4 << 20;  // a definition may have 1 MiB
constexpr char kEndpoints[] = "endpoints.env";
constexpr char kUsage[] =
    "Starts the orchestrator and the four services in this process and serves until SIGTERM or "
    "Ctrl-C.\n\n"
    "Data go to SQLite files in the directory --data, or, with --database=postgresql://..., to one "
    "PostgreSQL database. Mails\n"
    "are files in --data/mail and the payment provider is a simulated one: for SMTP and Stripe run "
    "the services as\n"
    "processes of their own. --listen is the orchestrator's address, and TLS is for it alone.\n\n"
    "Usage: orderflow up [flags]\n\n"
    "Examples:\n"
    "  orderflow up\n"
    "  orderflow up --data=/var/lib/orderflow --listen=0.0.0.0:50050\n"
    "  orderflow up --free_ports";

std::optional<std::string> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// Where to listen: as the flag says, or, with --free_ports, anywhere unless it says something else
// than its default.
std::string ListenAddress(const std::string& flag_value, const std::string& default_value) {
  return absl::GetFlag(FLAGS_free_ports) && flag_value == default_value ? "127.0.0.1:0"
                                                                        : flag_value;
}

ListenAddresses AddressesFromFlags() {
  return {.orchestrator = ListenAddress(rpc::ServerOptionsFromFlags().listen, kListen),
          .receive = ListenAddress(absl::GetFlag(FLAGS_receive_listen), "127.0.0.1:50051"),
          .inventory = ListenAddress(absl::GetFlag(FLAGS_inventory_listen), "127.0.0.1:50052"),
          .payment = ListenAddress(absl::GetFlag(FLAGS_payment_listen), "127.0.0.1:50053"),
          .email = ListenAddress(absl::GetFlag(FLAGS_email_listen), "127.0.0.1:50054")};
}

absl::StatusOr<std::string> ReadWorkflow(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path, " (see --workflow)"));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// The catalog's file; the sample catalog becomes one in the data directory, to be looked at and
// changed.
absl::StatusOr<std::string> CatalogFile(const DataDirectory& data) {
  if (const std::string catalog = absl::GetFlag(FLAGS_catalog); !catalog.empty()) return catalog;
  if (!data.Has("catalog.json"))
    ORDERFLOW_RETURN_IF_ERROR(data.Write("catalog.json", SampleCatalog()));
  return data.File("catalog.json");
}

absl::StatusOr<EverythingOptions> OptionsFromFlags(const DataDirectory& data) {
  EverythingOptions options;
  options.data = data.path();
  options.database_url = database::OptionsFromFlags("").url;
  options.listen = AddressesFromFlags();
  options.server = rpc::ServerOptionsFromFlags();
  options.email.maildir = data.File("mail");
  ORDERFLOW_ASSIGN_OR_RETURN(options.catalog, CatalogFile(data));
  const std::string workflow = absl::GetFlag(FLAGS_workflow);
  ORDERFLOW_ASSIGN_OR_RETURN(options.orchestrator.order_workflow, ReadWorkflow(workflow));
  if (!workflow.empty()) options.orchestrator.order_workflow_source = workflow;
  ORDERFLOW_ASSIGN_OR_RETURN(options.orchestrator.lambda, api::LambdaOptionsFromFlags());
  ORDERFLOW_ASSIGN_OR_RETURN(options.orchestrator.http, api::HttpOptionsFromFlags());
  ORDERFLOW_ASSIGN_OR_RETURN(options.orchestrator.integrations, api::IntegrationsFromFlags());
  options.orchestrator.aws = aws::EndpointOptionsFromFlags();
  options.orchestrator.aws.listen =
      ListenAddress(options.orchestrator.aws.listen, aws::kDefaultListen);
  return options;
}

absl::StatusOr<std::unique_ptr<metrics::Endpoint>> StartMetrics() {
  metrics::RegisterProcess("orderflow");
  const std::string listen = rpc::MetricsListenFromFlags();
  if (listen.empty()) return nullptr;
  absl::StatusOr<std::unique_ptr<metrics::Endpoint>> endpoint =
      metrics::Endpoint::Listen(ListenAddress(listen, kMetricsListen));
  if (endpoint.ok()) return endpoint;
  return absl::Status(
      endpoint.status().code(),
      absl::StrCat(std::string(endpoint.status().message()), " (see --metrics_listen)"));
}

// The port is known only now; the host is the flag's.
std::string MetricsAddress(const metrics::Endpoint* endpoint) {
  if (endpoint == nullptr) return "";
  const std::string listen = rpc::MetricsListenFromFlags();
  return absl::StrCat(listen.substr(0, listen.rfind(':')), ":", endpoint->port());
}

// What `orderflow` and shell scripts read to find this process.
std::string EndpointsText(const ListenAddresses& addresses, const std::string& metrics) {
  return absl::StrCat("ORDERFLOW_ADDRESS=", addresses.orchestrator, "\n",         //
                      "ORDERFLOW_RECEIVE_ADDRESS=", addresses.receive, "\n",      //
                      "ORDERFLOW_INVENTORY_ADDRESS=", addresses.inventory, "\n",  //
                      "ORDERFLOW_PAYMENT_ADDRESS=", addresses.payment, "\n",      //
                      "ORDERFLOW_EMAIL_ADDRESS=", addresses.email, "\n",          //
                      "ORDERFLOW_AWS_ADDRESS=", addresses.aws, "\n",              //
                      "ORDERFLOW_METRICS_ADDRESS=", metrics, "\n");
}

// On standard error: standard output is for the logs.
void PrintWelcome(const DataDirectory& data, const ListenAddresses& addresses,
                  const std::string& metrics, std::ostream& err) {
  err << "Orderflow is up. Stop it with Ctrl-C.\n"
      << "  orchestrator  " << addresses.orchestrator << "   orders go here\n"
      << "  receive       " << addresses.receive << "\n"
      << "  inventory     " << addresses.inventory << "\n"
      << "  payment       " << addresses.payment << "\n"
      << "  email         " << addresses.email << "\n";
  if (!addresses.aws.empty()) {
    err << "  AWS API       http://" << addresses.aws
        << "   aws stepfunctions --endpoint-url ...\n";
  }
  if (!metrics.empty()) err << "  metrics       http://" << metrics << "/metrics\n";
  err << "  data          " << data.path() << "\n"
      << "  mails         " << data.File("mail/new") << "\n"
      << "Place an order:  orderflow order place --id 1 --product sku-001 --quantity 1 --email "
         "you@example.com\n";
  err.flush();
}

absl::Status ServeUntilTerminated(std::ostream& err) {
  ORDERFLOW_ASSIGN_OR_RETURN(const logging::Level level, logging::LevelFromFlags());
  ORDERFLOW_ASSIGN_OR_RETURN(const DataDirectory data,
                             DataDirectory::Open(absl::GetFlag(FLAGS_data)));
  data.Remove(kEndpoints);
  logging::Configure({.service = "orderflow", .level = level});
  ORDERFLOW_ASSIGN_OR_RETURN(const EverythingOptions options, OptionsFromFlags(data));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::unique_ptr<metrics::Endpoint> metrics_endpoint,
                             StartMetrics());
  ORDERFLOW_ASSIGN_OR_RETURN(const std::unique_ptr<Everything> everything,
                             Everything::Start(options));
  const std::string metrics_address = MetricsAddress(metrics_endpoint.get());
  ORDERFLOW_RETURN_IF_ERROR(
      data.Write(kEndpoints, EndpointsText(everything->addresses(), metrics_address)));
  PrintWelcome(data, everything->addresses(), metrics_address, err);
  rpc::WaitForTermination();
  data.Remove(kEndpoints);
  everything->Stop();
  return absl::OkStatus();
}

ExitCode Up(Session& session, const std::vector<std::string>& arguments) {
  rpc::PrepareServerProcess();
  const absl::StatusOr<settings::Parsed> parsed =
      settings::Apply({.arguments = arguments, .environment = FromEnvironment});
  if (!parsed.ok()) return session.Fail(ExitCode::kUsage, std::string(parsed.status().message()));
  if (parsed->version) {
    session.out() << version::Line("orderflow") << "\n";
    return ExitCode::kOk;
  }
  if (!parsed->positional.empty()) {
    return session.Fail(
        ExitCode::kUsage,
        absl::StrCat("unexpected argument '", parsed->positional[0], "' for `orderflow up`"));
  }
  const absl::Status status = ServeUntilTerminated(session.err());
  logging::Shutdown();
  if (status.ok()) return ExitCode::kOk;
  session.Fail(ExitCode::kNotConfirmed, std::string(status.message()));
  return ExitCode::kNotConfirmed;
}

}  // namespace

void AddUpCommand(CLI::App& app, Session& session) {
  // Before anything reads the flags, --help included.
  rpc::SetServerFlagDefaults({.listen = kListen, .database = ""});
  absl::SetFlag(&FLAGS_max_message_bytes, kMaxMessageBytes);
  CLI::App* command =
      app.add_subcommand("up", "Start everything in one process and serve until it is stopped");
  // The flags are those of a server, with their environment variables and flag files:
  // common/settings reads them.
  command->set_help_flag();
  command->prefix_command();
  command->callback([command, &session] {
    session.action = [arguments = command->remaining(), &session] {
      for (const std::string& argument : arguments) {
        if (argument != "--help" && argument != "-h") continue;
        session.out() << UpHelp();
        return ExitCode::kOk;
      }
      return Up(session, arguments);
    };
  });
}

std::string UpHelp() {
  return absl::StrCat(kUsage,
                      "\n\nFlags (a command line --name=value goes before the environment, that "
                      "before a --flagfile):\n",
                      settings::DescribeFlags());
}

}  // namespace orderflow::cli
