#include "lambda/function_main.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>

#include "common/base/status.h"
#include "common/database/database_flags.h"
#include "common/logging/logging.h"
#include "common/logging/logging_flags.h"
#include "common/settings/settings.h"
#include "lambda/invocation_loop.h"
#include "lambda/runtime_api.h"

namespace orderflow::lambda {
namespace {

std::optional<std::string> Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

absl::Status ReadSettings(std::string_view service) {
  // One invocation at a time needs one connection.
  database::SetFlagDefaults("", /*connections=*/1);
  ORDERFLOW_RETURN_IF_ERROR(
      settings::Apply({.arguments = {}, .environment = &Environment}).status());
  ORDERFLOW_ASSIGN_OR_RETURN(const logging::Level level, logging::LevelFromFlags());
  // No queue: what is not written when the answer is out may never be.
  logging::Configure({.service = std::string(service), .level = level, .queue_lines = 0});
  if (!database::OptionsFromFlags(service).url.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "ORDERFLOW_DATABASE is not set; expected "
      "postgresql://USER:PASSWORD@HOST/NAME?sslmode=verify-full&...");
}

absl::Status Serve(const std::string& name, std::string_view service, const OpenFunctions& open) {
  ORDERFLOW_ASSIGN_OR_RETURN(
      const auto api, RuntimeApi::Create(Environment("AWS_LAMBDA_RUNTIME_API").value_or("")));
  const absl::Status read = ReadSettings(service);
  return InvocationLoop(*api, name,
                        [&]() -> absl::StatusOr<std::unique_ptr<Functions>> {
                          ORDERFLOW_RETURN_IF_ERROR(read);
                          return open();
                        })
      .Run();
}

}  // namespace

int RunFunction(int argc, char** argv, std::string_view service, const OpenFunctions& open) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::string name = argc > 1 ? argv[1] : Environment("_HANDLER").value_or("");
  const absl::Status status = Serve(name, service, open);
  logging::Shutdown();
  std::cerr << "orderflow-lambda-" << service << ": " << status.message() << std::endl;
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

std::string PackagedCertificates() {
  const std::string path =
      Environment("LAMBDA_TASK_ROOT").value_or("/var/task") + "/certificates.pem";
  return access(path.c_str(), R_OK) == 0 ? path : "";
}

}  // namespace orderflow::lambda
