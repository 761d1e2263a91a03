#include "common/rpc/server_main.h"

#include <cerrno>
#include <csignal>
#include <iostream>
#include <string>

#include "common/base/status.h"
#include "common/logging/logging.h"
#include "common/logging/logging_flags.h"
#include "common/metrics/endpoint.h"
#include "common/metrics/metrics.h"
#include "common/rpc/process.h"
#include "common/rpc/server.h"
#include "common/rpc/server_flags.h"
#include "common/settings/settings.h"

namespace orderflow::rpc {
namespace {

// Says which setting to change.
absl::Status Explain(const absl::Status& status, std::string_view settings) {
  return absl::Status(status.code(),
                      std::string(status.message()) + " (see " + std::string(settings) + ")");
}

absl::Status StartMetrics(std::string_view name) {
  metrics::RegisterProcess(name);
  const std::string address = MetricsListenFromFlags();
  if (address.empty()) return absl::OkStatus();
  auto endpoint = metrics::Endpoint::Listen(address);
  if (!endpoint.ok()) return Explain(endpoint.status(), "--metrics_listen");
  // Lives until the process ends: stopping it takes the HTTP library two seconds, and what it reads
  // is never destroyed.
  endpoint->release();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Server>> StartServer(Module& module) {
  const ServerOptions options = ServerOptionsFromFlags();
  if (absl::Status tls = MakeServerCredentials(options.tls).status(); !tls.ok()) {
    return Explain(tls, "--tls_certificate, --tls_key and --tls_client_ca");
  }
  auto server = Server::Start(options, module);
  if (!server.ok()) return Explain(server.status(), "--listen");
  return server;
}

absl::Status Serve(std::string_view name, const ModuleFactory& open_module) {
  ORDERFLOW_ASSIGN_OR_RETURN(const logging::Level level, logging::LevelFromFlags());
  logging::Configure({.service = std::string(name), .level = level});
  RouteGrpcLogs();
  ORDERFLOW_RETURN_IF_ERROR(StartMetrics(name));
  ORDERFLOW_ASSIGN_OR_RETURN(const std::unique_ptr<Module> module, open_module());
  absl::StatusOr<std::unique_ptr<Server>> server = StartServer(*module);
  if (!server.ok()) {
    module->Stop();
    return server.status();
  }
  const int signal = WaitForTermination();
  logging::Info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  (*server)->Stop();
  return absl::OkStatus();
}

}  // namespace

int RunServer(std::string_view name, const ModuleFactory& open_module) {
  PrepareServerProcess();
  const absl::Status status = Serve(name, open_module);
  logging::Shutdown();
  if (status.ok()) return 0;
  std::cerr << program_invocation_short_name << ": " << status.message() << std::endl;
  return status.code() == absl::StatusCode::kInvalidArgument ? 2 : 1;
}

}  // namespace orderflow::rpc
