#include "orchestrator/api/logging_configuration.h"

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/json/value.h"
#include "common/protojson/message_codec.h"
#include "orchestrator/api/request_checks.h"
#include "orchestrator/api/states_error.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::api {
namespace {

using workflow::v1::LoggingConfiguration;

protojson::Options AwsJson() {
  protojson::Options options;
  options.names = protojson::Options::Names::kJson;
  options.strip_enum_prefix = true;
  options.omit_defaults = true;
  return options;
}

void FillDefaults(LoggingConfiguration& configuration) {
  if (configuration.level() == workflow::v1::LOG_LEVEL_UNSPECIFIED) {
    configuration.set_level(workflow::v1::LOG_LEVEL_OFF);
  }
  configuration.set_include_execution_data(configuration.include_execution_data());
}

bool IsDefault(const LoggingConfiguration& configuration) {
  return configuration.level() == workflow::v1::LOG_LEVEL_OFF &&
         !configuration.include_execution_data() && configuration.destinations().empty();
}

engine::LogLevel EngineLevel(workflow::v1::LogLevel level) {
  switch (level) {
    case workflow::v1::LOG_LEVEL_ALL:
      return engine::LogLevel::kAll;
    case workflow::v1::LOG_LEVEL_ERROR:
      return engine::LogLevel::kError;
    case workflow::v1::LOG_LEVEL_FATAL:
      return engine::LogLevel::kFatal;
    default:
      return engine::LogLevel::kOff;
  }
}

}  // namespace

absl::Status CheckLogging(const LoggingConfiguration& given) {
  LoggingConfiguration filled = given;
  FillDefaults(filled);
  const bool logs = filled.level() != workflow::v1::LOG_LEVEL_OFF;
  if (given.destinations_size() > 1 || (logs && given.destinations().empty())) {
    return StatesError("InvalidLoggingConfiguration",
                       "Invalid Logging Configuration: Must specify exactly one Log Destination.");
  }
  if (!workflow::v1::LogLevel_IsValid(given.level())) {
    return ConstraintError("loggingConfiguration.level",
                           absl::StrCat(static_cast<int>(given.level())),
                           "Member must satisfy enum value set: [ALL, ERROR, FATAL, OFF]");
  }
  for (const auto& destination : given.destinations()) {
    ORDERFLOW_RETURN_IF_ERROR(
        CheckLength("loggingConfiguration.destinations.1.member.cloudWatchLogsLogGroup.logGroupArn",
                    destination.cloud_watch_logs_log_group().log_group_arn(), 1, kMaxArnLength));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> EncodeLogging(const LoggingConfiguration& given) {
  LoggingConfiguration configuration = given;
  FillDefaults(configuration);
  if (IsDefault(configuration)) return std::string();
  ORDERFLOW_ASSIGN_OR_RETURN(const json::Value value,
                             protojson::FromMessage(configuration, AwsJson()));
  return json::Serialize(value);
}

void DecodeLogging(std::string_view text, LoggingConfiguration& configuration) {
  configuration.Clear();
  if (!text.empty()) {
    const json::ParseResult parsed = json::Parse(text);
    if (!parsed.value || !protojson::ToMessage(*parsed.value, configuration, AwsJson()).empty()) {
      configuration.Clear();
    }
  }
  FillDefaults(configuration);
}

void ApplyLogging(std::string_view text, engine::Machine& machine) {
  if (text.empty()) return;
  LoggingConfiguration configuration;
  DecodeLogging(text, configuration);
  machine.log_level = EngineLevel(configuration.level());
  machine.log_execution_data = configuration.include_execution_data();
}

}  // namespace orderflow::api
