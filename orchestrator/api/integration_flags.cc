#include "orchestrator/api/integration_flags.h"

#include <fstream>
#include <sstream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"

ABSL_FLAG(std::string, http_connections, "",
          "A JSON file, mode 600 or 640, with the connections of HTTP tasks "
          "(arn:aws:states:::http:invoke) by name: credentials, and the URLs that they are for. "
          "Empty: there are no HTTP tasks.");
ABSL_FLAG(std::string, http_ca, "",
          "A PEM file with the authorities that vouch for the servers of HTTP tasks. Empty: those "
          "of the system.");
ABSL_FLAG(std::string, integrations, "",
          "A JSON file, {\"arn:aws:states:::SERVICE:ACTION\": "
          "\"grpc://HOST:PORT/package.Service/Method\"}: service integrations that are carried out "
          "by gRPC methods. Others are refused.");

namespace orderflow::api {
namespace {

absl::Status Named(std::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("--", std::string(flag), ": ", std::string(status.message())));
}

}  // namespace

absl::StatusOr<tasks::HttpTaskRunnerOptions> HttpOptionsFromFlags() {
  tasks::HttpTaskRunnerOptions options;
  options.ca_file = absl::GetFlag(FLAGS_http_ca);
  const std::string path = absl::GetFlag(FLAGS_http_connections);
  if (path.empty()) return options;
  absl::StatusOr<tasks::HttpConnections> connections = tasks::ReadHttpConnections(path);
  if (!connections.ok()) return Named("http_connections", connections.status());
  options.connections = *std::move(connections);
  return options;
}

absl::StatusOr<tasks::Integrations> IntegrationsFromFlags() {
  const std::string path = absl::GetFlag(FLAGS_integrations);
  if (path.empty()) return tasks::Integrations();
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return absl::InvalidArgumentError("--integrations: cannot read " + path);
  absl::StatusOr<tasks::Integrations> integrations = tasks::ParseIntegrations(text.str());
  if (integrations.ok()) return integrations;
  return Named("integrations", absl::InvalidArgumentError(absl::StrCat(
                                   path, ": ", std::string(integrations.status().message()))));
}

}  // namespace orderflow::api
